/** The API of the review pages; no other module sends requests. */

import { connect } from "../shared/delivery/connection";
import { Unreachable } from "../shared/server";
import type { LabelFacts, PageConfig, QueueAnswer, Verdict } from "./types";

/** All labels of a labeler, or of an image. */
export interface Chosen {
  readonly labeler: number | null;
  readonly image: number | null;
}

/** The effect of a bulk rating; see `review/queue/services/bulk_ratings.py`. */
export interface BulkPreview {
  readonly labels: number;
  readonly images: number;
  /** Number of flagged labels among `labels`. */
  readonly flagged: number;
  /** Labels that the rating leaves unchanged, by reason. */
  readonly not_rated: Readonly<Record<"rated" | "own" | "thrown_out" | "closed" | "not_ready", number>>;
  readonly reopened: number;
  readonly stale_merges: number;
}

export interface BulkDone {
  readonly rated: number;
  readonly refused: number;
  readonly remaining: number;
  readonly ratings: readonly number[];
}

/** A rating that the server has stored, with facts that could have influenced it. */
export interface Taken {
  readonly id: number;
  readonly facts: LabelFacts;
}

export interface ReviewApi {
  /** Return the next label. `query` filters labels; `skip` are ids to leave out. */
  next(query: string, skip: readonly string[]): Promise<QueueAnswer>;
  /** Rate a label. `version` is the version on the screen; a label corrected since is not rated. */
  rate(label: string, version: number, verdict: Verdict): Promise<Taken>;
  undo(rating: number): Promise<void>;
  /** Renew the leases; return the labels that another reviewer holds now. */
  hold(labels: readonly string[]): Promise<readonly string[]>;
  /** Release leases, also while the page is being closed. */
  release(labels: readonly string[]): Promise<void>;
  flag(label: string, note: string): Promise<void>;
  unflag(label: string): Promise<void>;
  preview(chosen: Chosen, verdict: Verdict): Promise<BulkPreview>;
  rateMany(chosen: Chosen, verdict: Verdict): Promise<BulkDone>;
  undoMany(ratings: readonly number[]): Promise<void>;
}

/** A batch of many ratings takes longer. */
const TIMEOUT_MS = 120_000;

export function reviewApi({ urls, nil, csrf_token, labeler }: PageConfig): ReviewApi {
  const ask = connect(urls.session, { csrfToken: csrf_token, labeler, visit: null });
  // `keepalive` lets the request continue after the page is closed.
  const send = (method: string, url: string, body?: unknown): Promise<unknown> =>
    ask(method, url, body, { leaving: true, timeoutMs: TIMEOUT_MS });
  const post = async <T>(url: string, body: unknown): Promise<T> => (await send("POST", url, body)) as T;
  const flagOf = (label: string): string => urls.flag.replace(nil, encodeURIComponent(label));
  return {
    async next(query, skip) {
      const asked = new URLSearchParams(query);
      if (skip.length > 0) asked.set("skip", skip.join(","));
      const address = asked.size > 0 ? `${urls.next}?${asked}` : urls.next;
      return (await ask("GET", address, undefined, { timeoutMs: TIMEOUT_MS })) as QueueAnswer;
    },
    async rate(label, version, verdict) {
      const taken = await post<Taken>(urls.ratings, { label, version, ...verdict });
      // A captive portal may answer instead of the site; then the rating is not stored.
      if (!Number.isInteger(taken.id)) throw new Unreachable("server", "This is no answer to a rating.");
      return taken;
    },
    async undo(rating) {
      await send("DELETE", `${urls.ratings}${rating}/`);
    },
    async hold(labels) {
      return (await post<{ lost: string[] }>(urls.hold, { labels })).lost;
    },
    async release(labels) {
      await send("POST", urls.release, { labels });
    },
    async flag(label, note) {
      await send("PUT", flagOf(label), { note });
    },
    async unflag(label) {
      await send("DELETE", flagOf(label));
    },
    preview: (chosen, verdict) => post(urls.bulk, { ...chosen, ...verdict, preview: true }),
    rateMany: (chosen, verdict) => post(urls.bulk, { ...chosen, ...verdict }),
    async undoMany(ratings) {
      await post(urls.withdraw, { ratings });
    },
  };
}
