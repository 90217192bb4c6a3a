/**
 * Pure editing functions from one label to the next.
 *
 * An action knows nothing of the undo history. If it changes nothing, it returns the same object.
 * After every action, regions lie inside the image, outside the masked areas, and do not overlap; a
 * border shared by two regions has the same vertices in both.
 */
import { edgeLengths, shareCorners } from "./borders";
import { clipToFreeArea, unlabeledArea, subtract, splitIntoSimpleParts, unite } from "./clip";
import { boxOf, boxesOverlap, regionArea } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Leftover, Region, Ring, Rings } from "./label";
import { splitRings } from "./split";
import { resolveSelfIntersections } from "./self_intersections";

export type Action = (label: Label) => Label;

/**
 * Add the ring as a region, or as several if clipping splits it. With `paintOver` it replaces other
 * regions; otherwise it takes only unlabeled pixels.
 */
export function addRegion(code: number, ring: Ring, frame: Frame, paintOver = false): Action {
  return addCopy({ code, rings: [ring] }, frame, paintOver);
}

/** Add a region like `addRegion`, with its holes. */
export function addCopy(region: Region, frame: Frame, paintOver = false): Action {
  return (label) => {
    const drawn: Region = { ...region };
    const all = [...label.regions, drawn];
    const next = clipDrawnRegions(all, new Set([drawn]), frame, paintOver);
    return next ? withLeftovers(next, (origin) => origin !== drawn) : label;
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
    return next ? { regions: next.regions } : label;
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
): Replaced | null {
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

/** Regions after an action, each with the region before it that it comes from. */
export interface Replaced {
  readonly regions: readonly Region[];
  readonly origins: readonly Region[];
}

/** Replace regions by their pieces, and align the borders. */
export function replaceWith(
  regions: readonly Region[],
  pieces: ReadonlyMap<Region, readonly Region[]>,
): Replaced {
  const next = regions.flatMap((region) => pieces.get(region) ?? [region]);
  const before = regions.flatMap((region) => (pieces.get(region) ?? [region]).map(() => region));
  const aligned = alignBorders(next, new Set([...pieces.values()].flat()));
  return { regions: aligned.regions, origins: aligned.places.map((place) => before[place]!) };
}

/**
 * Give shared borders the same vertices. Then repair rings that touch themselves, and align borders
 * again. Return for each region its place among the given ones, too.
 */
function alignBorders(
  regions: readonly Region[],
  changed: ReadonlySet<Region>,
): { readonly regions: Region[]; readonly places: number[] } {
  const simpleParts = shareCorners(regions, changed).map((region, place) => {
    const isSame = region === regions[place] && !changed.has(region);
    const parts = isSame ? null : splitIntoSimpleParts(region.rings);
    return parts ? piecesOf(region, parts) : region;
  });
  const repaired = new Set(simpleParts.filter((each) => Array.isArray(each)).flat());
  const next = simpleParts.flat();
  return {
    regions: repaired.size ? shareCorners(next, repaired) : next,
    places: simpleParts.flatMap((each, place) => [each].flat().map(() => place)),
  };
}

/**
 * Return the label with what the action left over: of each region all pieces but its largest, and
 * that one too if it is less than half of a region that was painted over.
 */
function withLeftovers({ regions, origins }: Replaced, isPainted: (origin: Region) => boolean): Label {
  const pieces = new Map<Region, Region[]>();
  regions.forEach((region, i) => {
    if (region === origins[i]) return;
    pieces.set(origins[i]!, [...(pieces.get(origins[i]!) ?? []), region]);
  });
  const leftovers = [...pieces].flatMap(([origin, all]): Leftover[] => {
    const areas = all.map(({ rings }) => regionArea(rings));
    const most = Math.max(...areas);
    const isCrumb = isPainted(origin) && most < regionArea(origin.rings) / 2;
    const main = isCrumb ? -1 : areas.indexOf(most);
    return all
      .filter((_, i) => i !== main)
      .map((region) => ({ region, siblings: all.filter((each) => each !== region) }));
  });
  return leftovers.length ? { regions, leftovers } : { regions };
}

export function piecesOf(region: Region, parts: readonly Rings[]): Region[] {
  return parts.map((rings) => ({ ...region, rings }));
}

/** Erase the inside of the ring from one region, or from every region that it overlaps. */
export function cutOut(ring: Ring, only: Region | null): Action {
  return (label) => {
    const pieces = new Map<Region, Region[]>();
    const loops = resolveSelfIntersections(ring).map((loop): Rings => [loop]);
    erase(label.regions.filter((region) => !only || region === only), loops, pieces);
    return pieces.size ? withLeftovers(replaceWith(label.regions, pieces), () => false) : label;
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
    return pieces.size ? { regions: replaceWith(label.regions, pieces).regions } : label;
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
  const edges = edgeLengths(a.rings);
  return [...edgeLengths(b.rings).keys()].some((edge) => edges.has(edge));
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
    return { regions: replaceWith(label.regions, pieces).regions };
  };
}

/** Give the class to all pixels without a label. */
export function fillRest(code: number, frame: Frame): Action {
  return (label) => {
    const parts = unlabeledArea(label.regions, frame).map((rings): Region => ({ code, rings }));
    if (!parts.length) return label;
    const { regions, places } = alignBorders([...label.regions, ...parts], new Set(parts));
    const isFilled = (_: Region, i: number): boolean => places[i]! >= label.regions.length;
    const leftovers = regions.filter(isFilled).map((region) => ({ region, siblings: [] }));
    return { regions, leftovers };
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
