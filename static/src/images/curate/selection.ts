/** Focus and selection of the images on a page. Immutable; positions count from 0. */

export interface Marks {
  readonly focus: number;
  /** Position where an extended selection started. */
  readonly anchor: number;
  /** Selection before it was extended. */
  readonly before: ReadonlySet<number>;
  readonly selected: ReadonlySet<number>;
}

const NOTHING: ReadonlySet<number> = new Set();

export const FRESH: Marks = { focus: 0, anchor: 0, before: NOTHING, selected: NOTHING };

/** Return the position after a key press, in rows of `columns`; null if the key does not move. */
export function stepOf(key: string, from: number, columns: number, count: number): number | null {
  const to = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - columns, ArrowDown: from + columns, Home: 0, End: count - 1 }[key];
  if (to === undefined || count === 0) return null;
  if (key === "ArrowDown" && to >= count) {
    // An incomplete last row: down from above its gap leads to its end.
    return Math.floor(from / columns) < Math.floor((count - 1) / columns) ? count - 1 : null;
  }
  return to >= 0 && to < count && to !== from ? to : null;
}

/** Move the focus; keep the selection. */
export function moveTo(marks: Marks, to: number): Marks {
  return { ...marks, focus: to, anchor: to, before: marks.selected };
}

/** Move the focus and select everything from the anchor to it. */
export function extendTo(marks: Marks, to: number): Marks {
  const [first, last] = to < marks.anchor ? [to, marks.anchor] : [marks.anchor, to];
  const selected = new Set(marks.before);
  for (let position = first; position <= last; position += 1) selected.add(position);
  return { ...marks, focus: to, selected };
}

/** Toggle the selection of an image, and move the focus to it. */
export function toggle(marks: Marks, at: number): Marks {
  const selected = new Set(marks.selected);
  if (!selected.delete(at)) selected.add(at);
  return { focus: at, anchor: at, before: selected, selected };
}

/** Select all images of the page; if all are selected, none. */
export function selectAll(marks: Marks, count: number): Marks {
  const selected = marks.selected.size === count ? NOTHING : new Set(Array.from({ length: count }, (_, at) => at));
  return { ...marks, anchor: marks.focus, before: selected, selected };
}

export function selectNone(marks: Marks): Marks {
  return { ...marks, anchor: marks.focus, before: NOTHING, selected: NOTHING };
}
