/** Retire and restore as data, so that each action can be undone exactly. Pure. */

import type { Picture } from "./types";

export interface Standing {
  readonly retired: boolean;
  readonly reason: string;
}

export interface Change {
  readonly id: number;
  readonly before: Standing;
  readonly after: Standing;
}

/** An action, which is undone as a whole. */
export type Action = readonly Change[];

/** One request to the server. */
export interface Batch {
  readonly ids: readonly number[];
  readonly retire: boolean;
  readonly reason: string;
}

/** Return the action that retires or restores images; images already in that state are left out. */
export function actionOn(pictures: readonly Picture[], retire: boolean, reason: string): Action {
  const after: Standing = { retired: retire, reason: retire ? reason : "" };
  return pictures
    .filter((picture) => picture.retired !== retire)
    .map((picture) => ({
      id: picture.id,
      before: { retired: picture.retired, reason: picture.retired_reason },
      after,
    }));
}

/** Return the inverse action; each image gets its former reason back. */
export function reversed(action: Action): Action {
  return action.map(({ id, before, after }) => ({ id, before: after, after: before }));
}

/** Return the requests of an action, one for each target state. */
export function batchesOf(action: Action): Batch[] {
  const batches = new Map<string, { ids: number[]; retire: boolean; reason: string }>();
  for (const { id, after } of action) {
    const key = `${after.retired} ${after.reason}`;
    const batch = batches.get(key) ?? { ids: [], retire: after.retired, reason: after.reason };
    batch.ids.push(id);
    batches.set(key, batch);
  }
  return [...batches.values()];
}

/** Return the images after an action; unchanged images stay the same objects. */
export function applied(pictures: readonly Picture[], action: Action): Picture[] {
  const standings = new Map(action.map(({ id, after }) => [id, after]));
  return pictures.map((picture) => {
    const standing = standings.get(picture.id);
    return standing ? { ...picture, retired: standing.retired, retired_reason: standing.reason } : picture;
  });
}

/** Return the images that have labels; the page asks before retiring them. */
export function withLabels(pictures: readonly Picture[]): readonly Picture[] {
  return pictures.filter((picture) => picture.labels > 0);
}
