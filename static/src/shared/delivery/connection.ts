/**
 * Requests that speak for one person: with a token of the session, renewed where it has gone stale,
 * and never sent for somebody else who has signed in meanwhile.
 */
import { SignedOut, Unreachable, read, refusalOf, request } from "../server";

/** For whom the page was opened, and what it may ask with. */
export interface Identity {
  /** Null for a visitor who has saved nothing yet; the answer to the first save tells. */
  readonly labeler: number | null;
  readonly csrfToken: string;
  /** Only of guests: to stay the same guest when the cookie is lost. */
  readonly visit: string | null;
  /** The visitor has become a labeler. */
  became?(labeler: number): void;
}

/** What goes with a request. */
export interface More {
  /** It goes on although the page is closed. */
  readonly leaving?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Throws `Unreachable`, `SignedOut` or `Refused`. */
export type Ask = (method: string, url: string, body?: unknown, more?: More) => Promise<unknown>;

const TIMEOUT_MS = 20_000;

/** Browsers send no more than 64 KB of a page that closes. */
const KEEPALIVE_BYTES = 60_000;

/** How often a token is asked for before it is left for later. */
const RENEWALS = 3;

/** What a 403 is called when the session or its token is stale, and not the person's doing. */
const STALE = new Set(["other_labeler", "permission_denied", "not_authenticated", ""]);

/** `session`: the address that tells for whom the browser is taken, and a token. */
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

  /** An answer to what was asked; it also tells who the server has made of a visitor. */
  async function heard(response: Response): Promise<unknown> {
    const told = Number(response.headers.get("X-Labeler"));
    if (labeler === null && identity.visit && response.ok && told) {
      labeler = told;
      identity.became?.(told);
    }
    return await read(response);
  }

  /** With a fresh token, if the server still takes us for the same person. */
  async function askAgain(method: string, url: string, body: unknown, more: More): Promise<unknown> {
    for (let tries = 0; tries < RENEWALS; tries++) {
      await renew();
      const response = await send(method, url, body, { ...more, leaving: false });
      if (response.status !== 401 && response.status !== 403) return await heard(response);
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      // Another tab of a guest got itself a token at the same moment, and ours is good no more.
      if (!identity.visit || said.code !== "permission_denied") throw new SignedOut();
    }
    throw new Unreachable("busy");
  }

  /** Once for all requests that wait: without a cookie each would be given a token of its own. */
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
    // A visitor may have become a guest with a save whose answer got lost; but an account is another.
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
