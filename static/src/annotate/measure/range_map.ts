/**
 * The range of a picture as the server prepares it (terrain/display/reduced_range.py): whole
 * centimeters, one cell for 4 x 4 pixels; 0 is no range, 65535 farther than 655.34 m.
 */
import type { Pixels } from "../../shared/png";
import type { Point } from "../core/label";

export const REDUCTION = 4;
const FARTHER = 65535;

/**
 * Adjacent cells whose ranges have a larger ratio lie on different surfaces, e.g. a rock before
 * ground.
 */
const LARGEST_STEP = 1.12;

export interface RangeMap {
  readonly columns: number;
  readonly rows: number;
  readonly centimeters: Uint16Array;
}

/** Return the range map from its PNG: red holds the upper 8 bits, green the lower. */
export function toRangeMap({ width, height, channels, bytes }: Pixels): RangeMap {
  const centimeters = new Uint16Array(width * height);
  for (let i = 0; i < centimeters.length; i++) {
    centimeters[i] = (bytes[channels * i]! << 8) | bytes[channels * i + 1]!;
  }
  return { columns: width, rows: height, centimeters };
}

/**
 * Return the range of one cell in meters: 0 without range, Infinity for farther. Outside the map,
 * the nearest edge cell counts.
 */
export function cellRange({ columns, rows, centimeters }: RangeMap, i: number, j: number): number {
  const row = Math.min(Math.max(i, 0), rows - 1);
  const column = Math.min(Math.max(j, 0), columns - 1);
  const found = centimeters[row * columns + column] ?? 0;
  return found === FARTHER ? Infinity : found / 100;
}

/**
 * Return the range at a pixel in meters: Infinity for the sky of an estimate, null if unknown.
 *
 * Between cell centers, the inverse range is interpolated, which is linear over flat ground. Next
 * to an edge in the scene or a hole, the value is that of the pixel's own cell.
 */
export function rangeAt(map: RangeMap, [x, y]: Point): number | null {
  const across = x / REDUCTION - 0.5;
  const down = y / REDUCTION - 0.5;
  const [j, i] = [Math.floor(across), Math.floor(down)];
  const corners = [[i, j], [i, j + 1], [i + 1, j], [i + 1, j + 1]] as const;
  const ranges = corners.map(([row, column]) => cellRange(map, row, column));
  const nearest = Math.min(...ranges);
  if (nearest > 0 && Math.max(...ranges) <= LARGEST_STEP * nearest && nearest < Infinity) {
    const [s, t] = [across - j, down - i];
    const [a, b, c, d] = ranges.map((range) => 1 / range) as [number, number, number, number];
    return 1 / ((1 - t) * ((1 - s) * a + s * b) + t * ((1 - s) * c + s * d));
  }
  const own = cellRange(map, Math.floor(y / REDUCTION), Math.floor(x / REDUCTION));
  return own > 0 ? own : null;
}
