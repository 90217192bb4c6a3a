/**
 * Labels as pixels, to compare them: the majority of the others, the difference, the disagreement. Pure.
 *
 * Which pixels a polygon owns is the server's rule to the letter (`terrain/masks.py`): those whose center is inside,
 * even-odd, with left < x <= right and top <= y < bottom for a center on the outline. So what is shown here is what
 * scores and merges are made of.
 */

import type { Point, Polygon } from "../types";

/** Not labeled; never a class code. */
export const NO_LABEL = 255;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A label's class codes, row by row, `NO_LABEL` where there is none; of overlapping polygons the earlier one wins.
 * Without what is `removed`, a byte a pixel, not 0 on the rover or beyond the range limit (paper 3.1.3).
 */
export function rasterize(polygons: readonly Polygon[], size: Size, removed: Uint8Array | null = null): Uint8Array {
  const codes = new Uint8Array(size.width * size.height).fill(NO_LABEL);
  // The last one first, so that each earlier one paints over it.
  for (const polygon of [...polygons].reverse()) fill(codes, polygon, size);
  if (removed) {
    for (let i = 0; i < codes.length; i++) if (removed[i]) codes[i] = NO_LABEL;
  }
  return codes;
}

/** Paints one polygon: along each row, every edge that is crossed changes from outside to inside or back. */
function fill(codes: Uint8Array, polygon: Polygon, { width, height }: Size): void {
  const rows = new Map<number, number[]>();
  for (const ring of polygon.rings) {
    for (let i = 0; i < ring.length; i++) {
      cross(ring[i]!, ring[(i + 1) % ring.length]!, width, height, rows);
    }
  }
  for (const [row, cols] of rows) {
    cols.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cols.length; i += 2) {
      codes.fill(polygon.class, row * width + cols[i]!, row * width + cols[i + 1]!);
    }
  }
}

/** Adds to each row that an edge crosses the first column whose center lies strictly after the crossing. */
function cross(a: Point, b: Point, width: number, height: number, rows: Map<number, number[]>): void {
  // From the upper to the lower end: an edge walked the other way round has the same crossings to the last bit.
  const [[x0, y0], [x1, y1]] = a[1] <= b[1] ? [a, b] : [b, a];
  const first = clip(Math.ceil(y0 - 0.5), height);
  const last = clip(Math.ceil(y1 - 0.5), height);
  for (let row = first; row < last; row++) {
    const x = ((row + 0.5 - y0) * (x1 - x0)) / (y1 - y0) + x0;
    const col = clip(Math.floor(x + 0.5), width);
    const known = rows.get(row);
    if (known) known.push(col);
    else rows.set(row, [col]);
  }
}

const clip = (value: number, end: number): number => Math.min(Math.max(value, 0), end);

/** What more than half of the labels say of each pixel; `NO_LABEL` where that is nothing, or where they are split. */
export function majorityOf(labels: readonly Uint8Array[], size: Size): Uint8Array {
  const found = new Uint8Array(size.width * size.height).fill(NO_LABEL);
  if (labels.length === 0) return found;
  for (let i = 0; i < found.length; i++) {
    // Whoever has a majority outlives all the others' votes (Boyer and Moore 1981) ...
    let code = NO_LABEL;
    let lead = 0;
    for (const label of labels) {
      if (lead === 0) code = label[i]!;
      lead += label[i] === code ? 1 : -1;
    }
    if (code === NO_LABEL || lead <= 0) continue;
    // ... but who outlives them need not have one.
    let votes = 0;
    for (const label of labels) if (label[i] === code) votes += 1;
    if (2 * votes > labels.length) found[i] = code;
  }
  return found;
}

/** How a label differs from the majority of the others at a pixel. */
export const NOTHING = 0;
export const SAME = 1;
/** The others have it, this label does not. */
export const MISSED = 2;
/** This label has it, the others do not. */
export const EXTRA = 3;
export const OTHER_CLASS = 4;

export function differenceOf(label: Uint8Array, majority: Uint8Array): Uint8Array {
  return label.map((own, i) => {
    const theirs = majority[i]!;
    if (own === theirs) return own === NO_LABEL ? NOTHING : SAME;
    if (own === NO_LABEL) return MISSED;
    return theirs === NO_LABEL ? EXTRA : OTHER_CLASS;
  });
}

/**
 * How many of the labels differ at each pixel from what most of them say; no label is an answer too, as it is for the
 * agreement score. 0 where all agree; a share of all labels is that many by their number.
 */
export function disagreementOf(labels: readonly Uint8Array[], size: Size): Uint8Array {
  const found = new Uint8Array(size.width * size.height);
  const votes = new Uint8Array(256);
  for (let i = 0; i < found.length; i++) {
    let most = 0;
    for (const label of labels) most = Math.max(most, ++votes[label[i]!]!);
    for (const label of labels) votes[label[i]!] = 0;
    found[i] = labels.length - most;
  }
  return found;
}
