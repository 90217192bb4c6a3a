/** Whether a region is smaller than the scale bar: then it need not be there. Pure. */
import { boxOf } from "../core/geometry";
import type { Rings } from "../core/label";
import { longestWay } from "./size";
import type { Space } from "./size";

/** A drawn scale bar: what it stands for, and how wide it is in the picture. */
export interface ScaleBar {
  readonly width_m: number;
  readonly width_px: number;
}

/**
 * Compared are the region's longest way and the bar's width: in meters where the picture's space
 * is known at the region's own place, else in pixels, as a person would hold the bar beside it.
 */
export function isSmallerThanBar(rings: Rings, bar: ScaleBar, space: Space | null): boolean {
  const longest = space && longestWay(space, rings);
  if (longest !== null) return longest < bar.width_m;
  const { left, top, right, bottom } = boxOf(rings[0] ?? []);
  return Math.hypot(right - left, bottom - top) < bar.width_px;
}
