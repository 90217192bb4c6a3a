/** The view of the review page: finds its elements once, and renders a session into them. */

import { decimal, type Words } from "../shared/translations";
import { Facts } from "./facts";
import { Layers } from "./comparing/layers";
import { LargePicture } from "./comparing/picture";
import { thumbnail } from "./comparing/regions";
import type { Rated, Session } from "./session";
import type { Candidate, OtherLabel, RatingValue, ReviewConfig } from "./types";
import type { View } from "./comparing/views";
import type { Comparison } from "./comparing/worker";

export type State = "loading" | "reviewing" | "empty" | "error";

export function part<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`The review page has no ${selector}.`);
  return found;
}

/** Return all labels of the current image, the one to rate first. */
export function labelsOf(candidate: Candidate): readonly OtherLabel[] {
  return [candidate.label, ...candidate.others];
}

export class ReviewPage {
  readonly root = part("#review");
  readonly undo = part<HTMLButtonElement>("#undo");
  readonly emptyUndo = part<HTMLButtonElement>("#empty-undo");
  readonly skip = part<HTMLButtonElement>("#skip");
  readonly hide = part<HTMLButtonElement>("#hide");
  readonly flag = part<HTMLButtonElement>("#flag");
  readonly again = part<HTMLButtonElement>("#again");
  readonly unskip = part<HTMLButtonElement>("#unskip");
  readonly views = [...document.querySelectorAll<HTMLButtonElement>("[data-view]")];
  readonly ratings = [...document.querySelectorAll<HTMLButtonElement>("[data-rating]")];
  readonly picture: LargePicture;
  private readonly stage = part("#stage");
  private readonly others = part("#others");
  private readonly facts: Facts;
  private readonly layers: Layers;
  private hideRecord = true;

  constructor(
    private readonly config: ReviewConfig,
    private readonly words: Words,
    private readonly onView: (view: View) => void,
  ) {
    this.picture = new LargePicture(this.stage);
    this.facts = new Facts(config.campaign.classes, words);
    this.layers = new Layers(config.campaign.classes);
    part("#notice-close").addEventListener("click", () => (part("#notice").hidden = true));
  }

  say(sentence: string): void {
    part("#status").textContent = sentence;
  }

  /** Show a message until it is dismissed. */
  notify(sentence: string): void {
    part("#notice-text").textContent = sentence;
    part("#notice").hidden = false;
  }

  /** Show how many ratings cannot be sent now; nothing if none. */
  showWaiting(sentence: string): void {
    const waiting = part("#waiting");
    waiting.textContent = sentence;
    waiting.hidden = sentence === "";
  }

  /** Show an error with a button to retry. */
  fail(sentence: string): void {
    part("#error-text").textContent = sentence;
    this.setState("error");
  }

  ratingName(value: RatingValue): string {
    return this.words(`rating-${value}`);
  }

  pictureName(candidate: Candidate): string {
    return this.facts.pictureName(candidate);
  }

  setState(state: State): void {
    this.root.dataset.state = state;
  }

  setHidden(hidden: boolean): void {
    this.stage.dataset.hidden = String(hidden);
    this.hide.setAttribute("aria-pressed", String(hidden));
    this.picture.paint();
  }

  /** Render the counts, which change with every step. */
  renderCounts(session: Session): void {
    const { words, config } = this;
    const many = config.query !== "" && session.remaining >= config.many;
    part("#counts").textContent = words(many ? "counts-many" : "counts", {
      rated: session.rated,
      remaining: session.remaining,
    });
    this.undo.disabled = session.done.length === 0;
    this.emptyUndo.hidden = session.done.length === 0;
    this.unskip.hidden = session.skipped.length === 0;
    part("#empty-text").textContent =
      session.scored === null
        ? words("empty", { rated: session.rated })
        : words("empty-scored", { rated: session.rated, scored: session.scored });
    this.hideRecord = session.hideRecord;
    this.renderFlag(session.current);
  }

  /** Render a new label: the image and its regions now, the panel with `renderPanel`. */
  renderLabel(candidate: Candidate, bitmap: ImageBitmap | null): void {
    const { label } = candidate;
    this.root.dataset.label = label.id;
    this.picture.show(label.image, bitmap);
    const alone = candidate.others.length === 0;
    for (const button of this.views) button.disabled = alone && button.dataset.view !== "0";
  }

  clear(): void {
    delete this.root.dataset.label;
    this.picture.clear();
  }

  renderPanel(candidate: Candidate, last: Rated | null, view: View): void {
    const { words, config } = this;
    const { label, others } = candidate;
    part("#facts").replaceChildren(...this.facts.list(candidate, this.hideRecord ? null : label.facts));
    part<HTMLAnchorElement>("#image-bulk").href = `${config.urls.bulk_page}?${new URLSearchParams({ image: label.image.product_id })}`;
    part("#others-title").textContent = words(others.length === 0 ? "no-others" : "others", { others: others.length });
    const used = new Set(labelsOf(candidate).flatMap((each) => each.polygons.map((polygon) => polygon.class)));
    for (const item of this.root.querySelectorAll<HTMLElement>("[data-class-code]")) {
      item.dataset.used = String(used.has(Number(item.dataset.classCode)));
    }
    this.renderOthers(candidate);
    this.markOther(view);
    this.renderLast(last);
  }

