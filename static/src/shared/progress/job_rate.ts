/** How fast a long job goes, and how long it will still take, from what was seen of it. Pure. */

import type { Words } from "../translations";

export interface Sample {
  /** When it was seen, in milliseconds of any steady clock. */
  readonly at: number;
  readonly done: number;
}

export interface Pace {
  readonly perSecond: number;
  readonly secondsLeft: number;
}

/** Only the last half minute counts: what was slow an hour ago says little about now. */
export const WINDOW_MS = 30_000;

/**
 * Adds a sample and forgets those outside the window. A job that started over (fewer done) starts afresh, and so does
 * one of which nothing was done: if it goes on after a stop, what was made before comes at once, and is no pace.
 */
export function remember(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples[samples.length - 1];
  const kept = last && (last.done === 0 || sample.done < last.done) ? [] : samples.filter((each) => sample.at - each.at <= WINDOW_MS);
  return [...kept, sample];
}

/** The pace over the samples; null as long as nothing can be said: less than two seconds seen, or no progress. */
export function pace(samples: readonly Sample[], total: number): Pace | null {
  const first = samples[0];
  const last = samples[samples.length - 1];
  if (!first || !last || last.at - first.at < 2000 || last.done <= first.done) return null;
  const perSecond = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { perSecond, secondsLeft: Math.max(0, total - last.done) / perSecond };
}

/**
 * The pace as a sentence, such as "· 12 per second · about 3 min left"; empty as long as nothing can be said.
 * The page has the words "rate" ({rate}), "left-seconds" ({n}) and "left-minutes" ({n}).
 */
export function rateText(samples: readonly Sample[], total: number, words: Words, language: string): string {
  const now = pace(samples, total);
  if (!now) return "";
  const short = new Intl.NumberFormat(language || undefined, { maximumSignificantDigits: 2 });
  const left =
    now.secondsLeft < 90
      ? words("left-seconds", { n: Math.max(1, Math.round(now.secondsLeft)) })
      : words("left-minutes", { n: Math.round(now.secondsLeft / 60) });
  return `${words("rate", { rate: short.format(now.perSecond) })} ${left}`;
}
