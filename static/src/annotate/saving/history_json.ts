/** The stored form of an undo history: of each state only what differs from the one before. */
import type { Drawing } from "../core/editor";
import type { History } from "../core/history";
import { EMPTY_LABEL, fromPolygons, toPolygons } from "../core/label";
import type { Point, PolygonJson } from "../core/label";
import { NO_SKETCH, isEmpty } from "../core/sketch";
import type { Sketch } from "../core/sketch";

/** Replace this many items from this index on by others. */
type Splice<T> = readonly [start: number, removed: number, ...added: readonly T[]];

interface StateJson {
  readonly regions?: Splice<PolygonJson>;
  readonly steps?: Splice<readonly Point[]>;
  /** How the unfinished shape is drawn. */
  readonly style?: Omit<Sketch, "steps">;
}

export interface HistoryJson {
  readonly states: readonly StateJson[];
  /** The index of the present state. */
  readonly present: number;
}

/** Return a history with at most `most` steps of undo and of redo. */
export function historyToJson({ past, present, future }: History<Drawing>, most: number): HistoryJson {
  const kept = past.slice(Math.max(0, past.length - most));
  let before: Drawing = { label: EMPTY_LABEL, sketch: NO_SKETCH };
  const states = [...kept, present, ...future.slice(0, most)].map((state): StateJson => {
    const regions = spliceOf(before.label.regions, state.label.regions);
    const steps = spliceOf(before.sketch.steps, state.sketch.steps);
    const { steps: _, ...style } = state.sketch;
    before = state;
    return {
      ...(regions && { regions: [regions[0], regions[1], ...toPolygons({ regions: regions[2] })] as const }),
      ...(steps && { steps: [steps[0], steps[1], ...steps[2]] as const }),
      ...(!isEmpty(state.sketch) && { style }),
    };
  });
  return { states, present: kept.length };
}

/** Return the history. Unchanged labels and regions of adjacent states are the same objects. */
export function historyFromJson({ states, present }: HistoryJson): History<Drawing> {
  let label = EMPTY_LABEL;
  let rows: Sketch["steps"] = [];
  const drawings = states.map(({ regions, steps, style }): Drawing => {
    if (regions) {
      const [start, removed, ...added] = regions;
      label = { regions: splice(label.regions, start, removed, fromPolygons(added).regions) };
    }
    if (steps) {
      const [start, removed, ...added] = steps;
      rows = splice(rows, start, removed, added);
    }
    return { label, sketch: rows.length ? { ...style, steps: rows } : NO_SKETCH };
  });
  return {
    past: drawings.slice(0, present),
    present: drawings[present]!,
    future: drawings.slice(present + 1),
  };
}

function splice<T>(list: readonly T[], start: number, removed: number, added: readonly T[]): readonly T[] {
  return [...list.slice(0, start), ...added, ...list.slice(start + removed)];
}

/** Return what turns one list into the other; null if they are the same. */
function spliceOf<T>(before: readonly T[], after: readonly T[]): readonly [number, number, readonly T[]] | null {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const removed = before.length - start - end;
  const added = after.slice(start, after.length - end);
  return removed || added.length ? [start, removed, added] : null;
}
