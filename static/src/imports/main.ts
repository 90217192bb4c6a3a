/** The pages of imports: follows those that run, and shows how much of an archive is away. */

import { wordsOf } from "../page/words";
import { followCard } from "./card";
import { isActive, type Job } from "./job";
import { watchUpload } from "./send";

const words = wordsOf(document);

/** The list of refused files is the server's to write: it is fetched with the page and put in place. */
const LIST_EVERY_MS = 5000;

async function renewRefused(list: HTMLElement): Promise<void> {
  try {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const renewed = page.querySelector("#refused");
    if (renewed) list.replaceChildren(...renewed.children);
  } catch {
    // The list on the page stays as it was; the next answer tries again.
  }
}

/** Keeps the list beside the count: at most every few seconds while the import runs, and at its end. */
function refusedKeeper(): (job: Job) => void {
  const list = document.querySelector<HTMLElement>("#refused");
  let shown = Number(list?.dataset.refused ?? 0);
  let renewed = 0;
  return (job) => {
    const isDue = job.refused !== shown && performance.now() - renewed > LIST_EVERY_MS;
    if (!list || (isActive(job.status) && !isDue)) return; // at its end the words of an empty list change too
    shown = job.refused;
    renewed = performance.now();
    void renewRefused(list);
  };
}

const keepRefused = refusedKeeper();
for (const card of document.querySelectorAll<HTMLElement>("[data-progress-url]")) {
  followCard(card, card.dataset.progressUrl ?? "", words, keepRefused);
}

const form = document.querySelector<HTMLFormElement>("#import-form");
if (form) watchUpload(form, words);
