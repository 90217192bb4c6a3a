/** The pages of imports: follows those that run, and shows how much of an archive is away. */

import { wordsOf } from "../../shared/translations";
import { followCard } from "./card";
import { isActive, type Job } from "./job";
import { watchUpload } from "./send";

const words = wordsOf(document);

/** The lists of files that were refused or not used are the server's to write: they are fetched with the page and put in place. */
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
    // The lists on the page stay as they were; the next answer tries again.
  }
}

/** Keeps the lists beside the counts: at most every few seconds while the import runs, and at its end. */
function listKeeper(): (job: Job) => void {
  const list = document.querySelector<HTMLElement>("#refused");
  let shown = Number(list?.dataset.listed ?? 0);
  let renewed = 0;
  return (job) => {
    const listed = job.refused + job.unused;
    const isDue = listed !== shown && performance.now() - renewed > LISTS_EVERY_MS;
    if (!list || (isActive(job.status) && !isDue)) return; // at its end the words of an empty list change too
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
