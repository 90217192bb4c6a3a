/** Changes of an illustration's drawing. Pure. */

import type { Box, Config, Drawing, Handle, Mark, Point } from "./types";

type Limits = Pick<Config, "shortest_px" | "most_oblong"> & { readonly image: { readonly width: number; readonly height: number } };

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), Math.max(low, high));
const rounded = (value: number): number => Math.round(value * 10) / 10;

/** Return the box in whole pixels, within the image and the limits of size and shape. */
export function fitted(box: Box, limits: Limits): Box {
  const { width: wide, height: high } = limits.image;
  let width = between(Math.round(box[2]), limits.shortest_px, wide);
  let height = between(Math.round(box[3]), limits.shortest_px, high);
  width = Math.min(width, Math.floor(height * limits.most_oblong));
  height = Math.min(height, Math.floor(width * limits.most_oblong));
  return [between(Math.round(box[0]), 0, wide - width), between(Math.round(box[1]), 0, high - height), width, height];
}

export function cornersOf([left, top, width, height]: Box): readonly Point[] {
  return [
    [left, top],
    [left + width, top],
    [left + width, top + height],
    [left, top + height],
  ];
}

/** Return the box with one corner at a place; the opposite corner stays. */
export function withCorner(box: Box, corner: number, [x, y]: Point, limits: Limits): Box {
  const [farX, farY] = cornersOf(box)[(corner + 2) % 4]!;
  const isLeft = corner === 0 || corner === 3;
  const isTop = corner < 2;
  const { width: wide, height: high } = limits.image;
  const width = isLeft ? farX - between(x, 0, farX) : between(x, farX, wide) - farX;
  const height = isTop ? farY - between(y, 0, farY) : between(y, farY, high) - farY;
  const [, , w, h] = fitted([0, 0, width, height], limits);
  return fitted([isLeft ? farX - w : farX, isTop ? farY - h : farY, w, h], limits);
}

export const moved = (box: Box, [dx, dy]: Point, limits: Limits): Box => fitted([box[0] + dx, box[1] + dy, box[2], box[3]], limits);

/** Return the nearest place inside a box. */
export function inside([left, top, width, height]: Box, [x, y]: Point): Point {
  return [rounded(between(x, left, left + width)), rounded(between(y, top, top + height))];
}

export const distance = (one: Point, other: Point): number => Math.hypot(one[0] - other[0], one[1] - other[1]);

export function withMark(drawing: Drawing, mark: Mark): Drawing {
  return { ...drawing, marks: [...drawing.marks, mark] };
}

export function withoutMark(drawing: Drawing, index: number): Drawing {
  return { ...drawing, marks: drawing.marks.filter((_mark, each) => each !== index) };
}

export function replaced(drawing: Drawing, index: number, mark: Mark): Drawing {
  return { ...drawing, marks: drawing.marks.map((old, each) => (each === index ? mark : old)) };
}

/** Return the drawing with one handle at a place. */
export function withHandle(drawing: Drawing, handle: Handle, at: Point, limits: Limits): Drawing {
  if ("corner" in handle) return { ...drawing, crop: withCorner(drawing.crop, handle.corner, at, limits) };
  const mark = drawing.marks[handle.mark];
  if (!mark) return drawing;
  const points = mark.points.map((point, each) => (each === handle.point ? inside(drawing.crop, at) : point));
  return replaced(drawing, handle.mark, { ...mark, points });
}

/** Return the handle nearest to a place, within a distance in image pixels; null if there is none. */
export function handleAt(drawing: Drawing, at: Point, reach: number, ofCrop: boolean): Handle | null {
  const all: [Handle, Point][] = ofCrop
    ? cornersOf(drawing.crop).map((point, corner) => [{ corner }, point])
    : drawing.marks.flatMap((mark, index) => mark.points.map((point, each): [Handle, Point] => [{ mark: index, point: each }, point]));
  let best: Handle | null = null;
  let nearest = reach;
  for (const [handle, point] of all) {
    const far = distance(point, at);
    if (far <= nearest) [best, nearest] = [handle, far];
  }
  return best;
}

/** Return the number that leads to each mark's caption; null for marks without one. */
export function numbersOf(marks: readonly Mark[]): (number | null)[] {
  let last = 0;
  return marks.map((mark) => ("captions" in mark && Object.values(mark.captions).some((text) => text.trim()) ? ++last : null));
}

/** A drawing with what came before and what was undone. Immutable. */
export interface History {
  readonly now: Drawing;
  readonly before: readonly Drawing[];
  readonly after: readonly Drawing[];
}

export const begun = (now: Drawing): History => ({ now, before: [], after: [] });

export const changed = (history: History, now: Drawing): History =>
  now === history.now ? history : { now, before: [...history.before, history.now], after: [] };

export function undone(history: History): History {
  const now = history.before.at(-1);
  return now ? { now, before: history.before.slice(0, -1), after: [history.now, ...history.after] } : history;
}

export function redone(history: History): History {
  const now = history.after[0];
  return now ? { now, before: [...history.before, history.now], after: history.after.slice(1) } : history;
}
