/** Retiring and restoring as data, so that each can be undone exactly. Pure. */

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

/** What was done at once, and is undone at once. */
export type Action = readonly Change[];

/** One request to the server. */
export interface Batch {
  readonly ids: readonly number[];
  readonly retire: boolean;
  readonly reason: string;
}

/** Prunes or restores pictures; those that stand so already are left alone. */
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

/** The action that takes this one back, each picture to the very reason it had. */
export function reversed(action: Action): Action {
  return action.map(({ id, before, after }) => ({ id, before: after, after: before }));
}

/** The requests that carry an action out: one for each way in which pictures shall stand. */
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

/** The pictures as they stand after an action; those it is not about stay the same objects. */
export function applied(pictures: readonly Picture[], action: Action): Picture[] {
  const standings = new Map(action.map(({ id, after }) => [id, after]));
  return pictures.map((picture) => {
    const standing = standings.get(picture.id);
    return standing ? { ...picture, retired: standing.retired, retired_reason: standing.reason } : picture;
  });
}

/** How many of the pictures have labels: retiring those is asked about first. */
export function withLabels(pictures: readonly Picture[]): readonly Picture[] {
  return pictures.filter((picture) => picture.labels > 0);
}
