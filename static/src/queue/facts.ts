/** The facts of a label: image, scores, labeler. */

import { decimal, type Words } from "../shared/translations";
import type { Candidate, LabelerRecord, LabelFacts, TerrainClass } from "./types";

function row(name: string, ...what: (string | Node)[]): HTMLElement {
  const line = document.createElement("div");
  const term = document.createElement("dt");
  const meaning = document.createElement("dd");
  term.textContent = name;
  meaning.append(...what);
  line.append(term, meaning);
  return line;
}

function span(text: string, ...classes: string[]): HTMLElement {
  const made = document.createElement("span");
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function bar(value: number): HTMLProgressElement {
  const made = document.createElement("progress");
  made.max = 1;
  made.value = value;
  made.setAttribute("aria-hidden", "true");
  return made;
}

function classLine(name: string, iou: number): HTMLElement {
  const line = span("", "class-line");
  line.append(span(name), bar(iou), span(decimal(iou, 2), "number"));
  return line;
}

export class Facts {
  constructor(
    private readonly classes: readonly TerrainClass[],
    private readonly words: Words,
  ) {}

  /** Return all facts; without `facts` only the image, and why there is no more (a key of `Words`). */
  list(candidate: Candidate, facts: LabelFacts | null, whyNot = "fact-hidden"): Node[] {
    const list = document.createElement("dl");
    list.append(row(this.words("fact-picture"), span(this.pictureName(candidate), "mono")));
    if (!facts) return [list, span(this.words(whyNot), "muted")];
    list.append(...this.scores(facts), ...this.labeler(facts));
    return [list];
  }

  pictureName({ label: { image } }: Candidate): string {
    const rover = image.rover.charAt(0).toUpperCase() + image.rover.slice(1);
    const sol = image.sol === null ? [] : [this.words("sol", { sol: image.sol })];
    return [...(rover ? [rover] : []), ...sol, image.product_id].join(" · ");
  }

  private scores(facts: LabelFacts): Node[] {
    const { words } = this;
    const score = facts.score === null ? [words("no-score")] : [span(decimal(facts.score, 2), "number", "strong"), bar(facts.score)];
    const rank = facts.rank === null ? [] : [span(words("rank", { rank: facts.rank }), "muted")];
    const rows = [row(words("fact-score"), ...score, ...rank)];
    const byClass = this.classes.flatMap(({ code, name }) => {
      const iou = facts.class_agreements[String(code)];
      return iou === undefined ? [] : [classLine(name, iou)];
    });
    if (byClass.length > 0) rows.push(row(words("fact-classes"), ...byClass));
    if (facts.ratings > 0) rows.push(row(words("fact-ratings"), String(facts.ratings)));
    return rows;
  }

  private labeler(facts: LabelFacts): Node[] {
    const { words } = this;
    const who = words("fact-labeler-of", { labeler: facts.labeler, number: facts.labeler_id });
    return [row(words("fact-labeler"), who), row(words("fact-record"), this.record(facts.record))];
  }

  private record({ labels, thrown_out, mean_score, mean_rating }: LabelerRecord): string {
    return [
      this.words("record", { labels, thrown_out }),
      ...(mean_score === null ? [] : [this.words("record-score", { score: decimal(mean_score, 2) })]),
      ...(mean_rating === null ? [] : [this.words("record-rating", { rating: decimal(mean_rating, 1) })]),
    ].join(", ");
  }
}
