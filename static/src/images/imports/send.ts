/** Upload the form with an archive and show the progress. Without this script the browser submits the form. */

import type { Words } from "../../shared/translations";
import { outcomeOf, percentSent } from "./upload";

interface Parts {
  readonly progress: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly text: HTMLElement;
  readonly problem: HTMLElement;
  readonly cancel: HTMLButtonElement;
  readonly submit: HTMLButtonElement;
}

function partsOf(form: HTMLFormElement): Parts | null {
  const progress = form.querySelector<HTMLElement>("[data-upload]");
  const bar = form.querySelector<HTMLProgressElement>("[data-upload] progress");
  const text = form.querySelector<HTMLElement>("[data-upload-text]");
  const problem = form.querySelector<HTMLElement>("[data-problem]");
  const cancel = form.querySelector<HTMLButtonElement>("[data-cancel]");
  const submit = form.querySelector<HTMLButtonElement>("[type='submit']");
  return progress && bar && text && problem && cancel && submit ? { progress, bar, text, problem, cancel, submit } : null;
}

/** Return the errors of the form, read from the page in the response. */
function complaintsIn(html: string): string[] {
  const page = new DOMParser().parseFromString(html, "text/html");
  const found = page.querySelectorAll("#import-form .errorlist li, .messages .error");
  return [...found].map((each) => (each.textContent ?? "").trim()).filter((each) => each !== "");
}

const hasFile = (form: HTMLFormElement): boolean =>
  [...form.querySelectorAll<HTMLInputElement>("input[type='file']")].some((input) => (input.files?.length ?? 0) > 0);

const stay = (event: BeforeUnloadEvent): void => event.preventDefault();

function send(form: HTMLFormElement, parts: Parts, words: Words): void {
  const megabytes = new Intl.NumberFormat(document.documentElement.lang || undefined, { maximumFractionDigits: 1 });
  const request = new XMLHttpRequest();
  const cancel = (): void => request.abort();

  const setSending = (sending: boolean): void => {
    parts.progress.hidden = !sending;
    parts.submit.disabled = sending;
    if (sending) window.addEventListener("beforeunload", stay);
    else window.removeEventListener("beforeunload", stay);
  };
  const end = (problem: string): void => {
    setSending(false);
    parts.cancel.removeEventListener("click", cancel);
    parts.problem.textContent = problem;
    parts.problem.hidden = problem === "";
    parts.submit.focus();
  };

  request.upload.addEventListener("progress", (event) => {
    parts.bar.value = percentSent(event.loaded, event.total);
    parts.text.textContent =
      event.loaded < event.total
        ? words("sent", { done: megabytes.format(event.loaded / 1e6), total: megabytes.format(event.total / 1e6) })
        : words("checking");
  });
  request.addEventListener("load", () => {
    const outcome = outcomeOf(request.status, request.responseURL, form.action);
    if (outcome === "taken") {
      setSending(false);
      window.location.assign(request.responseURL);
      return;
    }
    const complaints = outcome === "refused" ? complaintsIn(request.responseText).join(" ") : "";
    end(complaints || words(outcome === "too-large" ? "upload-too-large" : "upload-failed"));
  });
  request.addEventListener("error", () => end(words("upload-failed")));
  request.addEventListener("abort", () => end(words("upload-canceled")));

  for (const errors of form.querySelectorAll("ul.errorlist")) errors.remove();
  parts.problem.hidden = true;
  parts.bar.value = 0;
  parts.text.textContent = "";
  parts.cancel.addEventListener("click", cancel);
  const body = new FormData(form);
  setSending(true);
  parts.cancel.focus();
  request.open("POST", form.action);
  request.send(body);
}

export function watchUpload(form: HTMLFormElement, words: Words): void {
  const parts = partsOf(form);
  if (!parts) return;
  form.addEventListener("submit", (event) => {
    if (!hasFile(form)) return; // a path or bucket is a short form: the browser submits it
    event.preventDefault();
    send(form, parts, words);
  });
}
