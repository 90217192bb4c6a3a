/**
 * The unsent drawing of each image, stored on this device after every stroke.
 *
 * Two tabs may have the same image open. Before writing, a tab checks that the stored drawing is the
 * one it last read or wrote. If not, it stores its own drawing separately, and the user has to choose.
 */
import { keep, keysOf, readJson } from "../../shared/storage";
import { readDraft, toJson } from "./drawing";
import type { Draft, Drawing } from "./drawing";

/** "forbidden": the browser allows no storage, so the drawing lasts as long as the page. */
export type Kept = "kept" | "full" | "forbidden" | "contested";

export interface Drafts {
  /**
   * Store the drawing at once. `contested`: another tab has stored one meanwhile; both are kept.
   */
  save(image: number, drawing: Drawing): Kept;
  /** Return the stored drawing of an image, the base of later saves by this page. */
  load(image: number): Draft | null;
  /** Return whether this device has a drawing of the image. */
  has(image: number): boolean;
  /** Return the drawing another tab stored since this page read or wrote it, or null. */
  elsewhere(image: number): Draft | null;
  /** Return other drawings of the image, among which the user has to choose. */
  beside(image: number): Draft[];
  forgetBeside(image: number): void;
  /** Record that the server has the drawing of this save as this version. */
  synced(image: number, version: number, stroke: number): void;
  /** Return whether the server has the stored drawing unchanged. */
  isSynced(draft: Draft, image: number): boolean;
  /** Return how many times this page has saved the drawing of the image. */
  strokes(image: number): number;
  remove(image: number): void;
  /** Return the image of a storage key written by another tab, or null. */
  imageOf(key: string): number | null;
}

/** Long enough to contain the writer and its save count, which change with each save. */
const HEAD = 100;

/**
 * Create the store. `owner` separates people on one device, `writer` separates pages of one person.
 * `lasting`: the storage outlives the page.
 */
export function createDrafts(
  storage: Storage, owner: string, writer: string, lasting = true,
): Drafts {
  const key = (image: number): string => `ai4mars.draft.${owner}.${image}`;
  const syncKey = (image: number): string => `ai4mars.synced.${owner}.${image}`;
  /** The first characters of what this page last read or wrote, by image. */
  const known = new Map<number, string | null>();
  const strokes = new Map<number, number>();

  const head = (image: number): string | null => {
    const kept = storage.getItem(key(image));
    return kept === null ? null : kept.slice(0, HEAD);
  };

  function read(place: string, image: number): Draft | null {
    const draft = readDraft(readJson(storage, place));
    return draft && { ...draft, version: readSync(storage, syncKey(image)).version };
  }

  /** Move an unreadable drawing aside, so that the next save does not overwrite it. */
  function putAside(image: number): void {
    const kept = storage.getItem(key(image));
    if (kept === null) return;
    const aside = `ai4mars.unreadable.${owner}.${image}.${Date.now()}`;
    if (keep(storage, aside, kept)) storage.removeItem(key(image));
  }

  return {
    save(image, drawing) {
      const stroke = (strokes.get(image) ?? 0) + 1;
      strokes.set(image, stroke);
      const saved_at = new Date().toISOString();
      const { format, ...shapes } = toJson(drawing);
      const value = JSON.stringify({ format, writer, stroke, saved_at, ...shapes });
      if (head(image) !== (known.get(image) ?? null)) {
        keep(storage, `${key(image)}.${writer}`, value);
        return "contested";
      }
      if (!keep(storage, key(image), value)) return "full";
      known.set(image, value.slice(0, HEAD));
      storage.removeItem(`${key(image)}.${writer}`);
      return lasting ? "kept" : "forbidden";
    },
    load(image) {
      const draft = read(key(image), image);
      if (!draft || draft.damaged) putAside(image);
      known.set(image, head(image));
      return draft;
    },
    has: (image) => storage.getItem(key(image)) !== null,
    elsewhere: (image) =>
      head(image) === (known.get(image) ?? null) ? null : read(key(image), image),
    beside: (image) =>
      keysOf(storage, `${key(image)}.`)
        .filter((place) => !place.endsWith(`.${writer}`))
        .flatMap((place) => read(place, image) ?? []),
    forgetBeside(image) {
      for (const place of keysOf(storage, `${key(image)}.`)) storage.removeItem(place);
    },
    synced(image, version, stroke) {
      keep(storage, syncKey(image), JSON.stringify({ version, writer, stroke }));
    },
    isSynced(draft, image) {
      const last = readSync(storage, syncKey(image));
      return last.writer === draft.writer && last.stroke === draft.stroke;
    },
    strokes: (image) => strokes.get(image) ?? 0,
    remove(image) {
      this.forgetBeside(image);
      storage.removeItem(key(image));
      storage.removeItem(syncKey(image));
      known.delete(image);
    },
    imageOf(place) {
      const prefix = `ai4mars.draft.${owner}.`;
      const image = Number(place.startsWith(prefix) ? place.slice(prefix.length) : NaN);
      return Number.isInteger(image) ? image : null;
    },
  };
}

interface Synced {
  readonly version: number;
  readonly writer: string;
  readonly stroke: number;
}

function readSync(storage: Storage, place: string): Synced {
  const { version, writer, stroke } = (readJson(storage, place) ?? {}) as Partial<Synced>;
  return {
    version: Number.isSafeInteger(version) ? version! : 0,
    writer: writer ?? "",
    stroke: stroke ?? -1,
  };
}

export interface Choice {
  /** The drawing to open. */
  readonly draft: Draft | null;
  /** A conflicting drawing from elsewhere; the person decides. */
  readonly other: Draft | null;
}

/** Choose between the drawings of the device and of the server. */
export function choose(device: Draft | null, server: Draft | null, synced: boolean): Choice {
  if (!device || !server) return { draft: device ?? server, other: null };
  const own = server.writer === device.writer && server.stroke <= device.stroke;
  if (own || server.version === device.version) {
    return { draft: { ...device, version: server.version }, other: null };
  }
  // The newer version is based on everything drawn here.
  if (synced && server.version > device.version) return { draft: server, other: null };
  const [draft, other] = server.savedAt > device.savedAt ? [server, device] : [device, server];
  return { draft: { ...draft, version: server.version }, other };
}
