/**
 * The sentences a script says, which the page's template wrote in the reader's language:
 * `<ul id="words" hidden><li data-word="saved">Saved: {rating}.</li></ul>`.
 */

export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** Fills `{name}` in a sentence; a name without a value stays as it is, so that it is noticed. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>> = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A number with so many decimals, as the page's language writes them: 0.50, 0,50. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString(document.documentElement.lang || undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Reads the page's sentences; a key the page does not have is a mistake of ours and throws. */
export function wordsOf(page: ParentNode): Words {
  const sentences = new Map<string, string>();
  for (const item of page.querySelectorAll<HTMLElement>("#words > [data-word]")) {
    sentences.set(item.dataset.word ?? "", (item.textContent ?? "").trim());
  }
  return (key, values) => {
    const sentence = sentences.get(key);
    if (sentence === undefined) throw new Error(`The page has no sentence for "${key}".`);
    return fill(sentence, values);
  };
}
