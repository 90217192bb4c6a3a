/**
 * Boolean operations on regions: difference, union and free area.
 *
 * Existing vertices keep their exact coordinates, so that neighbors still share them. Vertices on
 * straight edges may be dropped; borders.ts inserts them again.
 */
import polygonClipping from "polygon-clipping";
import type { MultiPolygon, Polygon } from "polygon-clipping";
import { MIN_AREA, boxOf, boxesOverlap, clamp, imageRing, regionArea, roundPoint, isSamePoint } from "./geometry";
import type { Frame, MaskKind } from "./geometry";
import type { Point, Ring, Rings } from "./label";
import { resolveSelfIntersections } from "./self_intersections";

/** Square pixels. A smaller overlap is caused by rounding a shared border. */
const ROUNDING_AREA = 0.05;

/**
 * Tiny offsets in pixels; shifting a shape by one of them avoids nearly every failure of the
 * clipping library.
 */
const NUDGES: readonly Point[] = [[0, 0], [0.0037, 0.0071], [-0.0053, 0.0029], [0.0113, -0.0097]];

interface Shape {
  readonly rings: Rings;
}

/**
 * Return the parts of a drawn shape inside the image, outside all taken shapes and masks, each as
 * rings.
 *
 * Pieces smaller than MIN_AREA are dropped, so the result may be empty. If clipping fails, which is
 * rare, return the drawn shape clamped to the image; the server then trims it.
 */
export function clipToFreeArea(drawn: Rings, taken: readonly Shape[], frame: Frame): Rings[] {
  const [outline, ...holes] = drawn;
  if (!outline || outline.length < 3) return [];
  const away = [...taken, ...frame.masked].map(({ rings }) => rings).filter(near(outline));
  const hollow = holes.map((hole) => [hole]);
  const parts = nudged((move) => onImage(outline.map(move), [...hollow, ...away], frame));
  const raw = (): Rings[] => [drawn.map((ring) => ring.map((point) => clamp(point, frame)))];
  return (parts ?? raw()).filter(isWorthKeeping);
}

function onImage(outline: Ring, away: readonly Rings[], frame: Frame): Rings[] {
  const [first, ...rest] = resolveSelfIntersections(outline).map((loop) => toPolygon([loop]));
  if (!first) return [];
  let shape = polygonClipping.union(first, ...rest);
  shape = polygonClipping.intersection(shape, toPolygon([imageRing(frame)]));
  if (away.length && shape.length) {
    shape = polygonClipping.difference(shape, ...away.map(toPolygon));
  }
  return fromMultiPolygon(shape);
}

/**
 * Subtract other regions from a region. Return the pieces of at least MIN_AREA, or null if the
 * others take nothing.
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

/** Return the parts of the image without a shape or mask, in pieces of at least MIN_AREA. */
export function unlabeledArea(taken: readonly Shape[], frame: Frame): Rings[] {
  const away = [...taken, ...frame.masked].map(({ rings }) => rings);
  const image = [imageRing(frame)];
  return (subtract(image, away) ?? subtractOneByOne(image, away)).filter(isWorthKeeping);
}

/**
 * Subtract the shapes one by one. This is slower but more robust: a step that fails is skipped, and
 * the server trims the rest.
 */
function subtractOneByOne(from: Rings, away: readonly Rings[]): Rings[] {
  return away.reduce<Rings[]>(
    (left, each) => left.flatMap((rings) => subtract(rings, [each]) ?? [rings]),
    [from],
  );
}

/** Return the union of the shapes as disjoint pieces, or null if clipping fails. */
export function unite(shapes: readonly Rings[]): Rings[] | null {
  const [first, ...rest] = shapes.map(toPolygon);
  if (!first) return [];
  try {
    return fromMultiPolygon(polygonClipping.union(first, ...rest)).map(removePinholes);
  } catch {
    return null;
  }
}

/**
 * Split a region whose rings touch themselves or overlap into simple parts of at least MIN_AREA.
 * Return null if the region is already simple. Rounding closes gaps narrower than the rounding
 * step.
 */
export function splitIntoSimpleParts(rings: Rings): Rings[] | null {
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

/** Remove tiny holes that rounding leaves between two borders. */
function removePinholes([outline, ...holes]: Rings): Rings {
  return [outline!, ...holes.filter((hole) => regionArea([hole]) > ROUNDING_AREA)];
}

/** Return the kinds of masked areas that overlap a drawn ring by at least MIN_AREA. */
export function findTrimmingMasks(ring: Ring, { masked }: Frame): Set<MaskKind> {
  const found = new Set<MaskKind>();
  if (ring.length < 3) return found;
  const loops = resolveSelfIntersections(ring);
  for (const { rings, why } of masked) {
    if (!found.has(why) && commonArea(loops, rings) >= MIN_AREA) found.add(why);
  }
  return found;
}

/** Return the area that simple loops, which do not overlap, have in common with a region. */
export function commonArea(loops: readonly Ring[], rings: Rings): number {
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
      // Try the next offset.
    }
  }
  return null;
}

function near(ring: Ring): (rings: Rings) => boolean {
  return (rings) => boxesOverlap(boxOf(ring), boxOf(rings[0] ?? []));
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

/** Return rounded rings without the repeated last point, duplicate points and spikes. */
function fromPolygon(polygon: Polygon): Rings {
  const rings = polygon.map((closed) => withoutSpikes(closed.map(roundPoint)));
  const [outline, ...holes] = rings;
  return outline && outline.length >= 3 ? [outline, ...holes.filter((h) => h.length >= 3)] : [];
}

function withoutSpikes(ring: readonly Point[]): Ring {
  const kept: Point[] = [];
  for (const point of ring) {
    if (kept.length > 1 && isSamePoint(kept.at(-2)!, point)) kept.pop();
    else if (!kept.length || !isSamePoint(kept.at(-1)!, point)) kept.push(point);
  }
  while (kept.length > 1 && isSamePoint(kept[0]!, kept.at(-1)!)) kept.pop();
  return kept;
}
