/**
 * What a device keeps of the drawing page so that it opens without a network: the page with its files, and the pictures
 * loaded ahead. Names contain the person, so that nobody is shown what another person left.
 */
import { keysOf } from "../storage";

const PAGES = "ai4mars.page.";
const PICTURES = "ai4mars.pictures.";
const TASKS = "ai4mars.tasks.";

/** Header of a page that may be kept: the person it was made for. */
export const KEPT_FOR = "X-Kept-For";

/** What the page tells the service worker once it works: which files belong to it. */
export interface KeepPage {
  readonly path: string;
  readonly person: string;
  readonly files: readonly string[];
}

/** Return the name of the cache of a page. */
export const pageCache = (person: string, path: string): string => `${PAGES}${person}.${path}`;

/** Return whether a cache holds the page at this path, whoever it was made for. */
export const holdsPage = (name: string, path: string): boolean =>
  name.startsWith(PAGES) && name.endsWith(`.${path}`);

/** Return the name of the cache of the pictures loaded ahead. */
export const pictureCache = (person: string, campaign: string): string => `${PICTURES}${person}.${campaign}`;

/** Return the storage key of the tasks loaded ahead. */
export const tasksKey = (person: string, campaign: string): string => `${TASKS}${person}.${campaign}`;

const isOfAnother = (name: string, person: string, kinds: readonly string[]): boolean =>
  kinds.some((kind) => name.startsWith(kind) && !(person && name.startsWith(`${kind}${person}.`)));

/** Delete the pages and pictures that are kept for anybody else; "" is nobody. */
export async function forgetOthersFiles(person: string): Promise<void> {
  // Plain HTTP and some private windows have no caches, or do not open them.
  const names = await globalThis.caches?.keys().catch(() => []) ?? [];
  const others = names.filter((name) => isOfAnother(name, person, [PAGES, PICTURES]));
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** Delete all that is kept for anybody else. Drawings stay: their person still has to send them. */
export async function forgetOthers(person: string, storage: Storage): Promise<void> {
  for (const key of keysOf(storage, TASKS)) {
    if (isOfAnother(key, person, [TASKS])) storage.removeItem(key);
  }
  await forgetOthersFiles(person);
}
