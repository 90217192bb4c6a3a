/**
 * Tracing of borders: between two points on one ring, return the ring's own vertices along the shorter
 * or the longer way. The vertices are identical, so no gap can open.
 */
import { distance, isSamePoint } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Ring } from "./label";
import { findRingPositions } from "./snap";
import type { Place } from "./snap";

export interface Trace {
  /** The corners between the two points, without the end points. */
  readonly shorter: readonly Point[];
  readonly longer: readonly Point[];
}

/**
 * Return both ways along the border between two points, or null if they are not on the same ring.
 */
export function traceBetween(from: Point, to: Point, label: Label, frame: Frame): Trace | null {
  if (isSamePoint(from, to)) return null;
  const ends = findRingPositions(to, label, frame);
  let best: { trace: Trace; length: number } | null = null;
  for (const start of ends.length ? findRingPositions(from, label, frame) : []) {
    const end = ends.find(({ ring }) => ring === start.ring);
    if (!end) continue;
    const found = bothWays(start, end, from, to);
    if (!best || found.length < best.length) best = found;
  }
  return best?.trace ?? null;
}

function bothWays(
  start: Place,
  end: Place,
  from: Point,
  to: Point,
): { trace: Trace; length: number } {
  const ahead = cornersBetween(start, end, from, to);
  const back = cornersBetween(end, start, to, from).reverse();
  const lengths = [ahead, back].map((corners) => lengthOf([from, ...corners, to])) as [number, number];
  const [shorter, longer] = lengths[0] <= lengths[1] ? [ahead, back] : [back, ahead];
  return { trace: { shorter, longer }, length: Math.min(...lengths) };
}

/** Return the ring's corners from one position to another, in ring order, without both ends. */
function cornersBetween(start: Place, end: Place, from: Point, to: Point): Point[] {
  const { ring } = start;
  const sameEdgeAhead = start.index === end.index && end.share > start.share;
  const count = sameEdgeAhead ? 0 : (end.index - start.index + ring.length) % ring.length || ring.length;
  const corners = Array.from({ length: count }, (_, k) => ring[(start.index + 1 + k) % ring.length]!);
  return corners.filter((point) => !isSamePoint(point, from) && !isSamePoint(point, to));
}

export function lengthOf(path: Ring): number {
  return path.reduce((sum, point, i) => sum + (i ? distance(point, path[i - 1]!) : 0), 0);
}
