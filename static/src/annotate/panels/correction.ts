/** Display of the correction of a sent label. */
import type { Say } from "../config";

/** Return the label that the page's address asks to correct. */
export function labelToCorrect(query: string): string | null {
  return new URLSearchParams(query).get("correct");
}

/** Switch the texts of the page to those of a correction, or back. */
export function showCorrecting(correcting: boolean, say: Say): void {
  document.getElementById("correcting")!.hidden = !correcting;
  document.getElementById("annotate")!.dataset.correcting = String(correcting);
  for (const [id, name] of [["send", "send_correction"], ["skip", "leave_as_it_was"]] as const) {
    const button = document.getElementById(id)!;
    button.dataset.usual ??= button.textContent;
    button.textContent = correcting ? say(name) : button.dataset.usual;
  }
}
