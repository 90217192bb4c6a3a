/** Carries the outbox to the server, again and again, and says why it has to wait. */
import { SignedOut, Unreachable } from "./api";
import type { Answer, Refused } from "./api";
import type { Say } from "../config";
import type { Delivery, Outbox, Parcel, Trouble } from "./outbox";

export interface CourierEvents {
  sent(parcel: Parcel, answer: Answer): void;
  refused(parcel: Parcel): void;
  /** Something in the outbox has changed. */
  changed(): void;
  /** It is time to try again. */
  retry(): void;
}

const FIRST_RETRY_MS = 3_000;
const LAST_RETRY_MS = 60_000;

export class Courier {
  private retryMs = FIRST_RETRY_MS;
  private timer = 0;

  constructor(
    private readonly outbox: Outbox,
    private readonly events: CourierEvents,
  ) {}

  /** Tries all that waits, once; what cannot go now is tried later by itself. */
  async deliver(): Promise<Delivery> {
    const delivery = await this.outbox.deliver();
    for (const { parcel, answer } of delivery.sent) this.events.sent(parcel, answer);
    for (const parcel of delivery.refused) this.events.refused(parcel);
    this.events.changed();
    if (delivery.trouble) this.later();
    else this.retryMs = FIRST_RETRY_MS;
    return delivery;
  }

  /** Tries again after a while, each time a longer one. */
  later(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.events.retry();
    }, this.retryMs) as unknown as number;
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }
}

/** Why something has to wait, as a sentence. */
export function whyIn(say: Say, trouble: Trouble): string {
  if (trouble instanceof SignedOut) return say("error_signed_out");
  return say(`error_${trouble.reason}`);
}

/** The server's no, in its own words. */
export function reasonIn(say: Say, { status, code, reason }: NonNullable<Parcel["refused"]>): string {
  // Of what a proxy on the way found too large, the site heard nothing, and no word is said.
  return status === 413 && !code ? say("refused_too_large") : say("refused", { reason });
}

export const reasonOf = ({ status, code, message }: Refused): NonNullable<Parcel["refused"]> => ({
  status,
  code,
  reason: message,
});

export const isTrouble = (error: unknown): error is Trouble =>
  error instanceof Unreachable || error instanceof SignedOut;
