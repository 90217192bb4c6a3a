/**
 * Requests on behalf of one person: with a session token that is renewed when it expires, and never sent for another
 * person who has signed in meanwhile.
 */
import { SignedOut, Unreachable, read, refusalOf, request } from "../server";

/** The person the page was opened for, and the token of the session. */
export interface Identity {
  /** Null for a visitor without data; the response to the first save sets it. */
  readonly labeler: number | null;
  readonly csrfToken: string;
  /** For guests only: restores the guest if the cookie is lost. */
  readonly visit: string | null;
  /** The first save has created a labeler for the visitor. */
  became?(labeler: number): void;
}

/** Options of a request. */
export interface More {
  /** Continue the request after the page is closed. */
  readonly leaving?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Throws `Unreachable`, `SignedOut` or `Refused`. */
export type Ask = (method: string, url: string, body?: unknown, more?: More) => Promise<unknown>;

const TIMEOUT_MS = 20_000;

/** Browsers send at most 64 KB for a page that is closing. */
const KEEPALIVE_BYTES = 60_000;

/** Attempts to renew a token in a row. */
const RENEWALS = 3;

/** Codes of a 403 response for an expired session or token. */
const STALE = new Set(["other_labeler", "permission_denied", "not_authenticated", ""]);

/** Create a connection; `session` is the URL that returns the current person and a token. */
export function connect(session: string, identity: Identity): Ask {
  let { csrfToken, labeler } = identity;
  let renewing: Promise<void> | null = null;

  async function send(method: string, url: string, body: unknown, more: More = {}) {
    const text = body === undefined ? null : JSON.stringify(body);
    return await request(url, {
      method,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/json",
        "X-CSRFToken": csrfToken,
        ...(labeler !== null && { "X-Labeler": String(labeler) }),
        ...(identity.visit && { "X-Visit": identity.visit }),
        ...more.headers,
      },
      body: text,
      keepalive: (more.leaving ?? false) && (text?.length ?? 0) < KEEPALIVE_BYTES,
      signal: AbortSignal.timeout(more.timeoutMs ?? TIMEOUT_MS),
    });
  }

  /** Process a response; it also tells which labeler the server created for a visitor. */
  async function heard(response: Response): Promise<unknown> {
    const told = Number(response.headers.get("X-Labeler"));
    if (labeler === null && identity.visit && response.ok && told) {
      labeler = told;
      identity.became?.(told);
    }
    return await read(response);
  }

  /** Retry with a new token, if the browser still belongs to the same person. */
  async function askAgain(method: string, url: string, body: unknown, more: More): Promise<unknown> {
    for (let tries = 0; tries < RENEWALS; tries++) {
      await renew();
      const response = await send(method, url, body, { ...more, leaving: false });
      if (response.status !== 401 && response.status !== 403) return await heard(response);
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      // Another tab of the guest renewed the token at the same moment, so ours is invalid.
      if (!identity.visit || said.code !== "permission_denied") throw new SignedOut();
    }
    throw new Unreachable("busy");
  }

  /** Renew the token once for all waiting requests: without a cookie each would get its own. */
  function renew(): Promise<void> {
    return (renewing ??= identify().finally(() => {
      renewing = null;
    }));
  }

  async function identify(): Promise<void> {
    const before = labeler;
    const found = (await read(await send("GET", session, undefined))) as {
      csrf_token: string;
      labeler: number | null;
    };
    csrfToken = found.csrf_token;
    // A visitor may have become a guest by a save whose response was lost; an account is another person.
    if (before === null ? !identity.visit : found.labeler !== before) throw new SignedOut();
  }

  return async (method, url, body, more = {}) => {
    const response = await send(method, url, body, more);
    if (response.status === 401) return await askAgain(method, url, body, more);
    if (response.status === 403) {
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      return await askAgain(method, url, body, more);
    }
    return await heard(response);
  };
}
