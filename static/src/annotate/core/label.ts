/**
 * The label being drawn: the regions that the volunteer marked on one image, as immutable data.
 *
 * Points are (x, y) in image pixels, x right, y down. A ring does not repeat its first point at the
 * end. The first ring of a region is its outline; the others are holes. Regions are compared by
 * identity: an action replaces a changed region with a new object.
 */

export type Point = readonly [x: number, y: number];
export type Ring = readonly Point[];
export type Rings = readonly Ring[];

export interface Region {
  /** Terrain class code, as written in masks. */
  readonly code: number;
  readonly rings: Rings;
}

export interface Label {
  readonly regions: readonly Region[];
  /** Regions that the last action left over; see leftovers.ts. They are not stored. */
  readonly leftovers?: readonly Leftover[];
}

/** A piece that an action left over, and the other pieces of the same region. */
export interface Leftover {
  readonly region: Region;
  readonly siblings: readonly Region[];
}

/** One region as the server reads and stores it. */
export interface PolygonJson {
  readonly class: number;
  readonly rings: readonly (readonly (readonly [number, number])[])[];
}

export const EMPTY_LABEL: Label = { regions: [] };

export function toPolygons(label: Label): PolygonJson[] {
  return label.regions.map((region) => ({ class: region.code, rings: region.rings }));
}

export function fromPolygons(polygons: readonly PolygonJson[]): Label {
  return { regions: polygons.map((polygon) => ({ code: polygon.class, rings: polygon.rings })) };
}
