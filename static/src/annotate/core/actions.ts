/**
 * Pure editing functions from one label to the next.
 *
 * An action knows nothing of the undo history. If it changes nothing, it returns the same object.
 * After every action, regions lie inside the image, outside the masked areas, and do not overlap; a
 * border shared by two regions has the same vertices in both.
 */
import { shareCorners } from "./borders";
import { clipToFreeArea, unlabeledArea, subtract, splitIntoSimpleParts, unite } from "./clip";
import { boxOf, boxesOverlap } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Region, Ring, Rings } from "./label";
import { splitRings } from "./split";
import { resolveSelfIntersections } from "./self_intersections";

export type Action = (label: Label) => Label;

/**
 * Add the ring as a region, or as several if clipping splits it. With `paintOver` it replaces other
 * regions; otherwise it takes only unlabeled pixels.
 */
export function addRegion(code: number, ring: Ring, frame: Frame, paintOver = false): Action {
  return (label) => {
    const drawn: Region = { code, rings: [ring] };
    const next = clipDrawnRegions([...label.regions, drawn], new Set([drawn]), frame, paintOver);
    return next ? { regions: next } : label;
  };
}

/** Replace the rings of several regions at once. Change nothing if one of them would disappear. */
export function reshape(
  changes: ReadonlyMap<Region, Rings>,
  frame: Frame,
  paintOver = false,
): Action {
  return (label) => {
    const moved = new Set<Region>();
    const regions = label.regions.map((region) => {
      const rings = changes.get(region);
      if (!rings) return region;
      const changed = { ...region, rings };
      moved.add(changed);
      return changed;
    });
    const next = moved.size ? clipDrawnRegions(regions, moved, frame, paintOver) : null;
    return next ? { regions: next } : label;
  };
}

/**
 * Clip the drawn regions to the free area. Where two of them overlap, the earlier one keeps the
 * area. Return null if nothing remains of one of them.
 */
function clipDrawnRegions(
  regions: readonly Region[],
  drawn: ReadonlySet<Region>,
  frame: Frame,
  paintOver: boolean,
): Region[] | null {
  const still = regions.filter((region) => !drawn.has(region));
  const placed: Region[] = [];
  const pieces = new Map<Region, Region[]>();
  for (const region of regions) {
    if (!drawn.has(region)) continue;
    const taken = paintOver ? placed : [...still, ...placed];
    const parts = piecesOf(region, clipToFreeArea(region.rings, taken, frame));
    if (!parts.length) return null;
    pieces.set(region, parts);
    placed.push(...parts);
  }
  if (paintOver) erase(still, placed.map(({ rings }) => rings), pieces);
  return replaceWith(regions, pieces);
}

/** Subtract the other regions from these regions, and record the changed pieces in `pieces`. */
function erase(
  regions: readonly Region[],
  others: readonly Rings[],
  pieces: Map<Region, Region[]>,
): void {
  for (const region of regions) {
    const left = subtract(region.rings, others);
    if (left) pieces.set(region, piecesOf(region, left));
  }
}

function replaceWith(
  regions: readonly Region[],
  pieces: ReadonlyMap<Region, readonly Region[]>,
): Region[] {
  const next = regions.flatMap((region) => pieces.get(region) ?? [region]);
  return alignBorders(next, new Set([...pieces.values()].flat()));
}

/**
 * Give shared borders the same vertices. Then repair rings that touch themselves, and align borders
 * again.
 */
function alignBorders(regions: readonly Region[], changed: ReadonlySet<Region>): Region[] {
  const aligned = shareCorners(regions, changed);
  const simpleParts = new Map<Region, Region[]>();
  for (const region of aligned) {
    const parts = regions.includes(region) && !changed.has(region) ? null : splitIntoSimpleParts(region.rings);
    if (parts) simpleParts.set(region, piecesOf(region, parts));
  }
  if (!simpleParts.size) return aligned;
  const next = aligned.flatMap((region) => simpleParts.get(region) ?? [region]);
  return shareCorners(next, new Set([...simpleParts.values()].flat()));
}

function piecesOf(region: Region, parts: readonly Rings[]): Region[] {
  return parts.map((rings) => ({ ...region, rings }));
}

/** Erase the inside of the ring from one region, or from every region that it overlaps. */
export function cutOut(ring: Ring, only: Region | null): Action {
  return (label) => {
    const pieces = new Map<Region, Region[]>();
    const loops = resolveSelfIntersections(ring).map((loop): Rings => [loop]);
    erase(label.regions.filter((region) => !only || region === only), loops, pieces);
    return pieces.size ? { regions: replaceWith(label.regions, pieces) } : label;
  };
}

/** Split one region along the path, or every region that the path crosses. */
export function split(path: Ring, only: Region | null): Action {
  return (label) => {
    const pieces = new Map<Region, Region[]>();
    for (const region of label.regions) {
      if (only && region !== only) continue;
      const parts = splitRings(region.rings, path);
      if (parts) pieces.set(region, piecesOf(region, parts));
    }
    return pieces.size ? { regions: replaceWith(label.regions, pieces) } : label;
  };
}

export function hasConnectedRegions(region: Region, { regions }: Label): boolean {
  return regions.some(
    (each) => each !== region && each.code === region.code && shareBorder(region, each),
  );
}

/**
 * Return the regions of the same class connected to this one by shared borders, directly or through
 * others.
 */
export function connectedRegions(region: Region, { regions }: Label): Region[] {
  const connected = [region];
  const others = regions.filter((each) => each !== region && each.code === region.code);
  for (const one of connected) {
    for (const other of others) {
      if (!connected.includes(other) && shareBorder(one, other)) connected.push(other);
    }
  }
  return connected;
}

/** Return whether two regions share an edge. A shared vertex alone does not count. */
function shareBorder(a: Region, b: Region): boolean {
  if (!boxesOverlap(boxOf(a.rings[0]!), boxOf(b.rings[0]!))) return false;
  const edges = new Set(edgeKeys(a.rings));
  return edgeKeys(b.rings).some((edge) => edges.has(edge));
}

/** Return a key for each edge that does not depend on its direction. */
function edgeKeys(rings: Rings): string[] {
  return rings.flatMap((ring) =>
    ring.map((point, i) => [point, ring[(i + 1) % ring.length]!].map(String).sort().join(" ")),
  );
}

/** Merge a region with all regions that `connectedRegions` returns. */
export function merge(region: Region): Action {
  return (label) => {
    if (!label.regions.includes(region)) return label;
    const connected = connectedRegions(region, label);
    const union = connected.length > 1 ? unite(connected.map(({ rings }) => rings)) : null;
    if (!union || union.length >= connected.length) return label;
    const pieces = new Map<Region, Region[]>(connected.map((each) => [each, []]));
    pieces.set(region, piecesOf(region, union));
    return { regions: replaceWith(label.regions, pieces) };
  };
}

/** Give the class to all pixels without a label. */
export function fillRest(code: number, frame: Frame): Action {
  return (label) => {
    const parts = unlabeledArea(label.regions, frame).map((rings): Region => ({ code, rings }));
    if (!parts.length) return label;
    return { regions: alignBorders([...label.regions, ...parts], new Set(parts)) };
  };
}

export function removeRegion(region: Region): Action {
  return (label) => {
    const regions = label.regions.filter((each) => each !== region);
    return regions.length === label.regions.length ? label : { regions };
  };
}

export function setClass(region: Region, code: number): Action {
  return (label) => {
    if (region.code === code || !label.regions.includes(region)) return label;
    const changed = { ...region, code };
    return { regions: label.regions.map((each) => (each === region ? changed : each)) };
  };
}
