/**
 * Following a border: between two points on one ring, the ring's own corners, the shorter way
 * round or the other. The corners are the very same points, so that no gap can open.
 */
import { distance, same } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Ring } from "./label";
import { placesOf } from "./snap";
import type { Place } from "./snap";

export interface Trace {
  /** The corners between the two points, without them. */
  readonly shorter: readonly Point[];
  readonly longer: readonly Point[];
}

/** How the border runs from one point to the other; null when they are not on one ring. */
export function traceBetween(from: Point, to: Point, label: Label, frame: Frame): Trace | null {
  if (same(from, to)) return null;
  const ends = placesOf(to, label, frame);
  let best: { trace: Trace; length: number } | null = null;
  for (const start of ends.length ? placesOf(from, label, frame) : []) {
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
  const ahead = cornersFrom(start, end, from, to);
  const back = cornersFrom(end, start, to, from).reverse();
  const lengths = [ahead, back].map((corners) => lengthOf([from, ...corners, to])) as [number, number];
  const [shorter, longer] = lengths[0] <= lengths[1] ? [ahead, back] : [back, ahead];
  return { trace: { shorter, longer }, length: Math.min(...lengths) };
}

/** The ring's corners from one place on to another, in the ring's order, without both ends. */
function cornersFrom(start: Place, end: Place, from: Point, to: Point): Point[] {
  const { ring } = start;
  const sameEdgeAhead = start.index === end.index && end.share > start.share;
  const count = sameEdgeAhead ? 0 : (end.index - start.index + ring.length) % ring.length || ring.length;
  const corners = Array.from({ length: count }, (_, k) => ring[(start.index + 1 + k) % ring.length]!);
  return corners.filter((point) => !same(point, from) && !same(point, to));
}

export function lengthOf(path: Ring): number {
  return path.reduce((sum, point, i) => sum + (i ? distance(point, path[i - 1]!) : 0), 0);
}
