/** The displays of measurements, and the offer to remove a shape that is too small. */
import type { Region } from "../core/label";

export interface SizeWords {
  readonly measures: string;
  readonly verdict: string;
  readonly obeyed: boolean;
}

export class ReadOuts {
  private offered: Region | null = null;
  private shown = "";

  constructor(private readonly events: { remove(region: Region): void }) {
    byId("offer-remove").addEventListener("click", () => {
      const region = this.offered;
      this.withdraw();
      if (region) this.events.remove(region);
    });
    byId("offer-keep").addEventListener("click", () => this.withdraw());
  }

  clear(): void {
    this.showDistance("");
    this.showRuler("");
    this.showSize(null);
    this.withdraw();
  }

  showDistance(words: string): void {
    if (words === this.shown) return;
    this.shown = words;
    write("distance", words);
  }

  /** Show which objects are too small to need a label, by the scale bar; null for a picture without one. */
  showBarRule(words: string | null): void {
    write("bar-rule", words ?? "");
    byId("bar-rule").hidden = words === null;
  }

  showRuler(words: string): void {
    write("ruler-note", words);
  }

  showSize(size: SizeWords | null): void {
    const note = byId("size-note");
    if (!size) {
      note.hidden = true;
      note.textContent = "";
      return;
    }
    const verdict = document.createElement("span");
    verdict.className = size.obeyed ? "verdict-yes" : "verdict-no";
    verdict.textContent = size.verdict;
    note.replaceChildren(size.measures, ...(size.verdict ? [" ", verdict] : []));
    note.hidden = false;
  }

  offer(region: Region): void {
    this.offered = region;
    byId("offer").hidden = false;
  }

  /** Withdraw the offer when drawing continues. */
  withdraw(): void {
    this.offered = null;
    byId("offer").hidden = true;
  }
}

function write(id: string, words: string): void {
  const element = byId(id);
  element.textContent = words;
  element.hidden = !words;
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element;
}
