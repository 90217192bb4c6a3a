/** Prefetching: the next pictures are loaded and decoded while the current one is drawn on. */
import type { Frame } from "../core/geometry";
import { EXTRAS } from "./kept_pictures";
import type { Picture, Task } from "./task";

/** A loaded picture, usable without a network. */
export interface Loaded {
  readonly task: Task;
  /** The task's image, with object URLs held by this page. */
  readonly picture: Picture;
  readonly frame: Frame;
  release(): void;
}

/** Returns the frame of a loaded picture: its size and masked areas. */
export type FrameOf = (picture: Picture) => Promise<Frame>;

/** Loads a file of a picture. Throws `Unreachable`, or a `DOMException` if there is no such file. */
export type LoadFile = (url: string) => Promise<Blob>;

export class Prefetcher {
  private readonly places = new Map<number, Promise<Loaded>>();
  private order: readonly Task[] = [];

  constructor(
    private readonly frameOf: FrameOf,
    private readonly loadFrom: (task: Task, frameOf: FrameOf) => Promise<Loaded>,
  ) {}

  get size(): number {
    return this.order.length;
  }

  get next(): Task | null {
    return this.order[0] ?? null;
  }

  /** Prefetch these tasks in order, and release all others. */
  stock(tasks: readonly Task[]): void {
    const wanted = new Set(tasks.map(({ image }) => image.id));
    for (const { image } of this.order) if (!wanted.has(image.id)) this.letGo(image.id);
    this.order = tasks;
    for (const task of tasks) void this.load(task).catch(() => undefined);
  }

  remove(image: number): void {
    this.letGo(image);
    this.order = this.order.filter((task) => task.image.id !== image);
  }

  /**
   * Remove and return the next picture, or null if there is none.
   *
   * Throws `Unreachable`, or a `DOMException` for a broken picture, which then stays.
   */
  async take(): Promise<Loaded | null> {
    const [task, ...rest] = this.order;
    if (!task) return null;
    const loaded = await this.load(task);
    this.order = rest;
    this.places.delete(task.image.id);
    return loaded;
  }

  /** Load a picture outside the queue. Throws `Unreachable`. */
  async fetch(task: Task): Promise<Loaded> {
    const loaded = await this.load(task);
    this.order = this.order.filter(({ image }) => image.id !== task.image.id);
    this.places.delete(task.image.id);
    return loaded;
  }

  /** Put a picture back as the next one, after another picture was opened in between. */
  putBack(loaded: Loaded): void {
    this.order = [loaded.task, ...this.order];
    this.places.set(loaded.task.image.id, Promise.resolve(loaded));
  }

  private load(task: Task): Promise<Loaded> {
    const { id } = task.image;
    const under = this.places.get(id) ?? this.loadFrom(task, this.frameOf);
    this.places.set(id, under);
    // A failed download is retried at the next request.
    under.catch(() => this.places.delete(id));
    return under;
  }

  private letGo(image: number): void {
    void this.places.get(image)?.then((loaded) => loaded.release(), () => undefined);
    this.places.delete(image);
  }
}

/** Load the files of a task into memory. */
export async function loadTask(task: Task, frameOf: FrameOf, load: LoadFile): Promise<Loaded> {
  const urls: string[] = [];
  const toMemory = async (url: string): Promise<string> => {
    const address = URL.createObjectURL(await load(url));
    urls.push(address);
    return address;
  };
  const release = (): void => urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  try {
    const extras = EXTRAS.map(async (name) => {
      const url = task.image[name];
      return [name, url && (await toMemory(url).catch(() => url))] as const;
    });
    // The browser caches the thumbnail for the list of waiting uploads.
    void load(task.image.thumbnail_url).catch(() => undefined);
    const display_url = await toMemory(task.image.display_url);
    const found = Object.fromEntries(await Promise.all(extras));
    const picture: Picture = { ...task.image, ...found, display_url };
    // Keep the decoded image while it is prefetched, so that it is shown at once.
    const decoded = new Image();
    decoded.src = picture.display_url;
    const [frame] = await Promise.all([frameOf(picture), decoded.decode()]);
    return { task, picture, frame, release };
  } catch (error) {
    release();
    throw error;
  }
}
