/** The card of an import: polls its progress once a second until it has ended. */

import type { Words } from "../../shared/translations";
import { follow } from "../../shared/progress/poll";
import { rateText, remember, type Sample } from "../../shared/progress/job_rate";
import { isActive, type Job } from "./job";

function setText(card: ParentNode, selector: string, text: string): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target && target.textContent !== text) target.textContent = text;
}

function reveal(card: ParentNode, selector: string, visible: boolean): void {
  const target = card.querySelector<HTMLElement>(selector);
  if (target) target.hidden = !visible;
}

function showBar(card: HTMLElement, job: Job): void {
  const bar = card.querySelector("progress");
  if (!bar) return;
  if (job.total > 0) bar.value = job.percent;
  else bar.removeAttribute("value"); // indeterminate: the total is not known yet
}

export function showJob(card: HTMLElement, job: Job, samples: readonly Sample[], words: Words): void {
  const language = document.documentElement.lang;
  const whole = new Intl.NumberFormat(language || undefined);
  const active = isActive(job.status);
  const counted = job.total > 0;
  card.dataset.status = job.status;
  showBar(card, job);
  const count = counted
    ? words("count", { done: whole.format(job.done), total: whole.format(job.total) })
    : words(job.status === "queued" ? "waiting" : "listing");
  setText(card, "[data-count]", active || counted ? count : "");
  setText(card, "[data-rate]", job.status === "running" ? rateText(samples, job.total, words, language) : "");
  setText(card, "[data-imported]", whole.format(job.imported));
  setText(card, "[data-present]", whole.format(job.present));
  setText(card, "[data-refused]", whole.format(job.refused));
  setText(card, "[data-unused]", whole.format(job.unused));
  reveal(card, "[data-figures]", counted);
  say(card, job.message, "en"); // a message of the worker
}

function say(card: HTMLElement, sentence: string, language: string): void {
  card.querySelector<HTMLElement>("[data-message]")?.setAttribute("lang", language);
  setText(card, "[data-message]", sentence);
  reveal(card, "[data-message]", sentence !== "");
}

/** Poll one import until it ends; `seen` gets each response. */
export function followCard(card: HTMLElement, url: string, words: Words, seen: (job: Job) => void): void {
  let samples: Sample[] = [];
  const show = (job: Job): boolean => {
    samples = remember(samples, { at: performance.now(), done: job.done });
    showJob(card, job, samples, words);
    seen(job);
    return isActive(job.status);
  };
  follow<Job>(url, show, () => say(card, words("unreachable"), document.documentElement.lang));
}
