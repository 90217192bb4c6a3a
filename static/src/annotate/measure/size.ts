/** Length, width and height of objects in the scene, in meters. */
import { boxOf, contains } from "../core/geometry";
import type { Point, Ring, Rings } from "../core/label";
import { focalLength, placeAt, rayOf } from "./camera";
import type { CameraModel } from "./camera";
import { REDUCTION, cellRange, rangeAt } from "./range_map";
import type { RangeMap } from "./range_map";
import { cross, dot, length, minus, times, unit } from "./vectors";
import type { Vector } from "./vectors";

/** Range and camera data of a picture. */
export interface Space {
  readonly range: RangeMap;
  readonly camera: CameraModel;
  /** Unit vector pointing up, in the camera's frame. */
  readonly up: Vector;
  /** The range is estimated for flat ground, without the objects on it. */
  readonly estimated: boolean;
}

export interface Size3 {
  readonly width: number;
  readonly height: number;
}

/** The approximate number of samples along an outline, and of range samples across a region. */
const OUTLINE_STEPS = 160;
const MOST_CELLS = 3000;
/** A region with fewer range cells than this is measured from its lowest point only. */
const FEWEST_CELLS = 6;
/** The assumed maximum depth of an object, relative to its extent in the picture. */
const DEEPEST = 0.75;
/** The depth of an outline point is the median of this many nearest cells. */
const NEAREST_CELLS = 3;

/**
 * Return the scene point of a pixel in meters in the camera's frame; null without a finite range.
 */
export function scenePointOf({ range, camera }: Space, pixel: Point): Vector | null {
  const found = rangeAt(range, pixel);
  return found !== null && found < Infinity ? placeAt(camera, pixel, found) : null;
}

/** Return the straight distance in meters between the scene points of two pixels. */
export function distanceBetween(space: Space, a: Point, b: Point): number | null {
  const [from, to] = [scenePointOf(space, a), scenePointOf(space, b)];
  return from && to && length(minus(to, from));
}

/**
 * Return the longest distance in meters between two points of the outline; null without any range.
 */
export function longestExtent(space: Space, rings: Rings): number | null {
  const places = walk(rings[0] ?? [], OUTLINE_STEPS / 4).map((point) => scenePointOf(space, point));
  const known = places.filter((place) => place !== null);
  if (known.length < 2) return null;
  let longest = 0;
  known.forEach((a, i) => {
    for (const b of known.slice(i + 1)) longest = Math.max(longest, length(minus(b, a)));
  });
  return longest;
}

/**
 * Return width and height of an object standing on the ground, such as a rock, from its outline.
 *
 * Width is horizontal and perpendicular to the line of sight; height is along up. Each outline
 * point gets the depth measured on the region next to it, not that of the background. The top is
 * limited to the height measured there. If the range is estimated for flat ground, or too sparse,
 * all points get the depth of the lowest outline point; then depth away from the camera counts as
 * height. Return null if the lowest point has no range either.
 */
export function sizeOf(space: Space, rings: Rings): Size3 | null {
  const outline = walk(rings[0] ?? [], OUTLINE_STEPS);
  if (outline.length < 3) return null;
  const { camera, up } = space;
  const level = unit(up);
  const rays = outline.map((point) => rayOf(camera, point).direction);
  const middle = rays.reduce<Vector>((sum, ray) => minus(sum, times(-1, ray)), [0, 0, 0]);
  const forward = minus(middle, times(dot(middle, level), level));
  if (length(forward) < 1e-6 * length(middle)) return null;
  const ahead = unit(forward);
  const across = cross(ahead, level);
  const cells = space.estimated ? [] : cellsOf(space, rings, ahead);
  const foot = cells.length ? null : depthAtFoot(space, outline, rays, level, ahead);
  if (!cells.length && foot === null) return null;
  const width = new Extent();
  const height = new Extent();
  rays.forEach((ray, i) => {
    // The ray's crossing with the upright plane so far ahead of the camera.
    const along = (foot ?? depthBeside(outline[i]!, cells)) / dot(ray, ahead);
    width.take(along * dot(ray, across));
    height.take(along * dot(ray, level));
  });
  const top = cells.length ? Math.min(height.most, topOf(cells, level)) : height.most;
  return { width: width.span, height: top - height.least };
}

