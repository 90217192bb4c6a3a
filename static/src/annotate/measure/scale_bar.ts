/** Comparison of a region with the scale bar: smaller objects need no label. */
import { boxOf, regionArea } from "../core/geometry";
import type { Size } from "../core/geometry";
import type { Rings } from "../core/label";
import { focalLength } from "./camera";
import { rangeAt } from "./range_map";
import { longestExtent } from "./size";
import type { Space } from "./size";

/** A scale bar: the length it represents, and its width in the picture. */
export interface ScaleBar {
  readonly width_m: number;
  readonly width_px: number;
}

/**
 * Return whether the region's longest extent is smaller than the bar.
 *
 * Both are compared in meters if the range is known at the region, else in pixels.
 */
export function isSmallerThanBar(rings: Rings, bar: ScaleBar, space: Space | null): boolean {
  const longest = space && longestExtent(space, rings);
  if (longest !== null) return longest < bar.width_m;
  const { left, top, right, bottom } = boxOf(rings[0] ?? []);
  return Math.hypot(right - left, bottom - top) < bar.width_px;
}

/** The share of the picture below which a piece is small, in a picture without a scale bar. */
const TINY_SHARE = 0.001;

/**
 * Return whether a piece has less area than a square as wide as the bar.
 *
 * Where the piece is farther away than the bar, and its range is known, the bar is narrower.
 */
export function isSmallerThanBarSquare(
  rings: Rings,
  bar: ScaleBar | null,
  space: Space | null,
  { width, height }: Size,
): boolean {
  const least = bar ? barWidthAt(rings, bar, space) ** 2 : TINY_SHARE * width * height;
  return regionArea(rings) < least;
}

/** Return the width in pixels of a bar at the farthest known range of the outline. */
function barWidthAt(rings: Rings, { width_m, width_px }: ScaleBar, space: Space | null): number {
  if (!space) return width_px;
  const ranges = (rings[0] ?? []).map((point) => rangeAt(space.range, point) ?? 0);
  const farthest = Math.max(0, ...ranges.filter((range) => range < Infinity));
  return farthest ? Math.min(width_px, (focalLength(space.camera) * width_m) / farthest) : width_px;
}
