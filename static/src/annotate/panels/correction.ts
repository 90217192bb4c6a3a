/** Correcting a label after it was sent, as far as the page shows it. */
import type { Say } from "../config";

/** The label that the page's address asks to correct. */
export function labelToCorrect(query: string): string | null {
  return new URLSearchParams(query).get("correct");
}

/** The words of the page while a sent label is corrected; others, or the usual ones again. */
export function showCorrecting(correcting: boolean, say: Say): void {
  document.getElementById("correcting")!.hidden = !correcting;
  document.getElementById("annotate")!.dataset.correcting = String(correcting);
  for (const [id, name] of [["send", "send_correction"], ["skip", "leave_as_it_was"]] as const) {
    const button = document.getElementById(id)!;
    button.dataset.usual ??= button.textContent;
    button.textContent = correcting ? say(name) : button.dataset.usual;
  }
}
