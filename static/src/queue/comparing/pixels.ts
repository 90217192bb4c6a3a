/**
 * Compare labels as pixels: the majority of the others, the difference, the disagreement. Pure. A pixel belongs to a
 * polygon by the same rule as on the server (`terrain/masks.py`): its center is inside by the even-odd rule, with left
 * < x <= right and top <= y < bottom for centers on the outline. So the page shows exactly what scores and merges use.
 */

import type { Point, Polygon } from "../types";

/** Not labeled; never a class code. */
export const NO_LABEL = 255;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Return the class codes of a label, row by row; `NO_LABEL` where there is none. The earlier of overlapping polygons
 * wins. Pixels where `removed` is not 0 (rover, beyond the range limit, paper 3.1.3) are `NO_LABEL`.
 */
export function rasterize(polygons: readonly Polygon[], size: Size, removed: Uint8Array | null = null): Uint8Array {
  const codes = new Uint8Array(size.width * size.height).fill(NO_LABEL);
  // In reverse order, so that earlier polygons overwrite later ones.
  for (const polygon of [...polygons].reverse()) fill(codes, polygon, size);
  if (removed) {
    for (let i = 0; i < codes.length; i++) if (removed[i]) codes[i] = NO_LABEL;
  }
  return codes;
}

/** Fill one polygon by scan lines with the even-odd rule. */
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

/** Add, to each row that an edge crosses, the first column whose center is right of the crossing. */
function cross(a: Point, b: Point, width: number, height: number, rows: Map<number, number[]>): void {
  // Always from the upper to the lower end, so that both directions give bit-identical crossings.
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

/** Return the class of more than half of the labels at each pixel; `NO_LABEL` where no class has a majority. */
export function majorityOf(labels: readonly Uint8Array[], size: Size): Uint8Array {
  const found = new Uint8Array(size.width * size.height).fill(NO_LABEL);
  if (labels.length === 0) return found;
  for (let i = 0; i < found.length; i++) {
    // Boyer-Moore majority vote (1981): a majority survives this pass ...
    let code = NO_LABEL;
    let lead = 0;
    for (const label of labels) {
      if (lead === 0) code = label[i]!;
      lead += label[i] === code ? 1 : -1;
    }
    if (code === NO_LABEL || lead <= 0) continue;
    // ... but the survivor is not always a majority, so count it.
    let votes = 0;
    for (const label of labels) if (label[i] === code) votes += 1;
    if (2 * votes > labels.length) found[i] = code;
  }
  return found;
}

/** Difference of a label from the majority of the others at a pixel. */
export const NOTHING = 0;
export const SAME = 1;
/** Labeled by the others, not by this label. */
export const MISSED = 2;
/** Labeled by this label, not by the others. */
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
 * Return how many labels differ from the majority at each pixel. "No label" counts as a class, as in the agreement
 * score. 0 where all agree.
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
