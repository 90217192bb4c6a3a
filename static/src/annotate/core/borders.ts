/**
 * Borders that two regions share: both have the very same corners along them, so that neither
 * rounding nor a later move of a corner opens a gap or makes an overlap.
 */
import { boxOf, boxesMeet, distance, isInBox, along, same, shareOf } from "./geometry";
import type { Box } from "./geometry";
import type { Point, Region, Ring, Rings } from "./label";

/** Pixels; a corner that was rounded lies no farther than this from the edge it is on. */
const ON_EDGE = 2.5e-4;

/**
 * The regions, in their order, with each corner of one also in the others that it touches. Only
 * the borders of the `changed` regions are looked at; what needs nothing stays the same object.
 */
export function weld(regions: readonly Region[], changed: ReadonlySet<Region>): Region[] {
  const result = [...regions];
  const movable = regions.map((region) => changed.has(region));
  regions.forEach((_, i) => {
    if (!movable[i]) return;
    regions.forEach((__, j) => {
      if (i === j || (movable[j] && j > i)) return;
      // Where two corners lie a hair apart, the one that was there first stays.
      result[i] = withCornersOf(result[i]!, result[j]!, true);
      result[j] = withCornersOf(result[j]!, result[i], false);
    });
  });
  return result;
}

function withCornersOf(region: Region, other: Region, mayMove: boolean): Region {
  const box = boxOf(region.rings[0]!);
  const otherBox = boxOf(other.rings[0]!);
  if (!boxesMeet(box, otherBox, ON_EDGE)) return region;
  const corners = other.rings.flatMap((ring) => ring.filter((p) => isInBox(p, box, ON_EDGE)));
  if (!corners.length) return region;
  const rings = region.rings.map((ring) => insertCorners(ring, corners, otherBox, mayMove));
  return rings.some((ring, i) => ring !== region.rings[i]) ? { ...region, rings } : region;
}

/** The regions with the point as a corner of all whose border it is on. */
export function withCornerOnBorder(regions: readonly Region[], point: Point): Region[] {
  return regions.map((region) => {
    if (!isInBox(point, boxOf(region.rings[0]!), ON_EDGE)) return region;
    const rings = withCorners(region.rings, [point]);
    return rings.some((ring, i) => ring !== region.rings[i]) ? { ...region, rings } : region;
  });
}

/** The rings with the points as corners that lie on one of their edges. */
export function withCorners(rings: Rings, points: readonly Point[]): Rings {
  if (!points.length) return rings;
  return rings.map((ring) => insertCorners(ring, points, boxOf(points), false));
}

/** The ring with those of the points as corners that lie on one of its edges inside the box. */
function insertCorners(ring: Ring, points: readonly Point[], within: Box, mayMove: boolean): Ring {
  const next: Point[] = [];
  let touched = false;
  ring.forEach((a, i) => {
    const b = ring[(i + 1) % ring.length]!;
    const from = mayMove ? (twinOf(a, points, within) ?? a) : a;
    touched ||= from !== a;
    next.push(from);
    const between = cornersBetween(a, b, points, within);
    touched ||= between.length > 0;
    next.push(...between);
  });
  return touched ? next.filter((point, i) => !same(point, next[(i + 1) % next.length]!)) : ring;
}

function twinOf(corner: Point, points: readonly Point[], within: Box): Point | undefined {
  if (!isInBox(corner, within, ON_EDGE)) return undefined;
  let twin: Point | undefined;
  for (const point of points) {
    if (same(point, corner)) return undefined;
    if (distance(point, corner) <= ON_EDGE) twin = point;
  }
  return twin;
}

function cornersBetween(a: Point, b: Point, points: readonly Point[], within: Box): Point[] {
  const [left, right] = a[0] < b[0] ? [a[0], b[0]] : [b[0], a[0]];
  const [top, bottom] = a[1] < b[1] ? [a[1], b[1]] : [b[1], a[1]];
  const edge = { left, right, top, bottom };
  if (!boxesMeet(edge, within, ON_EDGE)) return [];
  const found: { point: Point; share: number }[] = [];
  for (const point of points) {
    if (!isInBox(point, edge, ON_EDGE)) continue;
    const share = shareOf(point, a, b);
    if (distance(point, along(a, b, share)) > ON_EDGE) continue;
    if (distance(point, a) > ON_EDGE && distance(point, b) > ON_EDGE) found.push({ point, share });
  }
  return found.sort((p, q) => p.share - q.share).map(({ point }) => point);
}

/** Whether one of the rings has a corner exactly there. */
export function hasCorner(rings: Rings, corner: Point): boolean {
  return rings.some((ring) => isInBox(corner, boxOf(ring)) && ring.some((p) => same(p, corner)));
}
