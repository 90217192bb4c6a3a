/**
 * The review page's outbox: ratings and undos, in the order in which they were made. A rating never counts twice, for
 * the server knows one that it has already.
 */

import { type Cargo, type Exclusively, Outbox, type Round } from "../shared/delivery/outbox";
import { Refused, type Trouble } from "../shared/server";
import type { ReviewApi, Taken } from "./api";
import type { LabelFacts, Verdict } from "./types";

interface Given {
  readonly version: number;
  readonly verdict: Verdict;
}

export interface Parcel {
  /** Its place in the storage; sorts after all that were put before. */
  readonly key: string;
  readonly label: string;
  readonly what:
    | ({ readonly kind: "rate" } & Given)
    /**
     * `rating` is null where the rating itself is still on its way. `given`: the rating, by which the server tells its
     * number where the answer went to another page. Older pages had none.
     */
    | { readonly kind: "undo"; readonly rating: number | null; readonly given?: Given };
}

export interface RatingEvents {
  /** Something has come or gone. */
  changed(): void;
  /** A rating has arrived, and this is what could have led it. */
  rated(label: string, facts: LabelFacts): void;
  /** The server's no; the parcel is gone. */
  refused(parcel: Parcel, error: Refused): void;
  /** It cannot be delivered now, and waits. */
  waits(trouble: Trouble): void;
}

export const LOCK = "ai4mars.review";

export class RatingOutbox {
  /** Numbers of ratings that the server has, by label. */
  private readonly ratings = new Map<string, number>();
  /** What was rated on this page and not refused, by label. */
  private readonly given = new Map<string, Given>();
  /** Labels whose rating the server has refused: there is nothing to take back. */
  private readonly turnedDown = new Set<string>();
  private readonly prefix: string;
  private readonly outbox: Outbox<Parcel, Taken | null>;
  private count = 0;

  constructor(
    storage: Storage,
    owner: string,
    private readonly api: Pick<ReviewApi, "rate" | "undo">,
    events: RatingEvents,
    exclusively?: Exclusively,
  ) {
    this.prefix = `ai4mars.review.${owner}.`;
    const cargo: Cargo<Parcel, Taken | null> = {
      prefix: this.prefix,
      idOf: (parcel) => this.idOf(parcel),
      read: readParcel,
      order: (one, other) => (one.key < other.key ? -1 : 1),
      isDue: () => true,
      send: (parcel) => this.send(parcel),
      afterRefusal: () => null,
    };
    this.outbox = new Outbox(storage, cargo, exclusively);
    this.outbox.listen({
      changed: () => events.changed(),
      waits: (trouble) => events.waits(trouble),
      sent: ({ label }, taken) => {
        if (taken) events.rated(label, taken.facts);
      },
      refused: (parcel, error) => {
        if (parcel.what.kind === "rate") this.turnedDown.add(parcel.label);
        events.refused(parcel, error);
      },
    });
  }

  get size(): number {
    return this.outbox.all().length;
  }

  /** Labels whose rating the server may not know yet. */
  labels(): string[] {
    return this.outbox.all().map(({ label }) => label);
  }

  rate(label: string, version: number, verdict: Verdict): void {
    this.given.set(label, { version, verdict });
    this.turnedDown.delete(label);
    this.put(label, { kind: "rate", version, verdict });
  }

  /** Takes the rating of a label back; one that has not set out yet never does. */
  undo(label: string): void {
    const rating = this.ratings.get(label) ?? null;
    const given = this.given.get(label);
    this.given.delete(label);
    const put = (): void => this.put(label, { kind: "undo", rating, ...(rating === null && given && { given }) });
    const waiting = this.outbox.all().find((each) => each.label === label && each.what.kind === "rate");
    if (waiting) void this.outbox.recall(this.idOf(waiting)).then((inTime) => inTime || put());
    else put();
  }

  /** Sends all that waits, one after the other; what cannot go now is tried again by itself. */
  deliver(): Promise<Round<Parcel, Taken | null>> {
    return this.outbox.deliver();
  }

  private async send({ label, what }: Parcel): Promise<Taken | null> {
    if (what.kind === "rate") {
      const taken = await this.api.rate(label, what.version, what.verdict);
      this.ratings.set(label, taken.id);
      return taken;
    }
    const rating = what.rating ?? this.ratings.get(label) ?? (await this.numberOf(label, what.given));
    if (rating === null) return null;
    await this.api.undo(rating).catch((error: unknown) => {
      // Gone already: what was wanted.
      if (!(error instanceof Refused && error.status === 404)) throw error;
    });
    this.ratings.delete(label);
    return null;
  }

  /** The number of a rating that another page has delivered; null where the server has none. */
  private async numberOf(label: string, given: Given | undefined): Promise<number | null> {
    if (!given || this.turnedDown.has(label)) return null;
    try {
      return (await this.api.rate(label, given.version, given.verdict)).id;
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  private put(label: string, what: Parcel["what"]): void {
    const key = `${this.prefix}${Date.now()}.${String(++this.count).padStart(6, "0")}`;
    this.outbox.put({ key, label, what });
    void this.deliver();
  }

  private idOf({ key }: Parcel): string {
    return key.slice(this.prefix.length);
  }
}

function readParcel(raw: unknown): Parcel | null {
  const parcel = raw as Partial<Parcel> | null;
  if (typeof parcel?.key !== "string" || typeof parcel.label !== "string") return null;
  return parcel.what?.kind === "rate" || parcel.what?.kind === "undo" ? (parcel as Parcel) : null;
}
