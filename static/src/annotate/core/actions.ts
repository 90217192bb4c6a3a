/**
 * What can be done to a label. An action is a pure function label -> label and knows nothing of
 * undo; one that changes nothing returns the very label it was given.
 *
 * Whatever is done, afterwards regions lie on the image, outside the masked areas and on no other
 * region, and borders that two of them share have the same corners in both.
 */
import { weld } from "./borders";
import { freeParts, freeSpace, subtract, tidy, unite } from "./clip";
import { boxOf, boxesMeet } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Region, Ring, Rings } from "./label";
import { splitRings } from "./split";
import { untangle } from "./self_intersections";

export type Action = (label: Label) => Label;

/**
 * Adds the ring as a region, or several if it falls into pieces. It takes what is free, or paints
 * over the regions that are there.
 */
export function addRegion(code: number, ring: Ring, frame: Frame, paintOver = false): Action {
  return (label) => {
    const drawn: Region = { code, rings: [ring] };
    const next = settle([...label.regions, drawn], new Set([drawn]), frame, paintOver);
    return next ? { regions: next } : label;
  };
}

/** Gives regions new rings, all at once; as it was when one of them would vanish. */
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
    const next = moved.size ? settle(regions, moved, frame, paintOver) : null;
    return next ? { regions: next } : label;
  };
}

/**
 * Cuts the drawn regions to what they may take; null when nothing is left of one of them. Of two
 * drawn regions the earlier wins.
 */
function settle(
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
    const parts = piecesOf(region, freeParts(region.rings, taken, frame));
    if (!parts.length) return null;
    pieces.set(region, parts);
    placed.push(...parts);
  }
  if (paintOver) erase(still, placed.map(({ rings }) => rings), pieces);
  return replaceWith(regions, pieces);
}

/** Takes away from the regions what lies under the others; notes in `pieces` what that changed. */
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
  return joinBorders(next, new Set([...pieces.values()].flat()));
}

/** Gives shared borders the same corners; what then runs along itself is tidied, and joined again. */
function joinBorders(regions: readonly Region[], changed: ReadonlySet<Region>): Region[] {
  const welded = weld(regions, changed);
  const tidied = new Map<Region, Region[]>();
  for (const region of welded) {
    const parts = regions.includes(region) && !changed.has(region) ? null : tidy(region.rings);
    if (parts) tidied.set(region, piecesOf(region, parts));
  }
  if (!tidied.size) return welded;
  const next = welded.flatMap((region) => tidied.get(region) ?? [region]);
  return weld(next, new Set([...tidied.values()].flat()));
}

function piecesOf(region: Region, parts: readonly Rings[]): Region[] {
  return parts.map((rings) => ({ ...region, rings }));
}

/** Erases what lies inside the ring: from the one region, or from all that it touches. */
export function cutOut(ring: Ring, only: Region | null): Action {
  return (label) => {
    const pieces = new Map<Region, Region[]>();
    const loops = untangle(ring).map((loop): Rings => [loop]);
    erase(label.regions.filter((region) => !only || region === only), loops, pieces);
    return pieces.size ? { regions: replaceWith(label.regions, pieces) } : label;
  };
}

/** Divides along the path: the one region, or all that the path crosses. */
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

export function hasKin(region: Region, { regions }: Label): boolean {
  return regions.some(
    (each) => each !== region && each.code === region.code && shareBorder(region, each),
  );
}

/** The regions of the same class that touch the region, and those that touch these, and so on. */
export function kinOf(region: Region, { regions }: Label): Region[] {
  const kin = [region];
  const others = regions.filter((each) => each !== region && each.code === region.code);
  for (const one of kin) {
    for (const other of others) {
      if (!kin.includes(other) && shareBorder(one, other)) kin.push(other);
    }
  }
  return kin;
}

/** One of the other's edges is an edge of this one; touching in a point alone is not enough. */
function shareBorder(a: Region, b: Region): boolean {
  if (!boxesMeet(boxOf(a.rings[0]!), boxOf(b.rings[0]!))) return false;
  const edges = new Set(edgesOf(a.rings));
  return edgesOf(b.rings).some((edge) => edges.has(edge));
}

/** Each edge by its two ends, whichever way round. */
function edgesOf(rings: Rings): string[] {
  return rings.flatMap((ring) =>
    ring.map((point, i) => [point, ring[(i + 1) % ring.length]!].map(String).sort().join(" ")),
  );
}

/** Makes one region of it and of all that `kinOf` finds. */
export function merge(region: Region): Action {
  return (label) => {
    if (!label.regions.includes(region)) return label;
    const kin = kinOf(region, label);
    const union = kin.length > 1 ? unite(kin.map(({ rings }) => rings)) : null;
    if (!union || union.length >= kin.length) return label;
    const pieces = new Map<Region, Region[]>(kin.map((each) => [each, []]));
    pieces.set(region, piecesOf(region, union));
    return { regions: replaceWith(label.regions, pieces) };
  };
}

/** Gives the class all that is left of the image. */
export function fillRest(code: number, frame: Frame): Action {
  return (label) => {
    const parts = freeSpace(label.regions, frame).map((rings): Region => ({ code, rings }));
    if (!parts.length) return label;
    return { regions: joinBorders([...label.regions, ...parts], new Set(parts)) };
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
