/** Shared shapes and invariants for the tests of the drawing. */
import fc from "fast-check";
import polygonClipping from "polygon-clipping";
import type { Polygon } from "polygon-clipping";
import { expect } from "vitest";
import { regionArea } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Ring, Rings } from "./label";

export const TOLERATED_OVERLAP = 0.5;

export const square = (x: number, y: number, side: number): Ring => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
];

/** Generate points on the image and around it, evenly spread instead of clustered near 0. */
export function scribbles({ width, height }: Frame, most = 14): fc.Arbitrary<Point[]> {
  const place = (size: number): fc.Arbitrary<number> =>
    fc.integer({ min: -300 * size, max: 1300 * size }).map((value) => value / 1000);
  const point = fc.tuple(place(width), place(height));
  return fc.noBias(fc.array(point, { minLength: 3, maxLength: most, size: "max" }));
}

/**
 * Return the overlap of two shapes in square pixels. If clipping fails, measure again with a tiny
 * offset.
 */
export function overlap(a: Rings, b: Rings, aside = 0): number {
  try {
    return polygonClipping
      .intersection(polygon(a, aside), polygon(b, 0))
      .reduce((sum, rings) => sum + regionArea(rings), 0);
  } catch (error) {
    if (aside > 1e-3) throw error;
    return overlap(a, b, aside + 2.3e-4);
  }
}

function polygon(rings: Rings, aside: number): Polygon {
  return rings.map((ring) => ring.map(([x, y]): [number, number] => [x + aside, y - aside]));
}

export function expectSound({ regions }: Label, { width, height, masked }: Frame): void {
  regions.forEach((region, i) => {
    for (const [x, y] of region.rings.flat()) {
      expect(x >= 0 && x <= width && y >= 0 && y <= height).toBe(true);
    }
    for (const other of [...regions.slice(i + 1), ...masked]) {
      expect(overlap(region.rings, other.rings)).toBeLessThan(TOLERATED_OVERLAP);
    }
  });
}

/**
 * Return corners of one region that lie on an edge of another region without being a corner of it.
 */
export function findUnsharedCorners({ regions }: Label): Point[] {
  return regions.flatMap((region) =>
    regions.flatMap((other) => {
      if (other === region) return [];
      const corners = new Set(other.rings.flat().map(String));
      return region.rings.flat().filter((p) => !corners.has(String(p)) && isOnEdge(p, other.rings));
    }),
  );
}

function isOnEdge([x, y]: Point, rings: Rings): boolean {
  return rings.some((ring) =>
    ring.some(([ax, ay], i) => {
      const [bx, by] = ring[(i + 1) % ring.length]!;
      const length = Math.hypot(bx - ax, by - ay);
      const across = Math.abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length;
      const along = ((bx - ax) * (x - ax) + (by - ay) * (y - ay)) / length;
      return across < 2e-4 && along > 1e-3 && along < length - 1e-3;
    }),
  );
}
