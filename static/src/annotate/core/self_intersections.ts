/** Resolve self-intersections of hand-drawn rings. */
import type { Point, Ring } from "./label";

/** A ring with more crossings than this is filled by the even-odd rule. */
const MAX_LOOPS = 400;

/**
 * Return simple loops that together cover everything inside a self-crossing ring.
 *
 * Overshooting the starting point makes a small loop there. The even-odd rule would turn that loop
 * into an unintended notch or hole.
 */
export function resolveSelfIntersections(ring: Ring): Ring[] {
  const loops: Ring[] = [];
  const open: Ring[] = [ring];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.length < 3) continue;
    const crossing = loops.length + open.length < MAX_LOOPS ? firstCrossing(next) : null;
    if (!crossing) {
      loops.push(next);
      continue;
    }
    const { first, second, at } = crossing;
    open.push([at, ...next.slice(first + 1, second + 1)]);
    open.push([...next.slice(0, first + 1), at, ...next.slice(second + 1)]);
  }
  return loops;
}

interface Crossing {
  first: number;
  second: number;
  at: Point;
}

function firstCrossing(ring: Ring): Crossing | null {
  const count = ring.length;
  for (let i = 0; i < count - 2; i++) {
    const [a, b] = [ring[i]!, ring[i + 1]!];
    const [left, right] = a[0] < b[0] ? [a[0], b[0]] : [b[0], a[0]];
    for (let j = i + 2; j < count; j++) {
      const [c, d] = [ring[j]!, ring[(j + 1) % count]!];
      if ((c[0] < left && d[0] < left) || (c[0] > right && d[0] > right)) continue;
      const at = findCrossing(a, b, c, d);
      if (at) return { first: i, second: j, at };
    }
  }
  return null;
}

/**
 * Return the point where ab and cd cross in their interiors, or null if they only touch or do not
 * meet.
 */
export function findCrossing(a: Point, b: Point, c: Point, d: Point): Point | null {
  const [sideC, sideD] = [cross(a, b, c), cross(a, b, d)];
  if (sideC * sideD >= 0 || cross(c, d, a) * cross(c, d, b) >= 0) return null;
  const t = sideC / (sideC - sideD);
  return [c[0] + t * (d[0] - c[0]), c[1] + t * (d[1] - c[1])];
}

export function cross(a: Point, b: Point, p: Point): number {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}
