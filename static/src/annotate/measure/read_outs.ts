/** The displays of measurements. */

export interface SizeWords {
  readonly measures: string;
  readonly verdict: string;
  readonly obeyed: boolean;
}

export class ReadOuts {
  private shown = "";

  clear(): void {
    this.showDistance("");
    this.showRuler("");
    this.showSize(null);
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
