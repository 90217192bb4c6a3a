/** The outcome of an upload, from the response. Pure. */

/** The server accepted it and redirected; it refused the form with errors; or it failed. */
export type Outcome = "taken" | "refused" | "too-large" | "failed";

/**
 * Return the outcome: `landed` is the URL after redirects, `form` that of the form; `status` is 0 without a response.
 */
export function outcomeOf(status: number, landed: string, form: string): Outcome {
  if (status === 413) return "too-large";
  if (status < 200 || status >= 300) return status === 400 || status === 422 ? "refused" : "failed";
  return pathOf(landed) === pathOf(form) ? "refused" : "taken";
}

function pathOf(address: string): string {
  return new URL(address, "http://page.invalid/").pathname;
}

/** Return the sent share of the file, whole percent; 100 only when it is complete. */
export function percentSent(loaded: number, total: number): number {
  return total > 0 ? Math.min(100, Math.floor((100 * loaded) / total)) : 0;
}
