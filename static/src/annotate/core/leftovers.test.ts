import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRegion, cutOut, fillRest } from "./actions";
import type { Action } from "./actions";
import { regionArea } from "./geometry";
import type { Frame } from "./geometry";
import { EMPTY_LABEL } from "./label";
import type { Label, Ring, Rings } from "./label";
import { dropLeftovers, tidied } from "./leftovers";
import { expectSound, scribbles, square } from "./test_helpers";

const FRAME: Frame = { width: 200, height: 160, masked: [] };
const SOIL = 0;
const ROCK = 3;
const isSmall = (rings: Rings): boolean => regionArea(rings) < 100;

const box = (x: number, y: number, width: number, height: number): Ring => [
  [x, y], [x + width, y], [x + width, y + height], [x, y + height],
];

function run(label: Label, ...actions: Action[]): Label {
  return actions.reduce((next, action) => dropLeftovers(tidied(action, isSmall)(next)), label);
}

const told = ({ regions }: Label): [number, number][] =>
  regions.map(({ code, rings }) => [code, Math.round(regionArea(rings))]);

const total = ({ regions }: Label): number => regions.reduce((sum, { rings }) => sum + regionArea(rings), 0);

describe("filling the rest", () => {
  it("makes a cut hole part of the region around it, and not a region of its own", () => {
    const label = run(EMPTY_LABEL, addRegion(SOIL, box(0, 0, 200, 160), FRAME), cutOut(square(50, 50, 20), null));
    expect(told(label)).toEqual([[SOIL, 31_600]]);
    expect(told(run(label, fillRest(SOIL, FRAME)))).toEqual([[SOIL, 32_000]]);
    // Of another class it is a region, if it is large enough.
    expect(told(run(label, fillRest(ROCK, FRAME)))).toEqual([[SOIL, 31_600], [ROCK, 400]]);
  });

  it("joins a sliver to the neighbor of its class, and drops it without one", () => {
    const label = run(
      EMPTY_LABEL, addRegion(SOIL, box(0, 0, 99, 160), FRAME), addRegion(ROCK, box(100, 0, 100, 160), FRAME, true),
      cutOut(box(99, 80, 1, 80), null),
    );
    const filled = tidied(fillRest(SOIL, FRAME), (rings) => regionArea(rings) < 200)(label);
    expect(told(filled)).toEqual([[SOIL, 16_000], [ROCK, 16_000]]);
    const other = tidied(fillRest(2, FRAME), (rings) => regionArea(rings) < 200)(label);
    expect([told(other).length, other.leftovers!.length]).toEqual([3, 1]);
    expect(told(dropLeftovers(other))).toEqual(told(label));
  });

  it("keeps a large rest apart from the regions of its class", () => {
    const label = run(EMPTY_LABEL, addRegion(SOIL, square(20, 20, 50), FRAME), fillRest(SOIL, FRAME));
    expect(told(label)).toEqual([[SOIL, 2500], [SOIL, 29_500]]);
  });
});

describe("painting over", () => {
  it("does not split a region in two by one of its class", () => {
    const rock = run(EMPTY_LABEL, addRegion(ROCK, box(20, 20, 90, 40), FRAME));
    const over = run(rock, addRegion(ROCK, box(50, 10, 20, 60), FRAME, true));
    expect(told(over)).toEqual([[ROCK, 90 * 40 + 20 * 20]]);
    // Beside each other they stay two.
    expect(run(rock, addRegion(ROCK, box(90, 10, 60, 60), FRAME, true)).regions).toHaveLength(2);
  });

  it("drops the slivers of other regions, but no region that was small before", () => {
    const label = run(EMPTY_LABEL, addRegion(ROCK, box(20, 20, 40, 40), FRAME), addRegion(1, square(80, 20, 8), FRAME));
    const over = tidied(addRegion(SOIL, box(21, 10, 60, 60), FRAME, true), isSmall)(label);
    expect(told(over)).toEqual([[ROCK, 40], [1, 56], [SOIL, 3600]]);
    expect(told(dropLeftovers(over))).toEqual([[1, 56], [SOIL, 3600]]);
    // A second action does not drop what was kept.
    expect(told(run(over, addRegion(2, square(120, 120, 20), FRAME)))).toHaveLength(4);
  });

  it("splits a region in two by another class where both parts are large", () => {
    const label = run(
      EMPTY_LABEL, addRegion(ROCK, box(20, 20, 90, 40), FRAME), addRegion(SOIL, box(50, 10, 20, 60), FRAME, true),
    );
    expect(told(label)).toEqual([[ROCK, 1200], [ROCK, 1600], [SOIL, 1200]]);
  });
});

describe("drawing and cutting", () => {
  it("keeps the largest piece of a shape, however small it is", () => {
    const wall = run(EMPTY_LABEL, addRegion(SOIL, box(0, 40, 200, 20), FRAME));
    expect(told(run(wall, addRegion(ROCK, box(50, 30, 6, 33), FRAME)))).toEqual([[SOIL, 4000], [ROCK, 60]]);
    expect(told(run(wall, cutOut(box(-1, 30, 197, 60), null)))).toEqual([[SOIL, 80]]);
  });

  it("keeps labels sound, and drops at most what is small", () => {
    const drawn = fc.record({
      does: fc.constantFrom("free", "over", "cut", "fill"), code: fc.integer({ min: 0, max: 3 }), ring: scribbles(FRAME),
    });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 8 }), (all) => {
        let label = EMPTY_LABEL;
        for (const { does, code, ring } of all) {
          const action = does === "cut" ? cutOut(ring, null)
            : does === "fill" ? fillRest(code, FRAME) : addRegion(code, ring, FRAME, does === "over");
          const plain = action(label);
          const tidy = tidied(action, isSmall)(label);
          expect(Math.abs(total(tidy) - total(plain))).toBeLessThan(1);
          label = dropLeftovers(tidy);
          const dropped = tidy.leftovers?.length ?? 0;
          expect(label.regions).toHaveLength(tidy.regions.length - (tidy === plain ? 0 : dropped));
          expect(total(tidy) - total(label)).toBeLessThanOrEqual(100 * dropped);
          expectSound(label, FRAME);
        }
      }),
      { numRuns: 150 },
    );
  });
});
