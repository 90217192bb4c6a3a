/** How to interpret responses of the server: success, refusal, or retry. */

/** No response, or one that may succeed later: worth a retry. */
export class Unreachable extends Error {
  constructor(
    /** "network": no response; "server": server error; "busy": too many requests. */
    readonly reason: "network" | "server" | "busy",
    detail = "",
  ) {
    super(detail || reason);
  }
}

/** The browser is no longer signed in as the person the page was opened for. */
export class SignedOut extends Error {}

/** The server refused the request; the message is its sentence, or empty. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
    /** Other fields of the response. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Why an item cannot be delivered now. */
export type Trouble = Unreachable | SignedOut;

export const isTrouble = (error: unknown): error is Trouble =>
  error instanceof Unreachable || error instanceof SignedOut;

const TIMEOUT_MS = 20_000;

/** Statuses worth a retry: timeout, too early, too many requests. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

/** Return the message for an error: the server's, if there is one. */
export const sentenceOf = (error: unknown, otherwise: string): string =>
  (error instanceof Refused && error.message) || otherwise;

/** Call `fetch`; throw `Unreachable` without a response, and the abort reason if it was aborted. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    // A timeout also aborts, but nobody requested it.
    if (init.signal?.aborted && (error as Error).name === "AbortError") throw error;
    throw new Unreachable("network", String(error));
  }
}

/** Return the JSON of a successful response, null for an empty one; throw for all others. */
export async function read(response: Response): Promise<unknown> {
  if (response.status >= 500) throw new Unreachable("server", `HTTP ${response.status}`);
  if (WORTH_ANOTHER_TRY.has(response.status)) throw new Unreachable("busy");
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return null;
  try {
    const answer: unknown = await response.json();
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // A truncated response, or a page of another server.
  }
  throw new Unreachable("server", "The answer makes no sense.");
}

export async function refusalOf(response: Response): Promise<Refused> {
  // A response that is not JSON has no message for people.
  const answer: unknown = await response.json().catch(() => null);
  const { detail, code, ...more } = (answer ?? {}) as Record<string, unknown>;
  if (typeof detail !== "string") return new Refused(response.status, "", "", more);
  return new Refused(response.status, detail, typeof code === "string" ? code : "", more);
}

/** Send a request and return the JSON of a successful response; see `read` for errors. */
export async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await request(url, init);
  try {
    return await read(response);
  } catch (error) {
    // Aborted while reading the response.
    throw init.signal?.aborted ? init.signal.reason : error;
  }
}

/** Return the bytes of a file, such as a mask. Throws Unreachable. */
export async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Unreachable("server", `HTTP ${response.status}`);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new Unreachable("network", String(error));
  }
}
