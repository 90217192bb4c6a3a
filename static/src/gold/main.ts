/** The pages of the gold set: live counts while bounds are typed, and keys in the consensus meeting. */

import { ask } from "../shared/server";
import { fill } from "../shared/translations";
import { stepOf } from "./keys";

const PAUSE_MS = 300;

const whole = new Intl.NumberFormat(document.documentElement.lang);

/** Update the column "Remaining" when the bounds change. */
function keepCounting(form: HTMLFormElement): void {
  const status = document.querySelector<HTMLElement>("#left-status");
  form.querySelector<HTMLElement>("[data-count-again]")?.setAttribute("hidden", "");
  let asked = new AbortController();
  let timer = 0;
  const count = async (): Promise<void> => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const bounds = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") bounds.set(name, value);
    bounds.delete("csrfmiddlewaretoken");
    let left: Record<string, number> = {};
    try {
      left = (await ask(`${form.dataset.leftUrl}?${bounds}`, { signal })) as Record<string, number>;
    } catch {
      // Invalid values are reported when the form is sent; until then nothing is counted.
      if (signal.aborted) return;
    }
    for (const cell of form.querySelectorAll<HTMLElement>("[data-left]")) {
      const found = left[cell.dataset.left ?? ""];
      cell.textContent = found === undefined ? "–" : whole.format(found);
    }
    if (status && left.left !== undefined) {
      status.textContent = fill(status.dataset.words ?? "", { n: whole.format(left.left) });
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void count(), PAUSE_MS);
  });
}

/** Go from image to image, and from label to label, by keyboard. */
function listenToKeys(meeting: HTMLElement): void {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = event.target instanceof HTMLElement ? event.target : null;
    if (at?.closest("textarea, select, input:not([type=radio])")) return;
    const step = stepOf(event.key, document.documentElement.dir === "rtl");
    // In a radio group the arrow keys change the choice.
    if (!step || (step.do === "go" && at?.closest("input"))) return;
    event.preventDefault();
    if (step.do === "go") document.querySelector<HTMLAnchorElement>(`a[rel=${step.rel}]`)?.click();
    else if (step.do === "show") meeting.querySelector<HTMLInputElement>(`[name=view][value="${step.view}"]`)?.click();
    else document.querySelector<HTMLTextAreaElement>("#id_text")?.focus();
  });
}

const form = document.querySelector<HTMLFormElement>("#draw");
if (form) keepCounting(form);
const meeting = document.querySelector<HTMLElement>("#meeting");
if (meeting) listenToKeys(meeting);
