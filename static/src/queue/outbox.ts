/**
 * Ratings and undos on their way to the server, in the order in which they were made. They outlive the page: a rating
 * is never lost in silence, and never counts twice, for the server knows one that it has already.
 */

import { ServerError } from "../shared/server";
import type { ReviewApi } from "./api";
import type { LabelFacts, Verdict } from "./types";

export interface Parcel {
  /** Sorts after all that were put before. */
  readonly key: string;
  readonly label: string;
  readonly what:
    | { readonly kind: "rate"; readonly version: number; readonly verdict: Verdict }
    /** `rating` is null where the rating itself is still on its way. */
    | { readonly kind: "undo"; readonly rating: number | null };
}

export interface OutboxEvents {
  /** Something has come or gone. */
  changed(): void;
  /** A rating has arrived, and this is what could have led it. */
  rated(label: string, facts: LabelFacts): void;
  /** The server's no; the parcel is gone. */
  refused(parcel: Parcel, error: ServerError): void;
  /** It cannot be delivered now, and waits. */
  waits(error: ServerError): void;
}

/** What may be otherwise a little later: no answer, a server in trouble, signed out, too many requests. */
const passes = ({ status }: ServerError): boolean => status < 400 || status >= 500 || [401, 403, 408, 429].includes(status);

/** Does the work while no other tab does. */
export type Exclusively = (work: () => Promise<void>) => Promise<void>;

/** Only one tab of this browser at a time; where the browser cannot tell, the server still counts a rating once. */
export const oneTabAtATime: Exclusively = async (work) => {
  if (!("locks" in navigator)) return work();
  await navigator.locks.request("ai4mars.review", work);
};

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

export class Outbox {
  private readonly ratings = new Map<string, number>();
  private readonly prefix: string;
  private parcels: readonly Parcel[];
  /** What the storage has, and another tab may deliver too. */
  private readonly stored: Set<string>;
  private count = 0;
  private running = false;
  private underWay: Parcel | null = null;
  private retryMs = FIRST_RETRY_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly storage: Storage,
    owner: string,
    private readonly api: Pick<ReviewApi, "rate" | "undo">,
    private readonly events: OutboxEvents,
    private readonly exclusively: Exclusively = (work) => work(),
  ) {
    this.prefix = `ai4mars.review.${owner}.`;
    this.parcels = readParcels(storage, this.prefix);
    this.stored = new Set(this.parcels.map(({ key }) => key));
  }

  get size(): number {
    return this.parcels.length;
  }

  /** Labels whose rating the server may not know yet. */
  labels(): string[] {
    return this.parcels.map(({ label }) => label);
  }

  rate(label: string, version: number, verdict: Verdict): void {
    this.put(label, { kind: "rate", version, verdict });
  }

  /** Takes the rating of a label back; one that has not set out yet never does. */
  undo(label: string): void {
    const waiting = this.parcels.find((each) => each.label === label && each.what.kind === "rate" && each !== this.underWay);
    if (waiting) this.drop(waiting);
    else this.put(label, { kind: "undo", rating: this.ratings.get(label) ?? null });
  }

  /** Sends all that waits, one after the other; what cannot go now is tried again by itself. */
  async deliver(): Promise<void> {
    if (this.running) return;
    this.running = true;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    await this.exclusively(() => this.deliverAll()).finally(() => (this.running = false));
    // Put between the last look and the end of the round.
    if (this.parcels.length > 0 && !this.timer) void this.deliver();
  }

  private async deliverAll(): Promise<void> {
    for (let parcel = this.parcels[0]; parcel; parcel = this.parcels[0]) {
      if (this.stored.has(parcel.key) && this.storage.getItem(parcel.key) === null) {
        this.drop(parcel); // another tab has delivered it
        continue;
      }
      this.underWay = parcel;
      try {
        await this.send(parcel);
        this.retryMs = FIRST_RETRY_MS;
        this.drop(parcel);
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        if (passes(error)) {
          this.later();
          this.events.waits(error);
          return;
        }
        this.drop(parcel);
        this.events.refused(parcel, error);
      } finally {
        this.underWay = null;
      }
    }
  }

  private async send({ label, what }: Parcel): Promise<void> {
    if (what.kind === "rate") {
      const { id, facts } = await this.api.rate(label, what.version, what.verdict);
      this.ratings.set(label, id);
      this.events.rated(label, facts);
      return;
    }
    const rating = what.rating ?? this.ratings.get(label);
    if (rating === undefined) return; // the rating was refused: there is nothing to take back
    await this.api.undo(rating).catch((error: unknown) => {
      // Gone already: what was wanted.
      if (!(error instanceof ServerError && error.status === 404)) throw error;
    });
    this.ratings.delete(label);
  }

  private later(): void {
    this.timer = setTimeout(() => void this.deliver(), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }

  private put(label: string, what: Parcel["what"]): void {
    const key = `${this.prefix}${Date.now()}.${String(++this.count).padStart(6, "0")}`;
    const parcel = { key, label, what };
    this.parcels = [...this.parcels, parcel];
    try {
      this.storage.setItem(key, JSON.stringify(parcel));
      this.stored.add(key);
    } catch {
      // A full or forbidden storage: it waits in the page alone.
    }
    this.events.changed();
    void this.deliver();
  }

  private drop(parcel: Parcel): void {
    this.parcels = this.parcels.filter((each) => each !== parcel);
    this.storage.removeItem(parcel.key);
    this.events.changed();
  }
}

function readParcels(storage: Storage, prefix: string): Parcel[] {
  const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place) ?? "");
  return keys
    .filter((key) => key.startsWith(prefix))
    .sort()
    .flatMap((key) => {
      try {
        return [JSON.parse(storage.getItem(key) ?? "") as Parcel];
      } catch {
        return [];
      }
    });
}