  renderLast(last: Rated | null): void {
    part("#last").hidden = last === null;
    if (!last) return;
    const { candidate, verdict, facts } = last;
    const reasons = verdict.reasons.map((reason) => this.reasonName(reason));
    const said = [`${verdict.value} ${this.ratingName(verdict.value)}`, ...reasons, ...(verdict.comment ? [`“${verdict.comment}”`] : [])];
    part("#last-verdict").textContent = said.join(" · ");
    part("#last-facts").replaceChildren(...this.facts.list(candidate, facts, "fact-to-come"));
    for (const id of ["#last-bulk", "#last-labeler"]) part(id).hidden = facts === null;
    if (!facts) return;
    const labeler = new URLSearchParams({ labeler: String(facts.labeler_id) });
    part<HTMLAnchorElement>("#last-bulk").href = `${this.config.urls.bulk_page}?${labeler}`;
    part<HTMLAnchorElement>("#last-labeler").href = `${this.config.urls.page}?part=all&${labeler}`;
  }

  /** Return the screen-reader text for a new label. */
  spoken(candidate: Candidate): string {
    const drawn = new Set(candidate.label.polygons.map((polygon) => polygon.class));
    const classes = this.config.campaign.classes.filter(({ code }) => drawn.has(code)).map(({ name }) => name);
    return this.words("spoken", {
      classes: classes.join(", ") || this.words("nothing-drawn"),
      others: candidate.others.length,
    });
  }

  /** Show a view of the current label; `found` is null while the comparison is being computed. */
  show(candidate: Candidate, view: View, found: Comparison | null): void {
    const caption = this.caption(candidate, view);
    part("#caption").textContent = caption;
    this.root.dataset.shown = view === 0 ? "candidate" : typeof view === "number" ? "other" : view;
    if (typeof view === "number") {
      this.picture.overlay(labelsOf(candidate)[view]?.polygons ?? [], this.config.campaign.classes, caption);
    } else {
      const { image } = candidate.label;
      this.picture.overlayPixels(found && this.layers.of(view, found, image, candidate.others.length + 1), caption);
    }
    for (const button of this.views) button.setAttribute("aria-pressed", String(button.dataset.view === String(view)));
    this.markOther(view);
  }

  showCaption(sentence: string): void {
    part("#caption").textContent = sentence;
  }

  private markOther(view: View): void {
    [...this.others.querySelectorAll("button")].forEach((button, place) => {
      button.setAttribute("aria-pressed", String(place === view));
      // Scroll only if the reviewer chose the view: a new label must not move the page.
      if (place === view && place > 0) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  private caption(candidate: Candidate, view: View): string {
    if (typeof view === "string") return this.words(`caption-${view}`);
    const labeler = this.labelerOf(candidate, view);
    const name = view === 0 ? "caption-candidate" : "caption-other";
    return this.words(labeler === "" ? name : `${name}-by`, { labeler, n: view, others: candidate.others.length });
  }

  /** Return the labeler of a label by index; empty while that is hidden. */
  private labelerOf({ label, others }: Candidate, place: number): string {
    if (this.hideRecord) return "";
    return (place === 0 ? label.facts?.labeler : others[place - 1]?.labeler) ?? "";
  }

  private reasonName(reason: string): string {
    return document.querySelector(`[data-reason="${reason}"]`)?.firstChild?.textContent?.trim() ?? reason;
  }

  private renderFlag(candidate: Candidate | null): void {
    const flag = candidate?.label.flag ?? null;
    this.flag.setAttribute("aria-pressed", String(flag !== null));
    const note = part("#flag-note");
    note.hidden = flag === null;
    if (flag) note.textContent = this.words(flag.note ? "flag-of" : "flag-without-note", { ...flag });
  }

  private renderOthers(candidate: Candidate): void {
    const { image } = candidate.label;
    const items = labelsOf(candidate).map((label, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "thumb";
      button.setAttribute("aria-pressed", String(place === 0));
      button.title = this.caption(candidate, place);
      const name = document.createElement("span");
      name.textContent = place === 0 ? this.words("this-one") : this.labelerOf(candidate, place) || this.words("other", { n: place });
      const text = document.createElement("span");
      text.className = "thumb-words";
      text.append(name);
      if (!this.hideRecord) {
        // The agreement of the others with the label to rate.
        const value = (place === 0 ? candidate.label.facts?.score : label.agreement) ?? null;
        const score = document.createElement("span");
        score.className = "number";
        score.textContent = value === null ? "–" : decimal(value, 2);
        text.append(score);
      }
      button.append(thumbnail(image, label.polygons, this.config.campaign.classes), text);
      button.addEventListener("click", () => this.onView(place));
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    this.others.scrollLeft = 0;
    this.others.replaceChildren(...(candidate.others.length > 0 ? items : []));
  }
}

