/** The releases page: polls each release once a second until it is complete, failed, or stopped. */

import { wordsOf } from "../shared/translations";
import { offerCopies } from "./copy";
import { follow } from "../shared/progress/poll";
import { rateText, remember, type Sample } from "../shared/progress/job_rate";

interface Progress {
  readonly status: "queued" | "building" | "complete" | "failed" | "stopped";
  readonly done: number;
  readonly total: number;
  readonly percent: number;
  readonly message: string;
  readonly changes: readonly string[];
  readonly empty_masks: readonly string[];
  readonly download_url: string | null;
  readonly sha256: string;
  readonly size: string;
}

const words = wordsOf(document);
const language = document.documentElement.lang;
const whole = new Intl.NumberFormat(language);

function setText(card: HTMLElement, selector: string, text: string): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target && target.textContent !== text) target.textContent = text;
}

function reveal(card: HTMLElement, selector: string, visible: boolean): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target) target.hidden = !visible;
}

function list(card: HTMLElement, selector: string, sentences: readonly string[]): void {
  const lines = sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence }));
  card.querySelector(selector)?.replaceChildren(...lines);
}

function say(card: HTMLElement, sentence: string): void {
  setText(card, "[data-message]", sentence);
  reveal(card, "[data-message]", sentence !== "");
}

/** `data-status` controls what is visible (manage.css); the focus is kept. */
function setStatus(card: HTMLElement, status: Progress["status"]): void {
  if (card.dataset.status === status) return;
  const focused = card.contains(document.activeElement) ? document.activeElement : null;
  card.dataset.status = status;
  if (focused instanceof HTMLElement && focused.offsetParent === null) card.querySelector("h3")?.focus();
}

function countText({ status, done, total }: Progress): string {
  if (status === "queued") return words("waiting");
  if (status === "building" && total > 0 && done === total) return words("packing");
  return total > 0 ? words("count", { done: whole.format(done), total: whole.format(total) }) : "";
}

function showProgress(card: HTMLElement, progress: Progress, samples: readonly Sample[]): void {
  const bar = card.querySelector("progress");
  if (bar) bar.value = progress.percent;
  setText(card, "[data-count]", countText(progress));
  const isMaking = progress.status === "building" && progress.done < progress.total;
  setText(card, "[data-rate]", isMaking ? rateText(samples, progress.total, words, language) : "");
  say(card, progress.message || (progress.status === "complete" ? words("ready") : ""));
}

function showRelease(card: HTMLElement, progress: Progress): void {
  const { download_url: url, changes } = progress;
  if (url) card.querySelector("[data-download]")?.setAttribute("href", url);
  for (const selector of ["[data-download]", "[data-archive]"]) reveal(card, selector, url !== null);
  reveal(card, "[data-elsewhere]", url === null);
  setText(card, "[data-size]", progress.size);
  setText(card, "[data-sum]", progress.sha256);
  list(card, "[data-changes] ul", changes);
  reveal(card, "[data-changes]", changes.length > 0);
  list(card, "[data-empty-masks]", progress.empty_masks);
  reveal(card, "[data-empty-masks]", progress.empty_masks.length > 0);
}

/** Poll one release until it ends. */
function followRelease(card: HTMLElement, url: string): void {
  let samples: Sample[] = [];
  const show = (progress: Progress): boolean => {
    samples = remember(samples, { at: performance.now(), done: progress.done });
    if (progress.status === "complete") showRelease(card, progress);
    showProgress(card, progress, samples);
    setStatus(card, progress.status);
    return progress.status === "queued" || progress.status === "building";
  };
  follow<Progress>(url, show, () => say(card, words("unreachable")));
}

for (const card of document.querySelectorAll<HTMLElement>(".release")) {
  offerCopies(card, () => say(card, words("copied")));
  if (card.dataset.progressUrl) followRelease(card, card.dataset.progressUrl);
}
