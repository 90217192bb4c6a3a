/** What an answer of the server means, in one place: good, refused, or worth another try. */

/** No answer, or one that may be better in a moment: worth sending again. */
export class Unreachable extends Error {
  constructor(
    /** "network": no answer; "server": it is in trouble; "busy": it asks for time. */
    readonly reason: "network" | "server" | "busy",
    detail = "",
  ) {
    super(detail || reason);
  }
}

/** The server does not take this browser for the one the page was opened for. */
export class SignedOut extends Error {}

/** The server understood and said no; the message is its sentence, or empty where it has none. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
    /** What else it answered. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Why something cannot be delivered now, and may be later. */
export type Trouble = Unreachable | SignedOut;

export const isTrouble = (error: unknown): error is Trouble =>
  error instanceof Unreachable || error instanceof SignedOut;

const TIMEOUT_MS = 20_000;

/** Too slow, too early, too often: the same request may be welcome later. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

/** The sentence for an error: the server's, where it has one. */
export const sentenceOf = (error: unknown, otherwise: string): string =>
  (error instanceof Refused && error.message) || otherwise;

/** Like `fetch`; throws `Unreachable` where nobody answers, and the reason where it was aborted. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    // A timeout is an abort too, and is nobody's wish.
    if (init.signal?.aborted && (error as Error).name === "AbortError") throw error;
    throw new Unreachable("network", String(error));
  }
}

/** The JSON of a good answer, null for one without content; everything else is thrown. */
export async function read(response: Response): Promise<unknown> {
  if (response.status >= 500) throw new Unreachable("server", `HTTP ${response.status}`);
  if (WORTH_ANOTHER_TRY.has(response.status)) throw new Unreachable("busy");
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return null;
  try {
    const answer: unknown = await response.json();
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Cut off on its way, or another's page in place of the site's answer.
  }
  throw new Unreachable("server", "The answer makes no sense.");
}

export async function refusalOf(response: Response): Promise<Refused> {
  // An answer that is not JSON has no sentence for a person.
  const answer: unknown = await response.json().catch(() => null);
  const { detail, code, ...more } = (answer ?? {}) as Record<string, unknown>;
  if (typeof detail !== "string") return new Refused(response.status, "", "", more);
  return new Refused(response.status, detail, typeof code === "string" ? code : "", more);
}

/** The JSON of a good answer; see `read` for the others. */
export async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await request(url, init);
  try {
    return await read(response);
  } catch (error) {
    // Given up halfway through the answer.
    throw init.signal?.aborted ? init.signal.reason : error;
  }
}

/** A file of an image, such as a mask. Throws Unreachable. */
export async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Unreachable("server", `HTTP ${response.status}`);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new Unreachable("network", String(error));
  }
}
