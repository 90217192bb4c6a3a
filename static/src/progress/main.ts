/** The releases page: asks once a second how far each release is, until it is complete, has failed, or was stopped. */

import { wordsOf } from "../page/words";
import { follow } from "./follow";
import { rateText, remember, type Sample } from "./pace";

interface Progress {
  readonly status: "queued" | "building" | "complete" | "failed" | "stopped";
  readonly done: number;
  readonly total: number;
  readonly percent: number;
  readonly message: string;
  readonly download_url: string | null;
  readonly sha256?: string;
  readonly size?: number;
}

const words = wordsOf(document);
const language = document.documentElement.lang;
const whole = new Intl.NumberFormat(language);
const megabytes = new Intl.NumberFormat(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });

function setText(card: HTMLElement, selector: string, text: string): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target && target.textContent !== text) target.textContent = text;
}

function reveal(card: HTMLElement, selector: string, visible: boolean): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target) target.hidden = !visible;
}

function say(card: HTMLElement, sentence: string): void {
  setText(card, "[data-message]", sentence);
  reveal(card, "[data-message]", sentence !== "");
}

function renderRunning(card: HTMLElement, progress: Progress, samples: readonly Sample[]): void {
  const bar = card.querySelector("progress");
  if (bar) bar.value = progress.percent;
  const { done, total } = progress;
  setText(card, "[data-count]", total > 0 ? words("count", { done: whole.format(done), total: whole.format(total) }) : "");
  setText(card, "[data-rate]", progress.status === "building" ? rateText(samples, total, words, language) : "");
  say(card, progress.message);
}

function renderEnd(card: HTMLElement, progress: Progress): void {
  reveal(card, "[data-progress]", false);
  reveal(card, "[data-stop]", false);
  say(card, progress.message || (progress.status === "complete" ? words("ready") : ""));
  if (progress.status !== "complete" || !progress.download_url) return;
  card.querySelector<HTMLAnchorElement>("[data-download] a")?.setAttribute("href", progress.download_url);
  reveal(card, "[data-download]", true);
  if (progress.size) setText(card, "[data-size]", megabytes.format(progress.size / 1e6));
  if (progress.sha256) {
    setText(card, "[data-checksum] code", progress.sha256);
    reveal(card, "[data-checksum]", true);
  }
}

/** Follows one release to its end. */
function followRelease(card: HTMLElement, url: string): void {
  let samples: Sample[] = [];
  const show = (progress: Progress): boolean => {
    samples = remember(samples, { at: performance.now(), done: progress.done });
    card.dataset.status = progress.status;
    for (const badge of card.querySelectorAll<HTMLElement>("[data-badge]")) {
      badge.hidden = badge.dataset.badge !== progress.status;
    }
    const running = progress.status === "queued" || progress.status === "building";
    if (running) renderRunning(card, progress, samples);
    else renderEnd(card, progress);
    return running;
  };
  follow<Progress>(url, show, () => say(card, words("unreachable")));
}

for (const card of document.querySelectorAll<HTMLElement>("[data-progress-url]")) {
  followRelease(card, card.dataset.progressUrl ?? "");
}
