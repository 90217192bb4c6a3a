/** Copies of a region at another position in the image. */
import { clipToFreeArea } from "./clip";
import { boxOf, regionArea, roundPoint } from "./geometry";
import type { Frame } from "./geometry";
import type { Label, Point, Region } from "./label";

/** Pixels between a region and its copy beside it. */
const GAP = 4;

/** Return the region with the middle of its box at a point, or as near as the image allows. */
export function copyAt(region: Region, at: Point, { width, height }: Frame): Region {
  const { left, top, right, bottom } = boxOf(region.rings[0]!);
  const dx = shiftInside(at[0] - (left + right) / 2, left, right, width);
  const dy = shiftInside(at[1] - (top + bottom) / 2, top, bottom, height);
  const rings = region.rings.map((ring) => ring.map(([x, y]) => roundPoint([x + dx, y + dy])));
  return { ...region, rings };
}

/** Return a copy beside the region, where most of it is on the image and on unlabeled ground. */
export function copyBeside(region: Region, { regions }: Label, frame: Frame): Region {
  const { left, top, right, bottom } = boxOf(region.rings[0]!);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [across, down] = [right - left + GAP, bottom - top + GAP];
  const places: Point[] = [[x + across, y], [x - across, y], [x, y + down], [x, y - down]];
  const copies = places.map((place) => copyAt(region, place, frame));
  const free = copies.map(({ rings }) =>
    clipToFreeArea(rings, regions, frame).reduce((sum, part) => sum + regionArea(part), 0));
  return copies[free.indexOf(Math.max(...free))]!;
}

/** Limit a shift along one axis, so that the box stays on the image where it fits. */
function shiftInside(shift: number, from: number, to: number, size: number): number {
  return to - from > size ? -from : Math.min(Math.max(shift, -from), size - to);
}
