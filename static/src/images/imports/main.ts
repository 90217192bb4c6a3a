/** The pages of imports: poll running ones, and show the progress of an upload. */

import { wordsOf } from "../../shared/translations";
import { followCard } from "./card";
import { isActive, type Job } from "./job";
import { watchUpload } from "./send";

const words = wordsOf(document);

/** The server renders the lists of refused and unused files: fetch the page and replace them. */
const LISTS = ["#refused", "#unused"];
const LISTS_EVERY_MS = 5000;

async function renewLists(): Promise<void> {
  try {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const list of LISTS) {
      const renewed = page.querySelector(list);
      if (renewed) document.querySelector(list)?.replaceChildren(...renewed.children);
    }
  } catch {
    // Keep the old lists; the next response retries.
  }
}

/** Update the lists along with the counts: every few seconds while the import runs, and at its end. */
function listKeeper(): (job: Job) => void {
  const list = document.querySelector<HTMLElement>("#refused");
  let shown = Number(list?.dataset.listed ?? 0);
  let renewed = 0;
  return (job) => {
    const listed = job.refused + job.unused;
    const isDue = listed !== shown && performance.now() - renewed > LISTS_EVERY_MS;
    if (!list || (isActive(job.status) && !isDue)) return; // at the end the text of an empty list changes too
    shown = listed;
    renewed = performance.now();
    void renewLists();
  };
}

const keepLists = listKeeper();
for (const card of document.querySelectorAll<HTMLElement>("[data-progress-url]")) {
  followCard(card, card.dataset.progressUrl ?? "", words, keepLists);
}

const form = document.querySelector<HTMLFormElement>("#import-form");
if (form) watchUpload(form, words);
