/**
 * Boolean operations on regions: what is free, what a cut leaves, what several are together.
 *
 * Corners that were there come back with the very same coordinates, so that neighbors keep
 * meeting; corners on straight edges may be dropped (see borders.ts, which puts them back).
 */
import polygonClipping from "polygon-clipping";
import type { MultiPolygon, Polygon } from "polygon-clipping";
import { MIN_AREA, boxOf, boxesMeet, clamp, imageRing, regionArea, roundPoint, same } from "./geometry";
import type { Frame, Why } from "./geometry";
import type { Point, Ring, Rings } from "./label";
import { untangle } from "./self_intersections";

/** Square pixels; a smaller common area is the rounding of a border that two regions share. */
const ROUNDING_AREA = 0.05;

/** A hair's breadth to either side mends nearly every case in which the clipping fails. */
const NUDGES: readonly Point[] = [[0, 0], [0.0037, 0.0071], [-0.0053, 0.0029], [0.0113, -0.0097]];

interface Shape {
  readonly rings: Rings;
}

/**
 * The parts of a drawn shape that lie on the image, on none of the taken shapes and under no mask,
 * each as its rings.
 *
 * Pieces under MIN_AREA are dropped, so the answer may be empty. In the rare case that the
 * clipping fails, the shape comes back as it was drawn, moved onto the image: the server trims it.
 */
export function freeParts(drawn: Rings, taken: readonly Shape[], frame: Frame): Rings[] {
  const [outline, ...holes] = drawn;
  if (!outline || outline.length < 3) return [];
  const away = [...taken, ...frame.masked].map(({ rings }) => rings).filter(near(outline));
  const hollow = holes.map((hole) => [hole]);
  const parts = nudged((move) => onImage(outline.map(move), [...hollow, ...away], frame));
  const raw = (): Rings[] => [drawn.map((ring) => ring.map((point) => clamp(point, frame)))];
  return (parts ?? raw()).filter(isWorthKeeping);
}

function onImage(outline: Ring, away: readonly Rings[], frame: Frame): Rings[] {
  const [first, ...rest] = untangle(outline).map((loop) => toPolygon([loop]));
  if (!first) return [];
  let shape = polygonClipping.union(first, ...rest);
  shape = polygonClipping.intersection(shape, toPolygon([imageRing(frame)]));
  if (away.length && shape.length) {
    shape = polygonClipping.difference(shape, ...away.map(toPolygon));
  }
  return fromMultiPolygon(shape);
}

/**
 * What is left of a region, MIN_AREA or more a piece, when others are taken away from it; null
 * when they take nothing.
 */
export function subtract(rings: Rings, others: readonly Rings[]): Rings[] | null {
  const away = others.filter(near(rings[0]!));
  if (!away.length) return null;
  const left = nudged((move) => {
    const [first, ...rest] = away.map((each) => toPolygon(each.map((ring) => ring.map(move))));
    return fromMultiPolygon(polygonClipping.difference(toPolygon(rings), first!, ...rest));
  });
  if (!left || areaOf(left) > regionArea(rings) - ROUNDING_AREA) return null;
  return left.filter(isWorthKeeping);
}

/** All of the image that is on no shape and under no mask, MIN_AREA or more a piece. */
export function freeSpace(taken: readonly Shape[], frame: Frame): Rings[] {
  const away = [...taken, ...frame.masked].map(({ rings }) => rings);
  const image = [imageRing(frame)];
  return (subtract(image, away) ?? oneByOne(image, away)).filter(isWorthKeeping);
}

/** Slower, but each step is simpler; one that fails is passed over, and the server trims. */
function oneByOne(from: Rings, away: readonly Rings[]): Rings[] {
  return away.reduce<Rings[]>(
    (left, each) => left.flatMap((rings) => subtract(rings, [each]) ?? [rings]),
    [from],
  );
}

