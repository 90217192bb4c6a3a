import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRegion } from "./actions";
import { expectSound, findUnsharedCorners, square } from "./test_helpers";
import { distance } from "./geometry";
import type { Frame } from "./geometry";
import { EMPTY_LABEL } from "./label";
import type { Label, Point, Ring } from "./label";
import { findRingPositions, snapTo } from "./snap";
import { lengthOf, traceBetween } from "./trace";

const FRAME: Frame = { width: 400, height: 400, masked: [] };
const one = (ring: Ring): Label => addRegion(0, ring, FRAME)(EMPTY_LABEL);

/** A star-shaped region around (200, 200). */
const blob: fc.Arbitrary<Point[]> = fc.noBias(
  fc
    .array(fc.integer({ min: 5_000, max: 15_000 }), { minLength: 5, maxLength: 40 })
    .map((radii) =>
      radii.map((radius, i): Point => {
        const angle = (i / radii.length) * 2 * Math.PI;
        return [200 + (radius / 100) * Math.cos(angle), 200 + (radius / 100) * Math.sin(angle)];
      }),
    ),
);

describe("snapTo", () => {
  const label = one(square(100, 100, 100));

  it("prefers a corner to a closer edge, and returns null out of reach", () => {
    expect(snapTo([104, 98], 8, label, FRAME)).toEqual({ point: [100, 100], on: "corner" });
    expect(snapTo([150, 98], 8, label, FRAME)).toEqual({ point: [150, 100], on: "edge" });
    expect(snapTo([150, 90], 8, label, FRAME)).toBeNull();
  });

  it("snaps to the image's edge from both sides, and to masked areas", () => {
    expect(snapTo([-3, 50], 8, label, FRAME)?.point).toEqual([0, 50]);
    expect(snapTo([395, 396], 8, label, FRAME)?.point).toEqual([400, 400]);
    const masked = [{ rings: [square(300, 300, 50)], why: "rover" as const }];
    expect(snapTo([303, 320], 8, label, { ...FRAME, masked })?.point).toEqual([300, 320]);
  });
});

describe("traceBetween", () => {
  const label = one(square(100, 100, 100));

  it("returns the shorter way and the longer way", () => {
    const trace = traceBetween([120, 100], [200, 150], label, FRAME)!;
    expect(trace.shorter).toEqual([[200, 100]]);
    expect(trace.longer).toEqual([[100, 100], [100, 200], [200, 200]]);
  });

  it("goes from corner to corner, and along one edge", () => {
    expect(traceBetween([100, 100], [200, 200], label, FRAME)!.shorter).toHaveLength(1);
    expect(traceBetween([100, 100], [200, 100], label, FRAME)!.shorter).toEqual([]);
    expect(traceBetween([120, 100], [150, 100], label, FRAME)!.longer).toHaveLength(4);
    expect(traceBetween([150, 100], [120, 100], label, FRAME)!.longer).toHaveLength(4);
  });

  it("returns null between two rings, and from a point to itself", () => {
    const two = addRegion(1, square(250, 100, 50), FRAME)(label);
    expect(traceBetween([120, 100], [270, 100], two, FRAME)).toBeNull();
    expect(traceBetween([120, 100], [120, 100], two, FRAME)).toBeNull();
    expect(traceBetween([120, 100], [150, 50], two, FRAME)).toBeNull();
  });

  it("follows the image's edge round its corner", () => {
    expect(traceBetween([30, 0], [0, 40], EMPTY_LABEL, FRAME)!.shorter).toEqual([[0, 0]]);
  });

  it("gives a new region the same corners as its neighbor, in both directions", () => {
    fc.assert(
      fc.property(blob, fc.nat(), fc.nat(), fc.boolean(), (ring, m, n, turned) => {
        const before = one(ring);
        const border = before.regions[0]!.rings[0]!;
        const [from, to] = [border[m % border.length]!, border[n % border.length]!];
        const trace = traceBetween(from, to, before, FRAME);
        if (!trace) return;
        expect(lengthOf([from, ...trace.shorter, to])).toBeLessThanOrEqual(
          lengthOf([from, ...trace.longer, to]) + 1e-9,
        );
        // Both ways together are the whole border.
        expect(new Set([...trace.shorter, ...trace.longer, from, to])).toEqual(new Set(border));
        const outside = ([x, y]: Point): Point => {
          const far = 190 / distance([x, y], [200, 200]);
          return [200 + far * (x - 200), 200 + far * (y - 200)];
        };
        const way = turned ? trace.longer : trace.shorter;
        const outer = [from, ...way, to].map(outside);
        const label = addRegion(1, [from, ...way, to, ...outer.reverse()], FRAME)(before);
        expect(label.regions[0]!.rings[0]!.map(String).sort()).toEqual(border.map(String).sort());
        const mine = new Set(label.regions.slice(1).flatMap((region) => region.rings.flat().map(String)));
        for (const corner of way) expect(mine.has(String(corner))).toBe(true);
        expect(findUnsharedCorners(label)).toEqual([]);
        expectSound(label, FRAME);
      }),
      { numRuns: 300 },
    );
  });

  it("also starts and ends on edges, and its ends become the neighbor's corners", () => {
    fc.assert(
      fc.property(blob, fc.nat(359), fc.nat(359), (ring, m, n) => {
        const before = one(ring);
        const at = (degrees: number): Point => {
          const angle = (degrees / 180) * Math.PI;
          const probe: Point = [200 + 90 * Math.cos(angle), 200 + 90 * Math.sin(angle)];
          return snapTo(probe, 100, before, FRAME)!.point;
        };
        const [from, to] = [at(m), at(n)];
        expect(findRingPositions(from, before, FRAME)).toHaveLength(1);
        const trace = traceBetween(from, to, before, FRAME);
        if (!trace || trace.shorter.length === 0) return;
        const far: Point[] = [[from[0] < 200 ? 1 : 399, to[1]], [399, from[1] < 200 ? 1 : 399]];
        const label = addRegion(1, [from, ...trace.shorter, to, ...far], FRAME)(before);
        expect(findUnsharedCorners(label)).toEqual([]);
        expectSound(label, FRAME);
      }),
      { numRuns: 300 },
    );
  });
});
