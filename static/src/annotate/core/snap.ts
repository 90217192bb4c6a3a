/**
 * Where a pointer sticks: the corners and edges of regions, of masked areas and of the image.
 *
 * Cheap enough for every pointer move: whole regions are passed over by their boxes.
 */
import { along, boxOf, clamp, distance, imageRing, isInBox, roundPoint, shareOf } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Ring, Rings } from "./label";

export interface Snap {
  readonly point: Point;
  readonly on: "corner" | "edge";
}

/** A place on a ring: on the edge from corner `index` to the next one, that far along (0..1). */
export interface Place {
  readonly ring: Ring;
  readonly index: number;
  readonly share: number;
}

/** Pixels; closer than this to a ring is on it: coordinates are rounded. */
const ON_RING = 1e-3;

const imageRings = new WeakMap<Frame, Ring>();

/** All outlines a pointer can stick to. */
function* outlines({ regions }: Label, frame: Frame): Generator<Rings> {
  for (const { rings } of regions) yield rings;
  for (const { rings } of frame.masked) yield rings;
  const image = imageRings.get(frame) ?? imageRing(frame);
  imageRings.set(frame, image);
  yield [image];
}

/** The next corner within reach, or else the next point of an edge; null when neither is near. */
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
        const closest = along(a, b, shareOf(point, a, b));
        const offEdge = distance(point, closest);
        if (offEdge < toEdge) [edge, toEdge] = [closest, offEdge];
      }
    }
  }
  if (corner) return { point: clamp(corner, frame), on: "corner" };
  return edge && { point: clamp(roundPoint(edge), frame), on: "edge" };
}

/** The rings a point lies on, and where on each. */
export function placesOf(point: Point, label: Label, frame: Frame): Place[] {
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
    const share = shareOf(point, a, b);
    // The end of an edge is the begin of the next one.
    if (distance(point, b) <= ON_RING) continue;
    if (distance(point, along(a, b, share)) <= ON_RING) return { ring, index, share };
  }
  return null;
}

function isNearSegment([x, y]: Point, a: Point, b: Point, slack: number): boolean {
  return (
    (x >= a[0] - slack || x >= b[0] - slack) && (x <= a[0] + slack || x <= b[0] + slack) &&
    (y >= a[1] - slack || y >= b[1] - slack) && (y <= a[1] + slack || y <= b[1] + slack)
  );
}
