/** Bulk rating in batches: progress and stored ratings. Independent of the page. */

import type { BulkDone } from "./api";

/** Largest batch that the server accepts. */
const BATCH = 100;

export interface Progress {
  readonly rated: number;
  readonly refused: number;
  readonly remaining: number;
  /** Ids of the stored ratings, needed to undo them. */
  readonly ratings: readonly number[];
}

export const NOTHING_DONE: Progress = { rated: 0, refused: 0, remaining: 0, ratings: [] };

/** Rate batches until no labels remain or `goesOn` returns false; report each batch. Throws what `rate` throws. */
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
      refused: done.refused, // refused labels are tried, and refused, again
      remaining: done.remaining,
      ratings: [...all.ratings, ...done.ratings],
    };
    tell(all);
  } while (all.remaining > 0 && goesOn());
}

/** Withdraw ratings, the newest first; report the remaining number after each batch. */
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
