/**
 * Find, move, insert and remove single corners of regions. A corner shared by several regions is
 * moved and removed in all of them. A corner inserted on a shared border is inserted in both
 * regions.
 */
import { reshape } from "./actions";
import type { Action } from "./actions";
import { hasCorner, withCornerOnBorder } from "./borders";
import { interpolate, boxOf, distance, isInBox, roundPoint, isSamePoint, fractionAlong } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Region, Ring, Rings } from "./label";

/** A corner given by the index of its ring in the region and of its point in the ring. */
export interface Corner {
  readonly ring: number;
  readonly index: number;
}

export function cornerPoint(region: Region, corner: Corner): Point | null {
  return region.rings[corner.ring]?.[corner.index] ?? null;
}

/** Return the corner nearest to a point within reach, or null. */
export function cornerAt(region: Region, point: Point, reach: number): Corner | null {
  let found: Corner | null = null;
  let least = reach;
  region.rings.forEach((ring, number) => {
    if (!isInBox(point, boxOf(ring), reach)) return;
    ring.forEach((each, index) => {
      const off = distance(each, point);
      if (off <= least) [found, least] = [{ ring: number, index }, off];
    });
  });
  return found;
}

/** Return the point on the region's border nearest to a point within reach, or null. */
export function borderAt(region: Region, point: Point, reach: number): Point | null {
  let found: Point | null = null;
  let least = reach;
  for (const ring of region.rings) {
    if (!isInBox(point, boxOf(ring), reach)) continue;
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length]!;
      const closest = interpolate(a, b, fractionAlong(point, a, b));
      const off = distance(closest, point);
      if (off <= least) [found, least] = [roundPoint(closest), off];
    });
  }
  return found;
}

/** Return the corner `step` positions later, wrapping around over all rings of the region. */
export function cornerAfter(region: Region, corner: Corner | null, step: number): Corner {
  const all = region.rings.flatMap((ring, number) =>
    ring.map((_, index): Corner => ({ ring: number, index })),
  );
  const now = all.findIndex(({ ring, index }) => ring === corner?.ring && index === corner.index);
  const next = now < 0 ? (step > 0 ? 0 : -1) : now + step;
  return all.at(next % all.length)!;
}

/** Return the new rings of all regions that share a moved corner. */
export function moved(label: Label, from: Point, to: Point): Map<Region, Rings> {
  const target = roundPoint(to);
  return changed(label, from, (ring) => ring.map((point) => (isSamePoint(point, from) ? target : point)));
}

export function moveCorner(from: Point, to: Point, frame: Frame, paintOver = false): Action {
  return (label) => {
    if (isSamePoint(from, roundPoint(to))) return label;
    return reshape(moved(label, from, to), frame, paintOver)(label);
  };
}

/** Remove a corner from all regions that share it. A triangle keeps its three corners. */
export function removeCorner(corner: Point, frame: Frame, paintOver = false): Action {
  return (label) => {
    const changes = changed(label, corner, (ring) => ring.filter((point) => !isSamePoint(point, corner)));
    const whole = [...changes.values()].every((rings) => rings.every((ring) => ring.length >= 3));
    return whole ? reshape(changes, frame, paintOver)(label) : label;
  };
}

/** Insert a corner on the border of a region, and of the neighbor if the border is shared. */
export function insertCorner(region: Region, at: Point): Action {
  return (label) => {
    if (!label.regions.includes(region) || hasCorner(region.rings, at)) return label;
    const regions = withCornerOnBorder(label.regions, at);
    return regions.includes(region) ? label : { regions };
  };
}

function changed(label: Label, corner: Point, change: (ring: Ring) => Ring): Map<Region, Rings> {
  const changes = new Map<Region, Rings>();
  for (const region of label.regions) {
    if (!hasCorner(region.rings, corner)) continue;
    changes.set(
      region,
      region.rings.map((ring) => (ring.some((point) => isSamePoint(point, corner)) ? change(ring) : ring)),
    );
  }
  return changes;
}
