/**
 * Snapping of the pointer to corners and edges of regions, masked areas and the image.
 *
 * Regions are skipped by their bounding boxes, so this is fast enough for every pointer move.
 */
import { interpolate, boxOf, clamp, distance, imageRing, isInBox, roundPoint, fractionAlong } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Ring, Rings } from "./label";

export interface Snap {
  readonly point: Point;
  readonly on: "corner" | "edge";
}

/**
 * A position on a ring: on the edge from corner `index` to the next one, at a fraction (0..1) of
 * its length.
 */
export interface Place {
  readonly ring: Ring;
  readonly index: number;
  readonly share: number;
}

/** Pixels. A point closer to a ring than this counts as on it, because coordinates are rounded. */
const ON_RING = 1e-3;

const imageRings = new WeakMap<Frame, Ring>();

/** Yield all outlines that the pointer can snap to. */
function* outlines({ regions }: Label, frame: Frame): Generator<Rings> {
  for (const { rings } of regions) yield rings;
  for (const { rings } of frame.masked) yield rings;
  const image = imageRings.get(frame) ?? imageRing(frame);
  imageRings.set(frame, image);
  yield [image];
}

/** Return the nearest corner within reach, else the nearest point on an edge, else null. */
export function snapTo(point: Point, reach: number, label: Label, frame: Frame): Snap | null {
  let corner: Point | null = null;
  let edge: Point | null = null;
  let toCorner = reach;
  let toEdge = reach;
  for (const rings of outlines(label, frame)) {
    for (const ring of rings) {
      if (!isInBox(point, boxOf(ring), reach)) continue;
      for (let i = 0; i < ring.length; i++) {
        const a = ring[i]!;
        const b = ring[i + 1] ?? ring[0]!;
        if (!isNearSegment(point, a, b, reach)) continue;
        const off = distance(point, a);
        if (off <= toCorner) [corner, toCorner] = [a, off];
        const closest = interpolate(a, b, fractionAlong(point, a, b));
        const offEdge = distance(point, closest);
        if (offEdge < toEdge) [edge, toEdge] = [closest, offEdge];
      }
    }
  }
  if (corner) return { point: clamp(corner, frame), on: "corner" };
  return edge && { point: clamp(roundPoint(edge), frame), on: "edge" };
}

/** Return the rings that a point lies on, with the position on each. */
export function findRingPositions(point: Point, label: Label, frame: Frame): Place[] {
  const places: Place[] = [];
  for (const rings of outlines(label, frame)) {
    for (const ring of rings) {
      const place = isInBox(point, boxOf(ring), ON_RING) ? placeOn(ring, point) : null;
      if (place) places.push(place);
    }
  }
  return places;
}

function placeOn(ring: Ring, point: Point): Place | null {
  for (let index = 0; index < ring.length; index++) {
    const a = ring[index]!;
    const b = ring[index + 1] ?? ring[0]!;
    if (!isNearSegment(point, a, b, ON_RING)) continue;
    const share = fractionAlong(point, a, b);
    // The end of an edge is the start of the next one.
    if (distance(point, b) <= ON_RING) continue;
    if (distance(point, interpolate(a, b, share)) <= ON_RING) return { ring, index, share };
  }
  return null;
}

function isNearSegment([x, y]: Point, a: Point, b: Point, slack: number): boolean {
  return (
    (x >= a[0] - slack || x >= b[0] - slack) && (x <= a[0] + slack || x <= b[0] + slack) &&
    (y >= a[1] - slack || y >= b[1] - slack) && (y <= a[1] + slack || y <= b[1] + slack)
  );
}
