/** What became of an upload, from what the browser saw of the server's answer. Pure. */

/** The server took it and led on to another page; it refused the form and says why; or neither. */
export type Outcome = "taken" | "refused" | "too-large" | "failed";

/** Judges an answer: `landed` is the address of the page the server led to, `form` that of the form; `status` is 0 without an answer. */
export function outcomeOf(status: number, landed: string, form: string): Outcome {
  if (status === 413) return "too-large";
  if (status < 200 || status >= 300) return status === 400 || status === 422 ? "refused" : "failed";
  return pathOf(landed) === pathOf(form) ? "refused" : "taken";
}

function pathOf(address: string): string {
  return new URL(address, "http://page.invalid/").pathname;
}

/** How much of the file is away, in whole percent; 100 only when all of it is. */
export function percentSent(loaded: number, total: number): number {
  return total > 0 ? Math.min(100, Math.floor((100 * loaded) / total)) : 0;
}
