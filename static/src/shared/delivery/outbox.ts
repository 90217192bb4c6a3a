/**
 * What a person has finished and the server has not confirmed. It outlives the page and goes out
 * again under the same id, so that a bad network neither loses it nor stores it twice.
 *
 * One place in the storage for each parcel: tabs that share it cannot write over each other's, and
 * each delivers what it finds, one tab at a time.
 */
import { Refused, isTrouble } from "../server";
import type { Trouble } from "../server";
import { keep, keysOf, readJson } from "../storage";
import { Backoff } from "./backoff";

/** What differs from page to page: what a parcel is, how it is sent, what a refusal leaves of it. */
export interface Cargo<P extends object, A> {
  /** Of the keys under which parcels lie in the storage; a parcel's id follows. */
  readonly prefix: string;
  idOf(parcel: P): string;
  /** A parcel as it lies in the storage, also of an older page; null for what is none. */
  read(raw: unknown): P | null;
  /** Sorts what was put first to the front. */
  order(one: P, other: P): number;
  /** Whether it goes out by itself; what was refused waits for its person. */
  isDue(parcel: P): boolean;
  /** Throws what `server.ts` says of a bad answer. */
  send(parcel: P): Promise<A>;
  /** What stays of a parcel that the server refused; null for nothing. */
  afterRefusal(parcel: P, error: Refused): P | null;
}

/** One attempt at all that waits. */
export interface Round<P, A> {
  readonly sent: readonly { readonly parcel: P; readonly answer: A }[];
  /** Turned down; they stay in the outbox until their person decides. */
  readonly refused: readonly P[];
  /** Why the round ended before all were delivered. */
  readonly trouble: Trouble | null;
}

export interface OutboxEvents<P, A> {
  sent(parcel: P, answer: A): void;
  /** The parcel as it stays, or as it was where nothing stays. */
  refused(parcel: P, error: Refused): void;
  /** It cannot be delivered now, and is tried again by itself. */
  waits(trouble: Trouble): void;
  /** Something has come, gone or been marked. */
  changed(): void;
  /** It is time to try again. Without a listener `deliver` is called. */
  retry(): void;
}

/** Does the work while no other tab does. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** Only one tab of this browser at a time; where the browser cannot tell, the ids must do. */
export function oneTabAtATime(name: string): Exclusively {
  const { locks } = navigator;
  if (!locks) return (work) => work();
  return async <T>(work: () => Promise<T>) => (await locks.request(name, work)) as T;
}

export class Outbox<P extends object, A> {
  /** What the storage did not take: it lasts as long as the page. */
  private readonly unkept = new Map<string, P>();
  /** Of the round that is under way. */
  private readonly tried = new Set<string>();
  private underWay: string | null = null;
  /** No other tab delivers now. */
  private hasTurn = false;
  private running: Promise<Round<P, A>> | null = null;
  private events: Partial<OutboxEvents<P, A>> = {};
  private readonly backoff = new Backoff(() => {
    if (this.events.retry) this.events.retry();
    else void this.deliver();
  });
  /** Why the last round ended early. */
  trouble: Trouble | null = null;

  constructor(
    private readonly storage: Storage,
    private readonly cargo: Cargo<P, A>,
    private readonly exclusively: Exclusively = (work) => work(),
  ) {}

  listen(events: Partial<OutboxEvents<P, A>>): void {
    this.events = events;
  }

  /** Whether it will outlive the page; if not, it is kept in memory. */
  put(parcel: P): boolean {
    this.tried.delete(this.cargo.idOf(parcel));
    return this.keep(parcel);
  }

  /** Of all tabs, oldest first. */
  all(): P[] {
    const { cargo, storage } = this;
    const kept = keysOf(storage, cargo.prefix).flatMap((key) => cargo.read(readJson(storage, key)) ?? []);
    const parcels = new Map(kept.map((parcel) => [cargo.idOf(parcel), parcel]));
    for (const [id, parcel] of this.unkept) parcels.set(id, parcel);
    return [...parcels.values()].sort((one, other) => cargo.order(one, other));
  }

  /** Those that go out by themselves, oldest first. */
  waiting(): P[] {
    return this.all().filter((parcel) => this.cargo.isDue(parcel));
  }

  drop(id: string): void {
    this.unkept.delete(id);
    this.storage.removeItem(this.cargo.prefix + id);
    this.events.changed?.();
  }

  /** Takes out what no tab has sent or is sending; whether it was in time. */
  async recall(id: string): Promise<boolean> {
    const take = async (): Promise<boolean> => {
      if (this.underWay === id || !this.has(id)) return false;
      this.drop(id);
      return true;
    };
    return this.hasTurn ? await take() : await this.exclusively(take);
  }

  /** Whether closing the page would lose something. */
  get atRisk(): boolean {
    return this.unkept.size > 0;
  }

  /**
   * Tries each once, oldest first, and stops at the first that cannot be delivered now; it is tried
   * later by itself.
   */
  deliver(): Promise<Round<P, A>> {
    return (this.running ??= this.deliverAll());
  }

  /** Asks for another attempt after a while. */
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
      // Again where something was put between the last look and the end.
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

  /** Why it has ended early. */
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
