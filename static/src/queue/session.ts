/**
 * The state of a review session, as immutable data: the current label, prefetched labels, and past ratings for undo. A
 * transition is `session -> session`; it knows neither page nor server.
 */

import type { Candidate, Flag, LabelFacts, QueueAnswer, Verdict } from "./types";

export interface Rated {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  /** Null until the rating is stored, if they were hidden before. */
  readonly facts: LabelFacts | null;
}

export interface Session {
  readonly current: Candidate | null;
  /** Prefetched labels, in order. */
  readonly ahead: readonly Candidate[];
  /** Ratings given here, the newest last. */
  readonly done: readonly Rated[];
  readonly skipped: readonly string[];
  readonly remaining: number;
  readonly rated: number;
  readonly scored: number | null;
  /** Hide scores and labelers until the rating. */
  readonly hideRecord: boolean;
}

export const FRESH: Session = {
  current: null,
  ahead: [],
  done: [],
  skipped: [],
  remaining: 0,
  rated: 0,
  scored: null,
  hideRecord: true,
};

/** Number of ratings that can be undone. */
const UNDOABLE = 50;

/** Number of skipped labels to leave out; a URL has no room for more. */
const LEFT_OUT = 60;

export const idOf = (candidate: Candidate): string => candidate.label.id;

/** Return the current and the prefetched labels, which need leases. */
export function held(session: Session): string[] {
  return [...(session.current ? [session.current] : []), ...session.ahead].map(idOf);
}

/** Return the labels that the server should not offer: leased ones, `underWay` ratings, and recently skipped ones. */
export function notToOffer(session: Session, underWay: readonly string[]): string[] {
  return [...new Set([...held(session), ...underWay, ...session.skipped.slice(-LEFT_OUT)])];
}

function forward(session: Session): Session {
  const [current = null, ...ahead] = session.ahead;
  return { ...session, current, ahead };
}

/** Add a label from the queue: as the current one if there is none, else to the prefetched ones. */
export function arrived(session: Session, answer: QueueAnswer): Session {
  const told = {
    ...session,
    scored: answer.scored ?? session.scored,
    hideRecord: answer.hide_record ?? session.hideRecord,
  };
  if (!answer.label || held(session).includes(answer.label.id)) return told;
  const candidate: Candidate = { label: answer.label, others: answer.others ?? [] };
  const queued = { ...told, ahead: [...session.ahead, candidate] };
  return session.current ? queued : forward(queued);
}

/** Store the counts of the server; correct only if no rating is being sent. */
export function counted(session: Session, answer: QueueAnswer): Session {
  return { ...session, remaining: answer.remaining, rated: answer.rated };
}

/** Rate the current label and go to the next. Nothing changes without a current label. */
export function rate(session: Session, verdict: Verdict): Session {
  if (!session.current) return session;
  return forward({
    ...session,
    done: [...session.done, { candidate: session.current, verdict, facts: session.current.label.facts }].slice(-UNDOABLE),
    rated: session.rated + 1,
    remaining: Math.max(0, session.remaining - 1),
  });
}

/** Undo the newest rating: its label becomes the current one. */
export function takeBack(session: Session): Session {
  const last = session.done.at(-1);
  if (!last) return session;
  return {
    ...session,
    current: last.candidate,
    ahead: session.current ? [session.current, ...session.ahead] : session.ahead,
    done: session.done.slice(0, -1),
    rated: Math.max(0, session.rated - 1),
    remaining: session.remaining + 1,
  };
}

/** Forget a rating that the server refused. */
export function refused(session: Session, id: string): Session {
  const done = session.done.filter(({ candidate }) => idOf(candidate) !== id);
  if (done.length === session.done.length) return session;
  return { ...session, done, rated: Math.max(0, session.rated - 1) };
}

/** Store the facts that arrive with the response to a rating. */
export function told(session: Session, id: string, facts: LabelFacts): Session {
  const done = session.done.map((each) => (idOf(each.candidate) === id ? { ...each, facts } : each));
  return { ...session, done };
}

/** Skip the current label, for another time or another reviewer. */
export function skip(session: Session): Session {
  if (!session.current) return session;
  return forward({ ...session, skipped: [...session.skipped, idOf(session.current)] });
}

/** Allow skipped labels again. */
export function unskip(session: Session): Session {
  return { ...session, skipped: [] };
}

/** Remove labels that another reviewer holds now. */
export function lose(session: Session, ids: readonly string[]): Session {
  const rest = { ...session, ahead: session.ahead.filter((each) => !ids.includes(idOf(each))) };
  return session.current && ids.includes(idOf(session.current)) ? forward(rest) : rest;
}

/** Flag or unflag the current label. */
export function flag(session: Session, flagged: Flag | null): Session {
  const { current } = session;
  return current ? { ...session, current: { ...current, label: { ...current.label, flag: flagged } } } : session;
}
