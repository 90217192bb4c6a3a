/** Comparison of a region with the scale bar: smaller objects need no label. */
import { boxOf } from "../core/geometry";
import type { Rings } from "../core/label";
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
