import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRegion, cutOut, fillRest, connectedRegions, merge, removeRegion, setClass, split } from "./actions";
import type { Action } from "./actions";
import { expectSound, findUnsharedCorners, overlap, scribbles, square } from "./test_helpers";
import { regionArea } from "./geometry";
import type { Frame } from "./geometry";
import { startHistory, push, redo, undo } from "./history";
import { EMPTY_LABEL, fromPolygons, toPolygons } from "./label";
import type { Label, Point, Ring } from "./label";
import { moveCorner, removeCorner } from "./corners";

const FRAME: Frame = { width: 200, height: 160, masked: [] };
const MASKED: Frame = {
  ...FRAME,
  masked: [
    { rings: [[[0, 0], [200, 0], [200, 40.5], [90, 30], [0, 45]]], why: "beyond" },
    { rings: [square(120, 90, 60), square(140, 100, 10)], why: "rover" },
  ],
};

const code = fc.integer({ min: 0, max: 3 });
const stroke = scribbles(FRAME);
const strokes = fc.array(fc.tuple(code, stroke), { maxLength: 5 });

/** One random edit, with numbers instead of the regions and corners that it affects. */
const deed = fc.oneof(
  fc.record({ does: fc.constantFrom("free", "over", "cut", "cut one", "split", "split one" ), code, ring: stroke, pick: fc.nat() }),
  fc.record({ does: fc.constantFrom("merge", "fill", "remove", "class", "remove point"), code, ring: fc.constant<Point[]>([]), pick: fc.nat() }),
  fc.record({ does: fc.constant("move"), code, ring: scribbles(FRAME, 3), pick: fc.nat() }),
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

function actionOf({ does, code, ring, pick }: Deed, { regions }: Label, frame: Frame): Action {
  const region = regions.length ? regions[pick % regions.length]! : null;
  const corners = region?.rings.flat() ?? [];
  const corner = corners[pick % corners.length] ?? ([0, 0] as const);
  switch (does) {
    case "free": return addRegion(code, ring, frame);
    case "over": return addRegion(code, ring, frame, true);
    case "cut": return cutOut(ring, null);
    case "cut one": return cutOut(ring, region);
    case "split": return split(ring, null);
    case "split one": return split(ring, region);
    case "fill": return fillRest(code, frame);
    case "move": return moveCorner(corner, ring[0]!, frame, pick % 2 === 0);
    case "remove point": return removeCorner(corner, frame);
  }
  if (!region) return (label) => label;
  if (does === "merge") return merge(region);
  return does === "class" ? setClass(region, code) : removeRegion(region);
}

function draw(drawn: readonly (readonly [number, Ring])[]): Label {
  return drawn.reduce((label, [code, ring]) => addRegion(code, ring, FRAME)(label), EMPTY_LABEL);
}

const areas = (label: Label): number[] => label.regions.map(({ rings }) => regionArea(rings));

describe("addRegion", () => {
  it("keeps a region that is alone as it was drawn", () => {
    const label = addRegion(2, square(10, 10, 20), FRAME)(EMPTY_LABEL);
    expect(label.regions).toHaveLength(1);
    expect(label.regions[0]!.code).toBe(2);
    expect(regionArea(label.regions[0]!.rings)).toBe(400);
  });

  it("takes only the area without other regions", () => {
    const label = draw([[0, square(10, 10, 20)], [1, square(20, 10, 20)]]);
    expect(label.regions.map((region) => regionArea(region.rings))).toEqual([400, 200]);
  });

  it("leaves a hole for a region that lies inside", () => {
    const label = draw([[3, square(20, 20, 10)], [0, square(10, 10, 40)]]);
    expect(label.regions[1]!.rings).toHaveLength(2);
    expect(regionArea(label.regions[1]!.rings)).toBe(1500);
  });

  it("splits into pieces around a region that cuts it through", () => {
    const wall: Ring = [[40, 0], [50, 0], [50, 160], [40, 160]];
    const label = draw([[0, wall], [1, square(30, 50, 30)]]);
    expect(label.regions.map((region) => region.code)).toEqual([0, 1, 1]);
  });

  it("stays on the image", () => {
    const label = addRegion(0, square(-10, -10, 30), FRAME)(EMPTY_LABEL);
    expect(regionArea(label.regions[0]!.rings)).toBe(400);
  });

  it("never covers masked areas", () => {
    const masked = [{ rings: [square(20, 10, 20)], why: "rover" as const }];
    const label = addRegion(0, square(10, 10, 20), { ...FRAME, masked })(EMPTY_LABEL);
    expect(label.regions.map((region) => regionArea(region.rings))).toEqual([200]);
  });

  it.each([
    ["under four square pixels", square(10, 10, 1.9)],
    ["outside the image", square(300, 300, 20)],
    ["a line", [[1, 1], [9, 9]] as Ring],
  ])("changes nothing for a shape that is %s", (_, ring) => {
    expect(addRegion(0, ring, FRAME)(EMPTY_LABEL)).toBe(EMPTY_LABEL);
  });

  it("also inserts its corner into the neighbor whose edge it touches", () => {
    const label = draw([[0, square(10, 10, 20)], [1, square(20, 20, 20)]]);
    expect(findUnsharedCorners(label)).toEqual([]);
    expect(label.regions[0]!.rings[0]).toContainEqual([30, 20]);
  });

  it("paints over other regions, and drops their remains below four square pixels", () => {
    const label = draw([[0, square(10, 10, 20)], [1, square(40, 10, 20)], [2, square(70, 10, 20)]]);
    const ring: Ring = [[20, 0], [89.9, 0], [89.9, 40], [20, 40]];
    const painted = addRegion(3, ring, FRAME, true)(label);
    expect(painted.regions.map((region) => region.code)).toEqual([0, 3]);
    expect(areas(painted)[0]).toBeCloseTo(200, 6);
    expect(findUnsharedCorners(painted)).toEqual([]);
  });

  it("does not paint over a mask", () => {
    const painted = addRegion(1, square(100, 100, 60), MASKED, true)(EMPTY_LABEL);
    for (const { rings } of MASKED.masked) expect(overlap(painted.regions[0]!.rings, rings)).toBe(0);
  });
});

describe("cutOut", () => {
  const label = draw([[0, square(10, 10, 40)], [1, square(50, 10, 40)]]);

  it("makes a hole, or trims all regions that it overlaps", () => {
    expect(cutOut(square(20, 20, 10), null)(label).regions[0]!.rings).toHaveLength(2);
    expect(areas(cutOut(square(40, 20, 20), null)(label))).toEqual([1400, 1400]);
  });

  it("changes only the selected region", () => {
    expect(areas(cutOut(square(40, 20, 20), label.regions[1]!)(label))).toEqual([1600, 1400]);
  });

  it("splits regions it crosses, removes regions it covers, changes no others", () => {
    const through: Ring = [[25, 0], [35, 0], [35, 60], [25, 60]];
    expect(areas(cutOut(through, null)(label))).toEqual([600, 600, 1600]);
    expect(areas(cutOut(square(0, 0, 55), null)(label))).toEqual([1400]);
    expect(cutOut(square(100, 100, 20), null)(label)).toBe(label);
  });
});

describe("split", () => {
  const label = draw([[0, square(10, 10, 40)], [1, square(50, 10, 40)]]);

  it("makes two regions of one, with the same corners along the line", () => {
    const { regions } = split([[0, 20], [30, 35], [60, 20]], label.regions[0]!)(label);
    expect(regions.map((region) => region.code)).toEqual([0, 0, 1]);
    const [first, second] = regions.map((region) => new Set(region.rings[0]!.map(String)));
    const shared = [...first!].filter((each) => second!.has(each));
    expect(shared.sort()).toEqual(["10,25", "30,35", "50,25"]);
    // The neighbor on whose border the line ends has that corner as well.
    expect(regions[2]!.rings[0]).toContainEqual([50, 25]);
    expect(areas({ regions }).reduce((sum, area) => sum + area)).toBeCloseTo(3200, 2);
  });

  it("splits all regions that the line crosses, also from corner to corner", () => {
    expect(split([[0, 30], [100, 30]], null)(label).regions).toHaveLength(4);
    expect(areas(split([[10, 10], [50, 50]], null)(label))).toEqual([800, 800, 1600]);
  });

  it("needs a line that crosses the whole region", () => {
    expect(split([[0, 30], [30, 30]], null)(label)).toBe(label);
    expect(split([[20, 30], [30, 30]], null)(label)).toBe(label);
    expect(split([[10, 0], [10, 60]], label.regions[0]!)(label)).toBe(label);
    expect(split([[0, 11], [11, 0]], null)(label)).toBe(label);
  });

  it("splits off only one arm when the line crosses only one", () => {
    const horseshoe: Ring = [[0, 0], [60, 0], [60, 60], [40, 60], [40, 20], [20, 20], [20, 60], [0, 60]];
    const parts = split([[-5, 40], [30, 40]], null)(draw([[2, horseshoe]]));
    expect(areas(parts).sort((a, b) => a - b)).toEqual([400, 2400]);
    expect(split([[-5, 40], [70, 40]], null)(draw([[2, horseshoe]])).regions).toHaveLength(3);
  });

  it("goes through holes", () => {
    const ring = cutOut(square(30, 30, 20), null)(draw([[2, square(10, 10, 60)]]));
    const halves = split([[0, 40], [90, 40]], null)(ring);
    expect(areas(halves)).toEqual([1600, 1600]);
    expect(halves.regions.every((region) => region.rings.length === 1)).toBe(true);
    // A line that ends in the hole splits nothing; a line that crosses the region twice does.
    expect(split([[0, 40], [40, 40]], null)(ring)).toBe(ring);
    const bite = split([[40, 35], [60, 35], [60, 45], [40, 45]], null)(ring);
    expect(areas(bite).sort((a, b) => a - b)).toEqual([100, 3100]);
    expect(bite.regions.map((region) => region.rings.length).sort()).toEqual([1, 2]);
  });
});

describe("merge", () => {
  it("merges all connected regions of the same class", () => {
    const label = draw([
      [0, square(10, 10, 20)], [0, square(30, 10, 20)], [0, square(50, 20, 20)],
      [1, square(70, 10, 20)], [0, square(120, 10, 20)], [0, square(10, 30, 5)],
    ]);
    expect(connectedRegions(label.regions[0]!, label)).toHaveLength(4);
    const merged = merge(label.regions[1]!)(label);
    expect(merged.regions.map((region) => region.code)).toEqual([0, 1, 0]);
    expect(areas(merged)).toEqual([1225, 400, 400]);
  });

  it("does not merge regions that touch only in a point, or a single region", () => {
    const label = draw([[0, square(10, 10, 20)], [0, square(30, 30, 20)]]);
    expect(merge(label.regions[0]!)(label)).toBe(label);
  });

  it("undoes a split", () => {
    const whole = draw([[0, square(10, 10, 40)]]);
    const halves = split([[0, 20], [30, 35], [60, 20]], null)(whole);
    expect(areas(merge(halves.regions[0]!)(halves))[0]).toBeCloseTo(1600, 2);
  });
});

describe("fillRest", () => {
  it("fills all unlabeled unmasked pixels, and changes nothing when there are none", () => {
    expect(areas(fillRest(2, FRAME)(EMPTY_LABEL))).toEqual([32_000]);
    const masked = MASKED.masked.reduce((sum, { rings }) => sum + regionArea(rings), 0);
    const label = fillRest(2, MASKED)(addRegion(0, square(20, 60, 40), MASKED)(EMPTY_LABEL));
    expect(areas(label).reduce((sum, area) => sum + area)).toBeCloseTo(32_000 - masked, 1);
    expect(fillRest(1, MASKED)(label)).toBe(label);
  });
});

describe("the other actions", () => {
  const label = draw([[0, square(10, 10, 20)], [1, square(40, 10, 20)]]);
  const [first, second] = [label.regions[0]!, label.regions[1]!];

  it("removes regions, and changes the class in place", () => {
    expect(removeRegion(first)(label).regions).toEqual([second]);
    expect(removeRegion({ ...first })(label)).toBe(label);
    expect(setClass(first, 3)(label).regions.map((r) => r.code)).toEqual([3, 1]);
    expect(setClass(first, 0)(label)).toBe(label);
  });

  it("converts labels to the server's format and back without change", () => {
    expect(fromPolygons(JSON.parse(JSON.stringify(toPolygons(label))))).toEqual(label);
  });
});

describe("any sequence of actions", () => {
  it.each([["without masks", FRAME], ["with masks", MASKED]])(
    "%s, regions never overlap, leave the image or cover masks, and undo restores all",
    (_, frame) => {
      fc.assert(
        fc.property(fc.array(deed, { maxLength: 12 }), (deeds) => {
          let history = startHistory(EMPTY_LABEL);
          for (const each of deeds) {
            const before = history.present;
            history = push(history, actionOf(each, before, frame)(before));
            expectSound(history.present, frame);
          }
          const end = history;
          while (history.past.length) history = undo(history);
          expect(history.present).toBe(EMPTY_LABEL);
          while (history.future.length) history = redo(history);
          expect(history).toEqual(end);
          expect(history.present).toBe(end.present);
        }),
        { numRuns: 250 },
      );
    },
  );
});

describe("history", () => {
  it("redoes exactly what it undid", () => {
    fc.assert(
      fc.property(strokes, fc.nat(6), (drawn, back) => {
        let history = startHistory(EMPTY_LABEL);
        for (const [code, ring] of drawn) {
          history = push(history, addRegion(code, ring, FRAME)(history.present));
        }
        const steps = Math.min(back, history.past.length);
        let undone = history;
        for (let i = 0; i < steps; i++) undone = undo(undone);
        let redone = undone;
        for (let i = 0; i < steps; i++) redone = redo(redone);
        expect(redone).toEqual(history);
        expect(redone.present).toBe(history.present);
      }),
      { numRuns: 100 },
    );
  });

  it("drops undone steps after a new step, and stops at both ends", () => {
    const history = push(undo(push(startHistory("a"), "b")), "c");
    expect(history).toEqual({ past: ["a"], present: "c", future: [] });
    expect(redo(history)).toBe(history);
    expect(undo(startHistory("a"))).toEqual(startHistory("a"));
    expect(push(history, "c")).toBe(history);
  });
});
