/**
 * What a reviewer's session knows, as immutable data: the label on the screen, those loaded ahead, and what was rated,
 * which can be undone. A transition is `session -> session`; nothing here knows the page or the server.
 */

import type { Candidate, Flag, LabelFacts, QueueAnswer, Verdict } from "./types";

export interface Rated {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  /** Null until the server has the rating, where they were not known before. */
  readonly facts: LabelFacts | null;
}

export interface Session {
  readonly current: Candidate | null;
  /** Labels that are ready to be shown after the current one, in order. */
  readonly ahead: readonly Candidate[];
  /** What was rated here, the newest last. */
  readonly done: readonly Rated[];
  readonly skipped: readonly string[];
  readonly remaining: number;
  readonly rated: number;
  readonly scored: number | null;
  /** Scores and who drew it are shown after the rating only. */
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

/** So many ratings can be undone, one after the other. */
const UNDOABLE = 50;

/** So many skipped labels are left out; an address has room for no more. */
const LEFT_OUT = 60;

export const idOf = (candidate: Candidate): string => candidate.label.id;

/** Labels on the screen or ready for it: no other reviewer shall have them. */
export function held(session: Session): string[] {
  return [...(session.current ? [session.current] : []), ...session.ahead].map(idOf);
}

/** Labels the server should not offer now: those held, `underWay` to it with a rating, and lately skipped. */
export function notToOffer(session: Session, underWay: readonly string[]): string[] {
  return [...new Set([...held(session), ...underWay, ...session.skipped.slice(-LEFT_OUT)])];
}

function forward(session: Session): Session {
  const [current = null, ...ahead] = session.ahead;
  return { ...session, current, ahead };
}

/** An answer of the queue arrives: on the screen when nothing is there, otherwise behind what is ready. */
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

/** Takes the server's counts; only right when no rating is under way. */
export function counted(session: Session, answer: QueueAnswer): Session {
  return { ...session, remaining: answer.remaining, rated: answer.rated };
}

/** The current label got a rating: on to the next. Without a current label nothing changes. */
export function rate(session: Session, verdict: Verdict): Session {
  if (!session.current) return session;
  return forward({
    ...session,
    done: [...session.done, { candidate: session.current, verdict, facts: session.current.label.facts }].slice(-UNDOABLE),
    rated: session.rated + 1,
    remaining: Math.max(0, session.remaining - 1),
  });
}

/** The newest rating does not count after all: its label returns to the screen, the one there waits behind it. */
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

/** The server did not take the rating of a label: there is nothing to undo, and it does not count. */
export function refused(session: Session, id: string): Session {
  const done = session.done.filter(({ candidate }) => idOf(candidate) !== id);
  if (done.length === session.done.length) return session;
  return { ...session, done, rated: Math.max(0, session.rated - 1) };
}

/** The server has a rating and tells what could have led it. */
export function told(session: Session, id: string, facts: LabelFacts): Session {
  const done = session.done.map((each) => (idOf(each.candidate) === id ? { ...each, facts } : each));
  return { ...session, done };
}

/** Leaves the current label unrated, for another time or another reviewer. */
export function skip(session: Session): Session {
  if (!session.current) return session;
  return forward({ ...session, skipped: [...session.skipped, idOf(session.current)] });
}

/** Labels skipped earlier may be offered again. */
export function unskip(session: Session): Session {
  return { ...session, skipped: [] };
}

/** Labels that another reviewer has now: they leave the screen and what is ready. */
export function lose(session: Session, ids: readonly string[]): Session {
  const rest = { ...session, ahead: session.ahead.filter((each) => !ids.includes(idOf(each))) };
  return session.current && ids.includes(idOf(session.current)) ? forward(rest) : rest;
}

/** The label on the screen was flagged, or is no longer. */
export function flag(session: Session, flagged: Flag | null): Session {
  const { current } = session;
  return current ? { ...session, current: { ...current, label: { ...current.label, flag: flagged } } } : session;
}
