/**
 * Finished work that the server has not confirmed. It survives the page and is sent again under the same id, so that it
 * is neither lost nor stored twice. Each item has its own storage key: tabs cannot overwrite each other's items, and
 * one tab at a time sends all of them.
 */
import { Refused, isTrouble } from "../server";
import type { Trouble } from "../server";
import { keep, keysOf, readJson } from "../storage";
import { Backoff } from "./backoff";

/** The differences between pages: the item, how it is sent, and what remains of a refused one. */
export interface Cargo<P extends object, A> {
  /** Prefix of the storage keys; the id of the item follows. */
  readonly prefix: string;
  idOf(parcel: P): string;
  /** Read a stored item, also one of an older page; null if it is invalid. */
  read(raw: unknown): P | null;
  /** Sort order: the oldest first. */
  order(one: P, other: P): number;
  /** Whether to send it automatically; refused items wait for the person. */
  isDue(parcel: P): boolean;
  /** Send an item. Throws what `server.ts` throws for a failed request. */
  send(parcel: P): Promise<A>;
  /** Return what remains of a refused item; null for nothing. */
  afterRefusal(parcel: P, error: Refused): P | null;
}

/** The result of one attempt to send all waiting items. */
export interface Round<P, A> {
  readonly sent: readonly { readonly parcel: P; readonly answer: A }[];
  /** Refused items; they stay until the person decides. */
  readonly refused: readonly P[];
  /** Why the attempt ended early. */
  readonly trouble: Trouble | null;
}

export interface OutboxEvents<P, A> {
  sent(parcel: P, answer: A): void;
  /** The item as it remains, or as it was if nothing remains. */
  refused(parcel: P, error: Refused): void;
  /** It cannot be delivered now and will be retried. */
  waits(trouble: Trouble): void;
  /** The contents changed. */
  changed(): void;
  /** Time to retry. Without a listener `deliver` is called. */
  retry(): void;
}

/** Run the work under a lock shared by all tabs. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** Use the Web Locks API; without it, the ids alone prevent duplicates. */
export function oneTabAtATime(name: string): Exclusively {
  const { locks } = navigator;
  if (!locks) return (work) => work();
  return async <T>(work: () => Promise<T>) => (await locks.request(name, work)) as T;
}

export class Outbox<P extends object, A> {
  /** Items that the storage refused: kept only until the page closes. */
  private readonly unkept = new Map<string, P>();
  /** Items tried in the current attempt. */
  private readonly tried = new Set<string>();
  private underWay: string | null = null;
  /** This tab holds the lock. */
  private hasTurn = false;
  private running: Promise<Round<P, A>> | null = null;
  private events: Partial<OutboxEvents<P, A>> = {};
  private readonly backoff = new Backoff(() => {
    if (this.events.retry) this.events.retry();
    else void this.deliver();
  });
  /** Why the last attempt ended early. */
  trouble: Trouble | null = null;

  constructor(
    private readonly storage: Storage,
    private readonly cargo: Cargo<P, A>,
    private readonly exclusively: Exclusively = (work) => work(),
  ) {}

  listen(events: Partial<OutboxEvents<P, A>>): void {
    this.events = events;
  }

  /** Add an item; return whether it is stored on the device. If not, it is kept in memory. */
  put(parcel: P): boolean {
    this.tried.delete(this.cargo.idOf(parcel));
    return this.keep(parcel);
  }

  /** Return the items of all tabs, the oldest first. */
  all(): P[] {
    const { cargo, storage } = this;
    const kept = keysOf(storage, cargo.prefix).flatMap((key) => cargo.read(readJson(storage, key)) ?? []);
    const parcels = new Map(kept.map((parcel) => [cargo.idOf(parcel), parcel]));
    for (const [id, parcel] of this.unkept) parcels.set(id, parcel);
    return [...parcels.values()].sort((one, other) => cargo.order(one, other));
  }

  /** Return the items to send automatically, the oldest first. */
  waiting(): P[] {
    return this.all().filter((parcel) => this.cargo.isDue(parcel));
  }

  drop(id: string): void {
    this.unkept.delete(id);
    this.storage.removeItem(this.cargo.prefix + id);
    this.events.changed?.();
  }

  /** Remove an item that no tab has sent or is sending; return whether that was possible. */
  async recall(id: string): Promise<boolean> {
    const take = async (): Promise<boolean> => {
      if (this.underWay === id || !this.has(id)) return false;
      this.drop(id);
      return true;
    };
    return this.hasTurn ? await take() : await this.exclusively(take);
  }

  /** Return whether closing the page would lose an item. */
  get atRisk(): boolean {
    return this.unkept.size > 0;
  }

  /** Try each item once, the oldest first; stop at the first that cannot be delivered, and retry later. */
  deliver(): Promise<Round<P, A>> {
    return (this.running ??= this.deliverAll());
  }

  /** Schedule another attempt. */
  later(): void {
    this.backoff.later();
  }

  private async deliverAll(): Promise<Round<P, A>> {
    const sent: { parcel: P; answer: A }[] = [];
    const refused: P[] = [];
    this.tried.clear();
    this.trouble = null;
    let trouble: Trouble | null;
    try {
      // Repeat if an item was added meanwhile.
      do {
        const turn = (): Promise<Trouble | null> => this.deliverUntried(sent, refused);
        trouble = await this.exclusively(() => turn().finally(() => (this.hasTurn = false)));
      } while (!trouble && this.untried());
    } finally {
      this.running = null;
    }
    this.trouble = trouble;
    if (trouble) {
      this.backoff.later();
      this.events.waits?.(trouble);
    } else this.backoff.reset();
    return { sent, refused, trouble };
  }

  /** Try the untried items; return why it ended early, if it did. */
  private async deliverUntried(
    sent: { parcel: P; answer: A }[],
    refused: P[],
  ): Promise<Trouble | null> {
    this.hasTurn = true;
    for (let parcel = this.untried(); parcel; parcel = this.untried()) {
      const id = this.cargo.idOf(parcel);
      this.tried.add(id);
      this.underWay = id;
      try {
        const answer = await this.cargo.send(parcel);
        this.drop(id);
        sent.push({ parcel, answer });
        this.events.sent?.(parcel, answer);
      } catch (error) {
        if (isTrouble(error)) return error;
        if (!(error instanceof Refused)) throw error;
        const left = this.cargo.afterRefusal(parcel, error);
        if (left) {
          this.keep(left);
          refused.push(left);
        } else this.drop(id);
        this.events.refused?.(left ?? parcel, error);
      } finally {
        this.underWay = null;
      }
    }
    return null;
  }

  private untried(): P | undefined {
    return this.waiting().find((parcel) => !this.tried.has(this.cargo.idOf(parcel)));
  }

  private has(id: string): boolean {
    return this.unkept.has(id) || this.storage.getItem(this.cargo.prefix + id) !== null;
  }

  private keep(parcel: P): boolean {
    const id = this.cargo.idOf(parcel);
    const kept = keep(this.storage, this.cargo.prefix + id, JSON.stringify(parcel));
    if (kept) this.unkept.delete(id);
    else this.unkept.set(id, parcel);
    this.events.changed?.();
    return kept;
  }
}
