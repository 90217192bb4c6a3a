/** One rating for many labels, batch after batch: what is done so far, and what was given. Knows no page. */

import type { BulkDone } from "./api";

/** The server takes at most so many at once. */
const BATCH = 100;

export interface Progress {
  readonly rated: number;
  readonly refused: number;
  readonly remaining: number;
  /** The ratings that were given, with which they can be taken back. */
  readonly ratings: readonly number[];
}

export const NOTHING_DONE: Progress = { rated: 0, refused: 0, remaining: 0, ratings: [] };

/** Asks for batches until none is left, or until `goesOn` says no; tells of each. Throws what `rate` throws. */
export async function rateAll(
  rate: () => Promise<BulkDone>,
  tell: (progress: Progress) => void,
  goesOn: () => boolean,
): Promise<void> {
  let all = NOTHING_DONE;
  do {
    const done = await rate();
    all = {
      rated: all.rated + done.rated,
      refused: done.refused, // those refused once are tried, and refused, again
      remaining: done.remaining,
      ratings: [...all.ratings, ...done.ratings],
    };
    tell(all);
  } while (all.remaining > 0 && goesOn());
}

/** Takes ratings back, the newest first; tells how many are left after each batch. */
export async function undoAll(
  ratings: readonly number[],
  undo: (batch: readonly number[]) => Promise<void>,
  tell: (left: readonly number[]) => void,
): Promise<void> {
  for (let left = ratings; left.length > 0; ) {
    await undo(left.slice(-BATCH));
    left = left.slice(0, -BATCH);
    tell(left);
  }
}
