/**
 * The unsent drawing of each image, kept on this device after every stroke.
 *
 * Two tabs may have the same image open. Whoever writes looks first whether the kept drawing is
 * the one it knows; if not, its own goes to a place beside it, and a person has to choose.
 */
import { keep, keysOf, readJson } from "../../shared/storage";
import { readDraft, toJson } from "./drawing";
import type { Draft, Drawing } from "./drawing";

export type Kept = "kept" | "full" | "contested";

export interface Drafts {
  /** Keeps the drawing at once. `contested`: another tab has kept one meanwhile, both are kept. */
  save(image: number, drawing: Drawing): Kept;
  /** What is kept of an image; from now on this page builds upon it. */
  load(image: number): Draft | null;
  /** What another tab has kept of it since this page read or wrote it; null if none has. */
  elsewhere(image: number): Draft | null;
  /** Drawings of the image that lost to the kept one and wait for a person to choose. */
  beside(image: number): Draft[];
  forgetBeside(image: number): void;
  /** The server has the drawing as it was at this stroke, as this version. */
  synced(image: number, version: number, stroke: number): void;
  /** Whether the server has the kept drawing as it is. */
  isSynced(draft: Draft, image: number): boolean;
  /** How many times this page has saved the image's drawing. */
  strokes(image: number): number;
  remove(image: number): void;
  /** The image whose drawing lies under a key of the storage, if it was another tab's. */
  imageOf(key: string): number | null;
}

/** Long enough to hold the writer and its stroke, which change with each save. */
const HEAD = 100;

/** `owner` keeps two people at one device apart, `writer` two pages of one person. */
export function createDrafts(storage: Storage, owner: string, writer: string): Drafts {
  const key = (image: number): string => `ai4mars.draft.${owner}.${image}`;
  const syncKey = (image: number): string => `ai4mars.synced.${owner}.${image}`;
  /** The beginning of what this page has read or written last. */
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

  /** What nobody can read is put aside, where the next stroke does not write over it. */
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
      return "kept";
    },
    load(image) {
      const draft = read(key(image), image);
      if (!draft || draft.damaged) putAside(image);
      known.set(image, head(image));
      return draft;
    },
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
  /** Opened at once. */
  readonly draft: Draft | null;
  /** Drawn somewhere else, and not part of the opened one: a person decides. */
  readonly other: Draft | null;
}

/** Which of the device's and the server's drawing to go on with. */
export function choose(device: Draft | null, server: Draft | null, synced: boolean): Choice {
  if (!device || !server) return { draft: device ?? server, other: null };
  const own = server.writer === device.writer && server.stroke <= device.stroke;
  if (own || server.version === device.version) {
    return { draft: { ...device, version: server.version }, other: null };
  }
  // Nothing was drawn here that the server did not know when the newer one was made from it.
  if (synced && server.version > device.version) return { draft: server, other: null };
  const [draft, other] = server.savedAt > device.savedAt ? [server, device] : [device, server];
  return { draft: { ...draft, version: server.version }, other };
}
