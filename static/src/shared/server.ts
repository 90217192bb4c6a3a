/** How a script asks the server something: an answer that is not a good one becomes a sentence for a person. */

/** The server refused or could not be reached; `message` is a sentence for a person, or empty. */
export class ServerError extends Error {
  constructor(
    /** The status of the answer; 0 when there was none. */
    readonly status: number,
    sentence: string,
    /** The server's word for what is wrong, where it gave one. */
    readonly code = "",
  ) {
    super(sentence);
    this.name = "ServerError";
  }
}

/** Like `fetch`, but only a good answer returns; any other is thrown as a `ServerError`. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ServerError(0, "");
  }
  if (answer.ok) return answer;
  const body: unknown = await answer.json().catch(() => null);
  const said = (name: string): string => String((body as Readonly<Record<string, unknown>> | null)?.[name] ?? "");
  throw new ServerError(answer.status, said("detail"), said("code"));
}
