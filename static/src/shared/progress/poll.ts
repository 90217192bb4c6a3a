/** Poll the progress of a job on the server until it has ended. */

const EVERY_MS = 1000;
/** Interval after a failed request. */
const FORGIVING_MS = 5000;

/**
 * Poll `url` once a second. `show` gets each response and returns whether to continue; `unreachable` is called after
 * each failed request, and polling continues.
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
