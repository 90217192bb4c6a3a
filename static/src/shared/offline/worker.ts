/**
 * The service worker of the drawing page. It opens the page without a network.
 *
 * With a network every page comes from the site, so a new version replaces the old one at the next load. A page that is
 * opened from its kept copy gets its files from the same copy, never those of another version. Requests to the API,
 * staff pages and all other pages pass by.
 */
import { forgetOthersFiles, holdsPage, KEPT_FOR, pageCache } from "./kept";
import type { KeepPage } from "./kept";

// TypeScript's types of service workers contradict those of pages.
interface LastingEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends LastingEvent {
  readonly request: Request;
  readonly clientId: string;
  readonly resultingClientId: string;
  respondWith(response: Promise<Response>): void;
}

interface Worker {
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install", act: (event: LastingEvent) => void): void;
  addEventListener(kind: "fetch", act: (event: FetchEvent) => void): void;
  addEventListener(kind: "message", act: (event: LastingEvent & { readonly data: unknown }) => void): void;
}

const worker = globalThis as unknown as Worker;

/** Pages that came from the site, until they say that they work. */
const arrived = new Map<string, Response>();
/** The caches from which open pages were opened, by client. */
const openedFrom = new Map<string, string>();

const pathOf = ({ url }: Request): string => new URL(url).pathname;
const addressOf = ({ url }: Request): string => url.slice(location.origin.length);

async function openPage({ request, resultingClientId }: FetchEvent): Promise<Response> {
  const path = pathOf(request);
  try {
    const response = await fetch(request);
    if (response.ok && response.headers.get(KEPT_FOR)) arrived.set(path, response.clone());
    return response;
  } catch (error) {
    for (const name of await caches.keys()) {
      const kept = holdsPage(name, path) && (await (await caches.open(name)).match(path, { ignoreVary: true }));
      if (!kept) continue;
      openedFrom.set(resultingClientId, name);
      return kept;
    }
    throw error;
  }
}

async function openFile(request: Request, name: string | undefined): Promise<Response> {
  const options = { ignoreVary: true };
  const own = name === undefined ? undefined : await (await caches.open(name)).match(request, options);
  return own ?? (await caches.match(request, options)) ?? (await fetch(request));
}

/** Keep a page with all its files. If one of them is missing, the copy of before stays. */
async function keep({ path, person, files }: KeepPage): Promise<void> {
  const page = arrived.get(path) ?? (await fetch(path));
  arrived.delete(path);
  if (!page.ok || page.redirected || page.headers.get(KEPT_FOR) !== person) return;
  // A tab with an older version may say that it works: its files are not those of this page.
  const text = await page.clone().text();
  if (!files.every((file) => text.includes(`"${file}"`))) return;
  await forgetOthersFiles(person);
  const cache = await caches.open(pageCache(person, path));
  await cache.addAll([...files]);
  await cache.put(path, page);
  const wanted = new Set([path, ...files]);
  const old = (await cache.keys()).filter((request) => !wanted.has(addressOf(request)));
  await Promise.all(old.map((request) => cache.delete(request)));
}

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));

worker.addEventListener("fetch", (event) => {
  const { request, clientId } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    if (pathOf(request).endsWith("/draw/")) event.respondWith(openPage(event));
    return;
  }
  // Files that elements of the page name; what its script fetches has no destination.
  const name = openedFrom.get(clientId);
  const isFile = request.destination !== "" && new URL(request.url).origin === location.origin;
  if (isFile && (name !== undefined || !navigator.onLine)) event.respondWith(openFile(request, name));
});

worker.addEventListener("message", (event) => {
  // Without a network, or without space, the copy of before stays.
  event.waitUntil(keep(event.data as KeepPage).catch(() => undefined));
});
