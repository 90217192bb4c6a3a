/**
 * The tasks loaded ahead with the files of their pictures, kept on this device: without a network the page can be
 * closed and opened again.
 */
import { Unreachable } from "../../shared/server";
import { pictureCache, tasksKey } from "../../shared/offline/kept";
import { keep, readJson } from "../../shared/storage";
import type { Task } from "./task";

/** Files of a picture that are not required for drawing. */
export const EXTRAS = ["range_map_url", "range_mask_url", "rover_mask_url"] as const;

const TIMEOUT_MS = 60_000;

export class KeptPictures {
  private readonly key: string;
  private readonly cacheName: string;

  /** `person`: whose they are; null for pages that keep nothing. */
  constructor(private readonly storage: Storage, private readonly person: string | null, campaign: string) {
    this.key = tasksKey(person ?? "", campaign);
    this.cacheName = pictureCache(person ?? "", campaign);
  }

  /** Keep these tasks instead of those before. */
  put(tasks: readonly Task[]): void {
    if (this.person === null) return;
    keep(this.storage, this.key, JSON.stringify(tasks));
    void this.deleteFilesExcept(tasks);
  }

  /** Keep a task that is drawn on again. */
  add(task: Task): void {
    if (this.person === null) return;
    const others = this.tasks().filter(({ image }) => image.id !== task.image.id);
    keep(this.storage, this.key, JSON.stringify([task, ...others]));
  }

  remove(image: number): void {
    if (this.person === null) return;
    keep(this.storage, this.key, JSON.stringify(this.tasks().filter((task) => task.image.id !== image)));
  }

  /** Return the tasks whose pictures are on this device. */
  async ready(): Promise<Task[]> {
    const cache = await this.cache();
    if (!cache) return [];
    const tasks = this.tasks();
    const found = await Promise.all(tasks.map(({ image }) => cache.match(image.display_url)));
    return tasks.filter((_, place) => found[place]);
  }

  /**
   * Load a file of a picture and keep it; without a network, return the kept one.
   *
   * Throws `Unreachable`, or a `DOMException` if the site does not have the file.
   */
  async load(url: string): Promise<Blob> {
    let response: Response;
    let file: Blob;
    try {
      response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      file = await response.clone().blob();
    } catch (error) {
      const kept = await (await this.cache())?.match(url);
      if (kept) return await kept.blob();
      throw new Unreachable("network", String(error));
    }
    if (response.status >= 500 || response.status === 429) throw new Unreachable("server");
    if (!response.ok) throw new DOMException(`HTTP ${response.status}`, "NotFoundError");
    // A full device keeps the page from opening without a network, nothing else.
    void this.cache().then((cache) => cache?.put(url, response)).catch(() => undefined);
    return file;
  }

  private tasks(): Task[] {
    const kept = this.person === null ? null : readJson(this.storage, this.key);
    return Array.isArray(kept) ? (kept as Task[]).filter((task) => Number.isInteger(task?.image?.id)) : [];
  }

  private async cache(): Promise<Cache | null> {
    // Plain HTTP has no caches, and some private windows do not open them.
    if (this.person === null || !globalThis.caches) return null;
    return await caches.open(this.cacheName).catch(() => null);
  }

  private async deleteFilesExcept(tasks: readonly Task[]): Promise<void> {
    const wanted = new Set(tasks.flatMap(({ image }) =>
      [image.display_url, image.thumbnail_url, ...EXTRAS.map((name) => image[name])]));
    const cache = await this.cache();
    if (!cache) return;
    const old = (await cache.keys()).filter(({ url }) => !wanted.has(new URL(url).pathname));
    await Promise.all(old.map((request) => cache.delete(request)));
  }
}
