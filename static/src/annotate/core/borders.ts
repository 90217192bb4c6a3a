/**
 * Shared borders: both regions have the same vertices along them. Then neither rounding nor moving
 * a vertex opens a gap or makes an overlap.
 */
import { boxOf, boxesOverlap, distance, isInBox, interpolate, isSamePoint, fractionAlong } from "./geometry";
import type { Box } from "./geometry";
import type { Point, Region, Ring, Rings } from "./label";

/** Pixels: the largest distance between a rounded corner and the edge it belongs to. */
const ON_EDGE = 2.5e-4;

/**
 * Return the regions in order, with each corner also inserted into the other regions that it touches.
 *
 * Only borders of the `changed` regions are checked. Regions that need no change stay the same
 * objects.
 */
export function shareCorners(regions: readonly Region[], changed: ReadonlySet<Region>): Region[] {
  const result = [...regions];
  const movable = regions.map((region) => changed.has(region));
  regions.forEach((_, i) => {
    if (!movable[i]) return;
    regions.forEach((__, j) => {
      if (i === j || (movable[j] && j > i)) return;
      // Of two nearly equal corners, keep the older one.
      result[i] = withCornersOf(result[i]!, result[j]!, true);
      result[j] = withCornersOf(result[j]!, result[i], false);
    });
  });
  return result;
}

function withCornersOf(region: Region, other: Region, mayMove: boolean): Region {
  const box = boxOf(region.rings[0]!);
  const otherBox = boxOf(other.rings[0]!);
  if (!boxesOverlap(box, otherBox, ON_EDGE)) return region;
  const corners = other.rings.flatMap((ring) => ring.filter((p) => isInBox(p, box, ON_EDGE)));
  if (!corners.length) return region;
  const rings = region.rings.map((ring) => insertCorners(ring, corners, otherBox, mayMove));
  return rings.some((ring, i) => ring !== region.rings[i]) ? { ...region, rings } : region;
}

/** Return the regions with the point added as a corner wherever it lies on a border. */
export function withCornerOnBorder(regions: readonly Region[], point: Point): Region[] {
  return regions.map((region) => {
    if (!isInBox(point, boxOf(region.rings[0]!), ON_EDGE)) return region;
    const rings = withCorners(region.rings, [point]);
    return rings.some((ring, i) => ring !== region.rings[i]) ? { ...region, rings } : region;
  });
}

/** Return the rings with those points added as corners that lie on one of their edges. */
export function withCorners(rings: Rings, points: readonly Point[]): Rings {
  if (!points.length) return rings;
  return rings.map((ring) => insertCorners(ring, points, boxOf(points), false));
}

/** Return the ring with those points added as corners that lie on an edge inside the box. */
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
  return touched ? next.filter((point, i) => !isSamePoint(point, next[(i + 1) % next.length]!)) : ring;
}

function twinOf(corner: Point, points: readonly Point[], within: Box): Point | undefined {
  if (!isInBox(corner, within, ON_EDGE)) return undefined;
  let twin: Point | undefined;
  for (const point of points) {
    if (isSamePoint(point, corner)) return undefined;
    if (distance(point, corner) <= ON_EDGE) twin = point;
  }
  return twin;
}

function cornersBetween(a: Point, b: Point, points: readonly Point[], within: Box): Point[] {
  const [left, right] = a[0] < b[0] ? [a[0], b[0]] : [b[0], a[0]];
  const [top, bottom] = a[1] < b[1] ? [a[1], b[1]] : [b[1], a[1]];
  const edge = { left, right, top, bottom };
  if (!boxesOverlap(edge, within, ON_EDGE)) return [];
  const found: { point: Point; share: number }[] = [];
  for (const point of points) {
    if (!isInBox(point, edge, ON_EDGE)) continue;
    const share = fractionAlong(point, a, b);
    if (distance(point, interpolate(a, b, share)) > ON_EDGE) continue;
    if (distance(point, a) > ON_EDGE && distance(point, b) > ON_EDGE) found.push({ point, share });
  }
  return found.sort((p, q) => p.share - q.share).map(({ point }) => point);
}

/** Return whether one of the rings has a corner at exactly this point. */
export function hasCorner(rings: Rings, corner: Point): boolean {
  return rings.some((ring) => isInBox(corner, boxOf(ring)) && ring.some((p) => isSamePoint(p, corner)));
}

/** Return the length of each edge, by a key that does not depend on its direction. */
export function edgeLengths(rings: Rings): Map<string, number> {
  const edges = new Map<string, number>();
  for (const ring of rings) {
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length]!;
      edges.set([a, b].map(String).sort().join(" "), distance(a, b));
    });
  }
  return edges;
}
