/** Follows a job on the server: asks how far it is, again and again, until it has ended. */

const EVERY_MS = 1000;
/** A server that does not answer is asked again, less often. */
const FORGIVING_MS = 5000;

/**
 * Asks `url` once a second. `show` gets each answer and says whether to go on; `unreachable` is called each time
 * there was no good answer, and the asking goes on.
 */
export function follow<Answer>(url: string, show: (answer: Answer) => boolean, unreachable: () => void): void {
  const look = async (): Promise<void> => {
    let wait = EVERY_MS;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      if (!show((await answer.json()) as Answer)) return;
    } catch {
      unreachable();
      wait = FORGIVING_MS;
    }
    window.setTimeout(() => void look(), wait);
  };
  void look();
}
