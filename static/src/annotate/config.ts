/** What the template hands over: campaign, addresses, sentences in the person's language. */

export interface TerrainClass {
  readonly code: number;
  readonly name: string;
  readonly color: string;
  readonly pattern: string;
  readonly guidance: string;
  /** What a thing of the class must measure at least, meters; null: no rule. */
  readonly min_width_m: number | null;
  readonly min_height_m: number | null;
}

export interface Config {
  readonly campaign: {
    readonly slug: string;
    readonly name: string;
    readonly range_limit_m: number | null;
    readonly classes: readonly TerrainClass[];
  };
  readonly urls: {
    readonly next: string;
    readonly labels: string;
    readonly skip: string;
    readonly draft: string;
    readonly session: string;
    readonly nothing: string;
    readonly report: string;
    readonly sent: string;
    readonly correct: string;
    readonly my_drawing: string;
    readonly login: string;
    readonly tutorial: string;
    readonly home: string;
  };
  readonly csrf_token: string;
  readonly labeler: {
    /** Null for a visitor who has saved nothing yet. */
    readonly id: number | null;
    readonly name: string;
    readonly is_guest: boolean;
    /** Of a guest, or of who becomes one with the first save: to stay the same one. */
    readonly visit: string | null;
    /** A name for what this device keeps before there is a labeler. */
    readonly device_name: string | null;
    readonly role: string;
  };
}

export function readConfig(): Config {
  return JSON.parse(document.getElementById("annotate-config")?.textContent ?? "") as Config;
}

/** Looks up a sentence of the template (`data-string`) by name and fills in its {placeholders}. */
export type Say = (name: string, values?: Record<string, string | number>) => string;

export function readStrings(): Say {
  const sentences = new Map<string, string>();
  for (const element of document.querySelectorAll<HTMLElement>("[data-string]")) {
    sentences.set(element.dataset.string!, element.textContent.trim());
  }
  return (name, values = {}) => {
    const sentence = sentences.get(name);
    if (sentence === undefined) throw new Error(`The template has no string "${name}".`);
    return sentence.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
  };
}
