/** Configuration from the template: campaign, URLs, and texts in the person's language. */

export interface TerrainClass {
  readonly code: number;
  readonly name: string;
  readonly color: string;
  readonly pattern: string;
  readonly guidance: string;
  /** Minimum size of an object of the class in meters; null without one. */
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
    readonly skipped: string;
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
  /** The name under which this device keeps what the person needs without a network. */
  readonly person: string;
  /** Address of the service worker that opens the page without a network; null if it must not be kept. */
  readonly offline: string | null;
  readonly labeler: {
    /** Null for a visitor without saved work. */
    readonly id: number | null;
    readonly name: string;
    readonly is_guest: boolean;
    /** Token of a guest or future guest, to restore the identity if cookies are lost. */
    readonly visit: string | null;
    /** Name for the device's stored work before there is a labeler. */
    readonly device_name: string | null;
    readonly role: string;
  };
}

export function readConfig(): Config {
  return JSON.parse(document.getElementById("annotate-config")?.textContent ?? "") as Config;
}

/** Returns the template's text (`data-string`) of a name, with its {placeholders} filled in. */
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
