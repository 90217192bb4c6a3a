/**
 * What becomes of the pieces that an action leaves over: they join a region of their class, or they
 * are dropped if they are small.
 */
import { piecesOf, replaceWith } from "./actions";
import type { Action } from "./actions";
import { edgeLengths } from "./borders";
import { unite } from "./clip";
import { boxOf, boxesOverlap } from "./geometry";
import type { Label, Leftover, Region, Rings } from "./label";

export type IsSmall = (rings: Rings) => boolean;

/** Run an action, and let the pieces that it leaves over join their neighbors. */
export function tidied(action: Action, isSmall: IsSmall): Action {
  return (label) => {
    const after = action(label);
    return after === label || !after.leftovers?.length ? after : joinLeftovers(after, isSmall);
  };
}

/** Drop the leftovers of a `tidied` action. They are small and have no neighbor of their class. */
export const dropLeftovers: Action = (label) => {
  const dropped = new Set(label.leftovers?.map(({ region }) => region));
  if (!dropped.size) return label;
  return { regions: label.regions.filter((region) => !dropped.has(region)) };
};

/**
 * Unite leftovers with regions of the same class that share a border: a small one with the neighbor
 * of the longest border, one that fills a hole with the region around it, and one that is cut off
 * by a region of its class with both. Only small ones remain as leftovers.
 */
function joinLeftovers({ regions, leftovers = [] }: Label, isSmall: IsSmall): Label {
  const borders = new Borders();
  const small = new Set(leftovers.filter(({ region }) => isSmall(region.rings)).map(({ region }) => region));
  const groups = new Groups();
  for (const leftover of leftovers) {
    const { region } = leftover;
    const neighbors = regions.filter(
      (each) => each.code === region.code && each !== region && !small.has(each) && borders.length(region, each) > 0,
    );
    const joined = small.has(region)
      ? neighbors.sort((a, b) => borders.length(region, b) - borders.length(region, a)).slice(0, 1)
      : partners(leftover, neighbors, borders);
    for (const each of joined) groups.join(region, each);
  }
  const pieces = new Map<Region, Region[]>();
  for (const group of groups.all(regions)) {
    const union = unite(group.map(({ rings }) => rings));
    if (!union || union.length >= group.length) continue;
    for (const each of group) pieces.set(each, []);
    pieces.set(group.find((each) => !small.has(each))!, piecesOf(group[0]!, union));
  }
  const next = replaceWith(regions, pieces);
  const isLeft = (_: Region, i: number): boolean => small.has(next.origins[i]!);
  const left = next.regions.filter(isLeft).map((region) => ({ region, siblings: [] }));
  return left.length ? { regions: next.regions, leftovers: left } : { regions: next.regions };
}

/** Return the neighbors that a leftover joins although it is not small. */
function partners({ region, siblings }: Leftover, neighbors: readonly Region[], borders: Borders): Region[] {
  const around = neighbors.find((each) => borders.surrounds(each, region));
  if (around) return [around];
  for (const between of neighbors) {
    const other = siblings.find((each) => each !== between && borders.length(each, between) > 0);
    if (other) return [between, other];
  }
  return [];
}

/** The borders that regions share, where both have the same vertices. */
class Borders {
  private readonly edges = new Map<Region, ReadonlyMap<string, number>>();

  length(a: Region, b: Region): number {
    if (!boxesOverlap(boxOf(a.rings[0]!), boxOf(b.rings[0]!))) return 0;
    const others = this.edgesOf(b);
    let sum = 0;
    for (const [edge, length] of this.edgesOf(a)) if (others.has(edge)) sum += length;
    return sum;
  }

  /** Return whether the whole outline of a region is a border with the other one. */
  surrounds(other: Region, { rings }: Region): boolean {
    const edges = this.edgesOf(other);
    return [...edgeLengths([rings[0]!]).keys()].every((edge) => edges.has(edge));
  }

  private edgesOf(region: Region): ReadonlyMap<string, number> {
    const known = this.edges.get(region) ?? edgeLengths(region.rings);
    this.edges.set(region, known);
    return known;
  }
}

/** Regions that are to be united, in disjoint groups. */
class Groups {
  private readonly groups = new Map<Region, Set<Region>>();

  join(a: Region, b: Region): void {
    const group = this.groups.get(a) ?? new Set([a]);
    for (const each of this.groups.get(b) ?? [b]) group.add(each);
    for (const each of group) this.groups.set(each, group);
  }

  /** Return the groups, with their regions in order. */
  all(regions: readonly Region[]): Region[][] {
    return [...new Set(this.groups.values())].map((group) => regions.filter((each) => group.has(each)));
  }
}
