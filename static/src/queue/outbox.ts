/**
 * The outbox of the review page: ratings and undos in their order. The server recognizes a rating that it already has,
 * so none counts twice.
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
  /** Storage key; sorts after all earlier ones. */
  readonly key: string;
  readonly label: string;
  readonly what:
    | ({ readonly kind: "rate" } & Given)
    /**
     * `rating` is null while the rating itself is unsent. `given` identifies the rating if another page received the
     * response. Older pages did not store it.
     */
    | { readonly kind: "undo"; readonly rating: number | null; readonly given?: Given };
}

export interface RatingEvents {
  /** The contents changed. */
  changed(): void;
  /** The server has stored a rating; `facts` could have influenced it. */
  rated(label: string, facts: LabelFacts): void;
  /** The server refused the rating; it is removed from the outbox. */
  refused(parcel: Parcel, error: Refused): void;
  /** It cannot be delivered now; it stays in the outbox. */
  waits(trouble: Trouble): void;
}

export const LOCK = "ai4mars.review";

export class RatingOutbox {
  /** Ids of stored ratings, by label. */
  private readonly ratings = new Map<string, number>();
  /** Ratings of this page that were not refused, by label. */
  private readonly given = new Map<string, Given>();
  /** Labels whose rating was refused: there is nothing to undo. */
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

  /** Return the labels whose rating the server may not know yet. */
  labels(): string[] {
    return this.outbox.all().map(({ label }) => label);
  }

  rate(label: string, version: number, verdict: Verdict): void {
    this.given.set(label, { version, verdict });
    this.turnedDown.delete(label);
    this.put(label, { kind: "rate", version, verdict });
  }

  /** Undo the rating of a label; an unsent rating is removed. */
  undo(label: string): void {
    const rating = this.ratings.get(label) ?? null;
    const given = this.given.get(label);
    this.given.delete(label);
    const put = (): void => this.put(label, { kind: "undo", rating, ...(rating === null && given && { given }) });
    const waiting = this.outbox.all().find((each) => each.label === label && each.what.kind === "rate");
    if (waiting) void this.outbox.recall(this.idOf(waiting)).then((inTime) => inTime || put());
    else put();
  }

  /** Send all waiting items in order; retry those that cannot be sent now. */
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
      // Already withdrawn, as intended.
      if (!(error instanceof Refused && error.status === 404)) throw error;
    });
    this.ratings.delete(label);
    return null;
  }

  /** Return the id of a rating delivered by another page; null if the server has none. */
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