/** A cell of the range map inside a region. */
interface Cell {
  readonly pixel: Point;
  /** Position relative to the camera's center, in meters. */
  readonly place: Vector;
  /** Depth in meters. */
  readonly depth: number;
  /** Half the width of the cell at this depth, in meters. */
  readonly half: number;
}

/** Return the cells inside a region that belong to the object; none if there are too few. */
function cellsOf({ range, camera }: Space, rings: Rings, ahead: Vector): readonly Cell[] {
  const { left, top, right, bottom } = boxOf(rings[0]!);
  const count = ((right - left) * (bottom - top)) / REDUCTION ** 2;
  const stride = Math.max(1, Math.ceil(Math.sqrt(count / MOST_CELLS)));
  const cells: Cell[] = [];
  for (let i = Math.floor(top / REDUCTION); i * REDUCTION < bottom; i += stride) {
    for (let j = Math.floor(left / REDUCTION); j * REDUCTION < right; j += stride) {
      const pixel: Point = [(j + 0.5) * REDUCTION, (i + 0.5) * REDUCTION];
      const found = cellRange(range, i, j);
      if (!(found > 0 && found < Infinity) || !contains(rings, pixel)) continue;
      const place = minus(placeAt(camera, pixel, found), camera.c);
      const half = (found * REDUCTION) / 2 / focalLength(camera);
      cells.push({ pixel, place, depth: dot(place, ahead), half });
    }
  }
  if (cells.length < FEWEST_CELLS) return [];
  // What is much farther off than the thing is large is the ground behind a generous outline.
  const middle = medianOf(cells.map(({ depth }) => depth));
  const spread = (Math.hypot(right - left, bottom - top) * middle) / focalLength(camera);
  const own = cells.filter(({ depth }) => Math.abs(depth - middle) <= DEEPEST * spread);
  return own.length < FEWEST_CELLS ? [] : own;
}

/** Return the height of the highest cells including their upper edge, ignoring outliers. */
function topOf(cells: readonly Cell[], level: Vector): number {
  const tops = cells.map(({ place, half }) => dot(place, level) + half).sort((a, b) => b - a);
  return tops[Math.min(2, Math.floor(tops.length / 50))]!;
}

/** Return the depth of an outline point: the median of the nearest cells. */
function depthBeside([x, y]: Point, cells: readonly Cell[]): number {
  const nearest: { depth: number; off: number }[] = [];
  for (const { pixel, depth } of cells) {
    const off = (pixel[0] - x) ** 2 + (pixel[1] - y) ** 2;
    if (nearest.length === NEAREST_CELLS && off >= nearest[NEAREST_CELLS - 1]!.off) continue;
    nearest.push({ depth, off });
    nearest.sort((a, b) => a.off - b.off);
    nearest.length = Math.min(nearest.length, NEAREST_CELLS);
  }
  return medianOf(nearest.map(({ depth }) => depth));
}

/** Return the depth in meters of the lowest outline point that has a range. */
function depthAtFoot(
  space: Space,
  outline: readonly Point[],
  rays: readonly Vector[],
  level: Vector,
  ahead: Vector,
): number | null {
  const order = rays.map((ray, i) => ({ fall: dot(ray, level), i })).sort((a, b) => a.fall - b.fall);
  for (const { i } of order) {
    const place = scenePointOf(space, outline[i]!);
    if (place) return dot(minus(place, space.camera.c), ahead);
  }
  return null;
}

/** Sample a ring in about this many steps, including its corners. */
function walk(ring: Ring, steps: number): Point[] {
  const lengths = ring.map((a, i) => {
    const b = ring[(i + 1) % ring.length]!;
    return Math.hypot(b[0] - a[0], b[1] - a[1]);
  });
  const spacing = Math.max(1, lengths.reduce((sum, each) => sum + each, 0) / steps);
  return ring.flatMap((a, i) => {
    const b = ring[(i + 1) % ring.length]!;
    const parts = Math.max(1, Math.round(lengths[i]! / spacing));
    return Array.from({ length: parts }, (_, k): Point => [
      a[0] + ((b[0] - a[0]) * k) / parts,
      a[1] + ((b[1] - a[1]) * k) / parts,
    ]);
  });
}

class Extent {
  least = Infinity;
  most = -Infinity;

  take(value: number): void {
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
  }

  get span(): number {
    return this.most - this.least;
  }
}

function medianOf(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)]!;
}