/** The shapes as one, in as many pieces as do not touch; null when the clipping fails. */
export function unite(shapes: readonly Rings[]): Rings[] | null {
  const [first, ...rest] = shapes.map(toPolygon);
  if (!first) return [];
  try {
    return fromMultiPolygon(polygonClipping.union(first, ...rest)).map(withoutPinholes);
  } catch {
    return null;
  }
}

/**
 * A region whose rings touch themselves or run along each other, as simple parts of MIN_AREA or
 * more; null when there is nothing to tidy. Rounding closes gaps that are thinner than itself.
 */
export function tidy(rings: Rings): Rings[] | null {
  const edges = new Set<string>();
  for (const ring of rings) {
    const corners = ring.map(String);
    if (new Set(corners).size < corners.length) return simpleParts(rings);
    for (const [i, corner] of corners.entries()) {
      const next = corners[(i + 1) % corners.length]!;
      const edge = corner < next ? `${corner} ${next}` : `${next} ${corner}`;
      if (edges.has(edge)) return simpleParts(rings);
      edges.add(edge);
    }
  }
  return null;
}

function simpleParts(rings: Rings): Rings[] | null {
  return unite([rings])?.filter(isWorthKeeping) ?? null;
}

/** Two borders that met but for rounding leave a hole between them that nobody can see. */
function withoutPinholes([outline, ...holes]: Rings): Rings {
  return [outline!, ...holes.filter((hole) => regionArea([hole]) > ROUNDING_AREA)];
}

/** The kinds of masked areas that take something from a drawn ring, MIN_AREA or more. */
export function trimmedBy(ring: Ring, { masked }: Frame): Set<Why> {
  const found = new Set<Why>();
  if (ring.length < 3) return found;
  const loops = untangle(ring);
  for (const { rings, why } of masked) {
    if (!found.has(why) && commonArea(loops, rings) >= MIN_AREA) found.add(why);
  }
  return found;
}

function commonArea(loops: readonly Ring[], rings: Rings): number {
  const close = loops.filter((loop) => near(loop)(rings));
  const common = nudged((move) =>
    close.flatMap((loop) =>
      fromMultiPolygon(polygonClipping.intersection(toPolygon([loop.map(move)]), toPolygon(rings))),
    ),
  );
  return areaOf(common ?? []);
}

function nudged(clip: (move: (point: Point) => Point) => Rings[]): Rings[] | null {
  for (const [dx, dy] of NUDGES) {
    try {
      return clip(([x, y]) => [x + dx, y + dy]);
    } catch {
      // The next one is a little aside.
    }
  }
  return null;
}

function near(ring: Ring): (rings: Rings) => boolean {
  return (rings) => boxesMeet(boxOf(ring), boxOf(rings[0] ?? []));
}

function isWorthKeeping(rings: Rings): boolean {
  return regionArea(rings) >= MIN_AREA;
}

function areaOf(parts: readonly Rings[]): number {
  return parts.reduce((sum, rings) => sum + regionArea(rings), 0);
}

function toPolygon(rings: Rings): Polygon {
  return rings.map((ring) => ring.map((point) => roundPoint(point) as [number, number]));
}

function fromMultiPolygon(shape: MultiPolygon): Rings[] {
  return shape.map(fromPolygon).filter((rings) => rings.length > 0);
}

/** Rings rounded, without the repeated last point, points in the same place and spikes. */
function fromPolygon(polygon: Polygon): Rings {
  const rings = polygon.map((closed) => withoutSpikes(closed.map(roundPoint)));
  const [outline, ...holes] = rings;
  return outline && outline.length >= 3 ? [outline, ...holes.filter((h) => h.length >= 3)] : [];
}

function withoutSpikes(ring: readonly Point[]): Ring {
  const kept: Point[] = [];
  for (const point of ring) {
    if (kept.length > 1 && same(kept.at(-2)!, point)) kept.pop();
    else if (!kept.length || !same(kept.at(-1)!, point)) kept.push(point);
  }
  while (kept.length > 1 && same(kept[0]!, kept.at(-1)!)) kept.pop();
  return kept;
}
