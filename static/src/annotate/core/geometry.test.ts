import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipToFreeArea } from "./clip";
import { contains, distance, regionArea, ringArea, simplify } from "./geometry";
import type { Frame } from "./geometry";
import type { Point, Ring } from "./label";
import { resolveSelfIntersections } from "./self_intersections";

const FRAME: Frame = { width: 1024, height: 1024, masked: [] };

/** A hand-drawn blob: a wobbly circle with as many points as a slow stroke. */
const blob: fc.Arbitrary<Point[]> = fc
  .tuple(
    fc.integer({ min: 30, max: 300 }),
    fc.array(fc.double({ min: 60, max: 200, noNaN: true }), { minLength: 8, maxLength: 8 }),
  )
  .map(([count, radii]) =>
    Array.from({ length: count }, (_, i): Point => {
      const turn = (i / count) * 8;
      const [low, high] = [radii[Math.floor(turn) % 8]!, radii[(Math.floor(turn) + 1) % 8]!];
      const radius = low + (high - low) * (turn % 1);
      const angle = (i / count) * 2 * Math.PI;
      return [512 + radius * Math.cos(angle), 512 + radius * Math.sin(angle)];
    }),
  );

describe("simplify", () => {
  it("drops points on a line and keeps corners and ends", () => {
    const path: Point[] = [[0, 0], [5, 0.1], [10, 0], [10, 10]];
    expect(simplify(path, 0.5)).toEqual([[0, 0], [10, 0], [10, 10]]);
    expect(simplify([[0, 0], [1, 1]], 5)).toEqual([[0, 0], [1, 1]]);
    expect(simplify([], 5)).toEqual([]);
  });

  it("keeps a drawn blob a valid region of nearly the same area", () => {
    fc.assert(
      fc.property(blob, fc.double({ min: 0.2, max: 3, noNaN: true }), (drawn, tolerance) => {
        const simple = simplify(drawn, tolerance);
        expect(simple.every((point) => drawn.includes(point))).toBe(true);
        const parts = clipToFreeArea([simple], [], FRAME);
        expect(parts).toHaveLength(1);
        expect(parts[0]!.every((ring) => ring.length >= 3)).toBe(true);
        const length = drawn.reduce((sum, p, i) => sum + distance(p, drawn.at(i - 1)!), 0);
        expect(Math.abs(regionArea(parts[0]!) - ringArea(drawn))).toBeLessThan(tolerance * length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("resolveSelfIntersections", () => {
  it("leaves a simple ring alone", () => {
    const square: Ring = [[0, 0], [10, 0], [10, 10], [0, 10]];
    expect(resolveSelfIntersections(square)).toEqual([square]);
  });

  it("makes two loops of a bow tie", () => {
    const bowTie: Ring = [[0, 0], [10, 10], [10, 0], [0, 10]];
    expect(resolveSelfIntersections(bowTie).map(ringArea)).toEqual([25, 25]);
    expect(clipToFreeArea([bowTie], [], FRAME).reduce((sum, part) => sum + regionArea(part), 0)).toBe(50);
  });

  it("fills the small loop of a stroke that overshot its start", () => {
    const round = Array.from({ length: 44 }, (_, i): Point => {
      const angle = (i / 40) * 2 * Math.PI;
      const radius = 100 - i / 4;
      return [512 + radius * Math.cos(angle), 512 + radius * Math.sin(angle)];
    });
    const parts = clipToFreeArea([round], [], FRAME);
    expect(parts).toHaveLength(1);
    expect(parts[0]).toHaveLength(1);
    expect(contains(parts[0]!, [512, 512])).toBe(true);
  });

  it("always returns loops that do not cross themselves", () => {
    const corner = fc.tuple(fc.integer({ max: 90, min: 0 }), fc.integer({ max: 90, min: 0 }));
    const scribble = fc.array(corner, { minLength: 3, maxLength: 25 });
    fc.assert(
      fc.property(scribble, (ring) => {
        for (const loop of resolveSelfIntersections(ring)) expect(resolveSelfIntersections(loop)).toEqual([loop]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("contains", () => {
  it("counts a hole as outside", () => {
    const ring: Ring = [[0, 0], [10, 0], [10, 10], [0, 10]];
    const hole: Ring = [[4, 4], [6, 4], [6, 6], [4, 6]];
    expect(contains([ring, hole], [2, 2])).toBe(true);
    expect(contains([ring, hole], [5, 5])).toBe(false);
    expect(contains([ring], [11, 5])).toBe(false);
    expect(contains([], [5, 5])).toBe(false);
  });
});
