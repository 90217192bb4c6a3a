/** Rate and remaining time of a long job, from samples of its progress. Pure. */

import type { Words } from "../translations";

export interface Sample {
  /** Time of the sample, milliseconds of a monotonic clock. */
  readonly at: number;
  readonly done: number;
}

export interface Pace {
  readonly perSecond: number;
  readonly secondsLeft: number;
}

/** Samples of the last 30 seconds count: an earlier rate says little about the current one. */
export const WINDOW_MS = 30_000;

/**
 * Add a sample and drop those outside the window. A job that restarts (fewer items done) starts over, and so does one
 * with nothing done: after a stop, items that were made before are counted at once.
 */
export function remember(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples[samples.length - 1];
  const kept = last && (last.done === 0 || sample.done < last.done) ? [] : samples.filter((each) => sample.at - each.at <= WINDOW_MS);
  return [...kept, sample];
}

/** Return the rate over the samples; null for less than two seconds or without progress. */
export function pace(samples: readonly Sample[], total: number): Pace | null {
  const first = samples[0];
  const last = samples[samples.length - 1];
  if (!first || !last || last.at - first.at < 2000 || last.done <= first.done) return null;
  const perSecond = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { perSecond, secondsLeft: Math.max(0, total - last.done) / perSecond };
}

/**
 * Return the rate as text, such as "· 12 per second · about 3 min left"; empty if unknown. Uses the translations "rate"
 * ({rate}), "left-seconds" ({n}) and "left-minutes" ({n}).
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
