/** The bulk rating page: preview, rate, undo all labels of a labeler or of an image. */

import { sentenceOf } from "../shared/server";
import { decimal, wordsOf } from "../shared/translations";
import { type BulkPreview, type Chosen, reviewApi } from "./api";
import { NOTHING_DONE, type Progress, rateAll, undoAll } from "./batches";
import { thumbnail } from "./comparing/regions";
import type { PageConfig, Picture, RatingValue, ReviewedLabel, Verdict } from "./types";

interface BulkConfig extends PageConfig {
  readonly chosen: Chosen;
  readonly labels: readonly (ReviewedLabel & { readonly image: Picture })[];
}

const config = JSON.parse(document.querySelector("#bulk-config")?.textContent ?? "null") as BulkConfig;
const words = wordsOf(document);
const api = reviewApi(config);
/** Ratings given here can also be undone after a reload. */
const KEPT = `ai4mars.bulk.${config.campaign.slug}.${config.reviewer}`;

function part<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

const form = document.querySelector<HTMLFormElement>("#bulk-form");
const undo = part<HTMLButtonElement>("#undo-all");
let progress: Progress = NOTHING_DONE;
let stopped = false;
/** Only the last requested preview is shown. */
let asked = 0;

const counts = ({ rated, remaining }: Progress): { rated: number; remaining: number } => ({ rated, remaining });

function verdict(form: HTMLFormElement): Verdict | null {
  const said = new FormData(form);
  const value = Number(said.get("value"));
  if (!value) return null;
  return { value: value as RatingValue, reasons: said.getAll("reasons").map(String), comment: (said.get("comment") as string).trim() };
}

function drawThumbs(): void {
  document.querySelector("#shown")?.append(
    ...config.labels.map(({ image, polygons, labeler, score }) => {
      const item = document.createElement("li");
      const figure = document.createElement("figure");
      figure.className = "thumb-figure";
      const caption = document.createElement("figcaption");
      const name = (config.chosen.labeler === null ? labeler : image.product_id) ?? "";
      const said = [name, typeof score === "number" ? decimal(score, 2) : ""];
      caption.textContent = said.filter(Boolean).join(" · ");
      figure.append(thumbnail(image, polygons, config.campaign.classes), caption);
      item.append(figure);
      return item;
    }),
  );
}

/**
 * Return the preview as text: what the rating would change, and which labels it leaves unchanged, with
 * reasons.
 */
function foretold(found: BulkPreview, out: "" | "-out"): string {
  const { labels, images, reopened, stale_merges, flagged, not_rated } = found;
  const sentences = [words(`changes${out}`, { labels, images, reopened, stale_merges })];
  if (flagged > 0) sentences.push(words("flagged", { n: flagged }));
  const reasons = (["rated", "own", "thrown_out", "closed", "not_ready"] as const).filter((reason) => not_rated[reason] > 0);
  const what = reasons.map((reason) => words(`left-${reason}`, { n: not_rated[reason] })).join(", ");
  if (what) sentences.push(words("left-alone", { what }));
  return sentences.join(" ");
}

async function showPreview(form: HTMLFormElement): Promise<void> {
  const wanted = verdict(form);
  if (!wanted) return;
  const turn = ++asked;
  const go = part<HTMLButtonElement>("#go");
  go.disabled = true;
  part("#preview").textContent = words("counting");
  try {
    const found = await api.preview(config.chosen, wanted);
    if (turn !== asked) return;
    const out = wanted.value === 1 ? "-out" : "";
    part("#preview").textContent = foretold(found, out);
    go.textContent = words(`go${out}`, { labels: found.labels });
    go.disabled = found.labels === 0;
  } catch (error) {
    if (turn === asked) part("#preview").textContent = sentenceOf(error, words("failed"));
  }
}

function showProgress(sentence: string): void {
  part("#done").hidden = false;
  const refused = progress.refused > 0 ? ` ${words("some-refused", { refused: progress.refused })}` : "";
  part("#done-text").textContent = sentence + refused;
  part<HTMLProgressElement>("#done-bar").value = progress.rated / Math.max(1, progress.rated + progress.remaining);
  undo.hidden = progress.ratings.length === 0;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(progress));
  } catch {
    // Without storage, only this page can undo it.
  }
}

async function rateThem(form: HTMLFormElement): Promise<void> {
  const wanted = verdict(form);
  if (!wanted) return;
  const stop = part<HTMLButtonElement>("#stop");
  form.querySelectorAll<HTMLInputElement>("input, #go").forEach((each) => (each.disabled = true));
  undo.disabled = true;
  stop.hidden = false;
  stopped = false;
  progress = NOTHING_DONE;
  try {
    await rateAll(
      () => api.rateMany(config.chosen, wanted),
      (next) => {
        progress = next;
        showProgress(words("rating", counts(progress)));
      },
      () => !stopped,
    );
    showProgress(words(progress.remaining > 0 && stopped ? "stopped" : "finished", counts(progress)));
    form.hidden = progress.remaining === 0;
  } catch (error) {
    showProgress(sentenceOf(error, words("failed")));
  }
  form.querySelectorAll<HTMLInputElement>("input").forEach((each) => (each.disabled = false));
  undo.disabled = false;
  stop.hidden = true;
  await showPreview(form);
}

async function undoThem(): Promise<void> {
  undo.disabled = true;
  try {
    await undoAll(progress.ratings, (ratings) => api.undoMany(ratings), (ratings) => {
      progress = { ...progress, ratings, refused: 0 };
      showProgress(words("undoing", { left: ratings.length }));
    });
    progress = NOTHING_DONE;
    showProgress(words("undone"));
    if (form) {
      form.hidden = false;
      await showPreview(form);
    }
  } catch (error) {
    showProgress(sentenceOf(error, words("failed")));
  }
  undo.disabled = false;
}

function remember(): void {
  try {
    progress = (JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Progress | null) ?? NOTHING_DONE;
  } catch {
    return;
  }
  if (progress.ratings.length > 0) showProgress(words("finished", counts(progress)));
}

if (form) {
  form.addEventListener("change", () => void showPreview(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void rateThem(form);
  });
  part("#stop").addEventListener("click", () => (stopped = true));
}
undo.addEventListener("click", () => void undoThem());
drawThumbs();
remember();
