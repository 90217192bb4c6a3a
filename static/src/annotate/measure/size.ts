/** How long, wide and high things of the scene are, in meters. Pure. */
import { boxOf, contains } from "../core/geometry";
import type { Point, Ring, Rings } from "../core/label";
import { focalLength, placeAt, rayOf } from "./camera";
import type { CameraModel } from "./camera";
import { REDUCTION, cellRange, rangeAt } from "./range_map";
import type { RangeMap } from "./range_map";
import { cross, dot, length, minus, times, unit } from "./vectors";
import type { Vector } from "./vectors";

/** What is known of a picture's space. */
export interface Space {
  readonly range: RangeMap;
  readonly camera: CameraModel;
  /** Away from the planet, in the camera's frame. */
  readonly up: Vector;
  /** The range is that of flat ground: it knows nothing of what stands on it. */
  readonly estimated: boolean;
}

export interface Size3 {
  readonly width: number;
  readonly height: number;
}

/** An outline is walked in about this many steps, and a region's ranges are read in so many. */
const OUTLINE_STEPS = 160;
const MOST_CELLS = 3000;
/** A region with fewer ranges on it than this is measured at its foot alone. */
const FEWEST_CELLS = 6;
/** No thing is deeper than so many times its extent in the picture. */
const DEEPEST = 0.75;
/** The range of an outline's point is the middle one of so many cells nearest to it. */
const NEAREST_CELLS = 3;

/** Where in the scene a pixel lies, meters in the camera's frame; null without a finite range. */
export function placeOf({ range, camera }: Space, pixel: Point): Vector | null {
  const found = rangeAt(range, pixel);
  return found !== null && found < Infinity ? placeAt(camera, pixel, found) : null;
}

/** Meters from what one pixel shows to what another does, straight through the scene. */
export function distanceBetween(space: Space, a: Point, b: Point): number | null {
  const [from, to] = [placeOf(space, a), placeOf(space, b)];
  return from && to && length(minus(to, from));
}

/** The longest way between two points of a region's outline, meters; null without any range. */
export function longestWay(space: Space, rings: Rings): number | null {
  const places = walk(rings[0] ?? [], OUTLINE_STEPS / 4).map((point) => placeOf(space, point));
  const known = places.filter((place) => place !== null);
  if (known.length < 2) return null;
  let longest = 0;
  known.forEach((a, i) => {
    for (const b of known.slice(i + 1)) longest = Math.max(longest, length(minus(b, a)));
  });
  return longest;
}

/**
 * Width and height of a thing that stands on the ground, such as a rock, from its outline.
 *
 * Width is level and across the line of sight, height along up. Each point of the outline is as far
 * ahead as the range measured on the region next to it, never the background's, and the top is no
 * higher than what was measured there. Where the range is an estimate over flat ground, or too
 * little of it is known, all points stand above the foot, the outline's lowest place: then what a
 * thing extends away from the camera counts as height. Null where not even the foot has a range.
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

/** A cell of the range map on a region, and what it shows. */
interface Cell {
  readonly pixel: Point;
  /** From the camera's center, meters. */
  readonly place: Vector;
  /** Meters straight ahead. */
  readonly depth: number;
  /** Meters that half a cell spans there. */
  readonly half: number;
}

/** The cells inside a region that belong to the thing itself; none when they are too few. */
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

/** How high the highest cells reach, upper edge included; single wrong ranges do not count. */
function topOf(cells: readonly Cell[], level: Vector): number {
  const tops = cells.map(({ place, half }) => dot(place, level) + half).sort((a, b) => b - a);
  return tops[Math.min(2, Math.floor(tops.length / 50))]!;
}

/** Meters ahead of an outline's point: the middle one of the cells nearest to it. */
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

/** Meters ahead of the lowest point of the outline that has a range. */
function depthAtFoot(
  space: Space,
  outline: readonly Point[],
  rays: readonly Vector[],
  level: Vector,
  ahead: Vector,
): number | null {
  const order = rays.map((ray, i) => ({ fall: dot(ray, level), i })).sort((a, b) => a.fall - b.fall);
  for (const { i } of order) {
    const place = placeOf(space, outline[i]!);
    if (place) return dot(minus(place, space.camera.c), ahead);
  }
  return null;
}

/** Points along a ring, its corners among them, in about so many steps. */
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
