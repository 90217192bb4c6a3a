/**
 * Plane geometry of regions: area, containment, bounding boxes, simplification. It uses the
 * even-odd rule everywhere, like the masks on the server.
 */
import type { Point, Ring, Rings } from "./label";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Why an area is masked: it shows the rover itself, or it lies beyond the range limit. */
export type MaskKind = "rover" | "beyond";

/** A part of the image that must not be labeled. */
export interface Masked {
  readonly rings: Rings;
  readonly why: MaskKind;
}

/** The area where regions are allowed: inside the image and outside masked areas. */
export interface Frame extends Size {
  readonly masked: readonly Masked[];
}

export const NO_FRAME: Frame = { width: 0, height: 0, masked: [] };

/** Square pixels. A smaller piece is an accidental mark or left over from a cut. */
export const MIN_AREA = 4;

/**
 * Coordinates are rounded to 1 / DECIMALS pixel, so that rounding a corner never makes neighbors
 * overlap by half a pixel.
 */
const DECIMALS = 1e4;

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Return the signed area of a ring in square pixels; 0 for fewer than three points. */
export function signedArea(ring: Ring): number {
  let doubled = 0;
  let previous = ring[ring.length - 1];
  for (const point of ring) {
    if (previous) doubled += previous[0] * point[1] - point[0] * previous[1];
    previous = point;
  }
  return doubled / 2;
}

export function ringArea(ring: Ring): number {
  return Math.abs(signedArea(ring));
}

/** Return the area of the outline minus the area of its holes. */
export function regionArea(rings: Rings): number {
  return rings.reduce((sum, ring, index) => sum + (index ? -ringArea(ring) : ringArea(ring)), 0);
}

export function contains(rings: Rings, [x, y]: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    let a = ring[ring.length - 1];
    for (const b of ring) {
      if (a && a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) {
        inside = !inside;
      }
      a = b;
    }
  }
  return inside;
}

/**
 * Simplify a path so that no dropped point is farther than `tolerance` from the result (Douglas and
 * Peucker 1973). Both ends are kept.
 */
export function simplify(path: readonly Point[], tolerance: number): Point[] {
  if (path.length < 3) return [...path];
  const kept = new Set([0, path.length - 1]);
  const spans: [number, number][] = [[0, path.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [start, end] = span;
    let farthest = start;
    let most = tolerance;
    for (let i = start + 1; i < end; i++) {
      const off = distanceToSegment(path[i]!, path[start]!, path[end]!);
      if (off > most) [farthest, most] = [i, off];
    }
    if (farthest !== start) {
      kept.add(farthest);
      spans.push([start, farthest], [farthest, end]);
    }
  }
  return path.filter((_, index) => kept.has(index));
}

function distanceToSegment(p: Point, a: Point, b: Point): number {
  return distance(p, interpolate(a, b, fractionAlong(p, a, b)));
}

/** Return the position, from 0 at a to 1 at b, of the point of segment ab closest to p. */
export function fractionAlong(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy;
  const share = squared ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared : 0;
  return Math.min(1, Math.max(0, share));
}

export function interpolate(a: Point, b: Point, share: number): Point {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

export function isSamePoint(a: Point, b: Point): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export function roundPoint([x, y]: Point): Point {
  return [Math.round(x * DECIMALS) / DECIMALS, Math.round(y * DECIMALS) / DECIMALS];
}

export function clamp([x, y]: Point, { width, height }: Size): Point {
  return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
}

/** Return the outline of the image. */
export function imageRing({ width, height }: Size): Ring {
  return [[0, 0], [width, 0], [width, height], [0, height]];
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const boxes = new WeakMap<readonly Point[], Box>();

/** Return the bounding box of the points. It is cached per array, so the array must not change. */
export function boxOf(points: readonly Point[]): Box {
  const known = boxes.get(points);
  if (known) return known;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  const box = { left, top, right, bottom };
  boxes.set(points, box);
  return box;
}

export function boxesOverlap(a: Box, b: Box, slack = 0): boolean {
  return (
    a.left <= b.right + slack && b.left <= a.right + slack &&
    a.top <= b.bottom + slack && b.top <= a.bottom + slack
  );
}

export function isInBox([x, y]: Point, { left, top, right, bottom }: Box, slack = 0): boolean {
  return x >= left - slack && x <= right + slack && y >= top - slack && y <= bottom + slack;
}
