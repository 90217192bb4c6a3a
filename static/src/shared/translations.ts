/**
 * Translated sentences for scripts, which the template of the page provides: `<ul id="words" hidden><li data-
 * word="saved">Saved: {rating}.</li></ul>`.
 */

export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** Replace `{name}` in a sentence; a name without a value stays visible. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>> = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Format a number with a number of decimals in the language of the page: 0.50, 0,50. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString(document.documentElement.lang || undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Return the sentences of the page; a missing key throws. */
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
