/**
 * The unfinished drawing on its way to the server, soon after each stroke, so that another device
 * can go on with it. The device has it already: whatever happens here, nothing waits for it.
 */
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import { NewerDraft } from "./api";
import type { Api } from "./api";
import { readDraft, toJson } from "./drawing";
import type { Draft, Drawing } from "./drawing";

export interface SyncEvents {
  /** The drawing as it was at this stroke is on the server, as this version. */
  saved(image: number, version: number, stroke: number): void;
  /** Somebody went on with the picture somewhere else; nothing is saved until `resume`. */
  contested(image: number, newer: Draft): void;
  /** The server takes this browser for somebody else; tried again all the same. */
  signedOut(): void;
  /** The server does not want this drawing any more (the picture is gone), and says why. */
  refused(image: number, reason: Refused): void;
}

const SOON_MS = 1_500;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;

interface Open {
  readonly image: number;
  readonly corrects: number | undefined;
  /** The drawing as it is now, and the stroke it is at. */
  readonly now: () => { readonly drawing: Drawing; readonly stroke: number };
  base: number;
  dirty: boolean;
  paused: boolean;
}

export class Sync {
  private open_: Open | null = null;
  private timer = 0;
  private retryMs = FIRST_RETRY_MS;
  private sending: Promise<void> | null = null;

  constructor(
    private readonly api: Pick<Api, "saveDraft">,
    private readonly writer: string,
    private readonly events: SyncEvents,
  ) {}

  /**
   * A picture is drawn on; `base` is the server's version of what is on the screen, `corrects` the
   * version of the sent label that is corrected.
   */
  open(image: number, base: number, now: Open["now"], corrects?: number): void {
    this.close();
    this.open_ = { image, corrects, now, base, dirty: false, paused: false };
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.open_ = null;
  }

  changed(): void {
    if (!this.open_) return;
    this.open_.dirty = true;
    // The first of several strokes decides when: somebody who never rests is saved too.
    if (!this.timer) this.wait(SOON_MS);
  }

  /** Waits for a person to choose between two drawings. */
  pause(): void {
    if (this.open_) this.open_.paused = true;
  }

  /** Goes on from the server's `base`, which the drawing on the screen may now replace. */
  resume(base: number): void {
    if (!this.open_) return;
    this.open_.base = Math.max(this.open_.base, base);
    this.open_.paused = false;
    this.changed();
  }

  /** Saves now what is not saved yet; `leaving`: the page may be gone in a moment. */
  flush(leaving = false): Promise<void> {
    const open = this.open_;
    if (!open?.dirty || open.paused) return Promise.resolve();
    // A page that goes away cannot wait for the answer to what it sent before.
    if (leaving) return this.save(open, true);
    return (this.sending ??= this.save(open, false).finally(() => {
      this.sending = null;
    }));
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      void this.flush();
    }, ms);
  }

  private async save(open: Open, leaving: boolean): Promise<void> {
    const { drawing, stroke } = open.now();
    const { corrects } = open;
    const body = {
      ...toJson(drawing),
      base: open.base,
      writer: this.writer,
      stroke,
      ...(corrects !== undefined && { corrects }),
    };
    open.dirty = false;
    try {
      const version = await this.api.saveDraft(open.image, body, leaving);
      open.base = Math.max(open.base, version);
      this.retryMs = FIRST_RETRY_MS;
      if (this.open_ === open) this.events.saved(open.image, version, stroke);
    } catch (error) {
      if (this.open_ === open) this.failed(open, error);
    }
    if (this.open_ === open && open.dirty && !this.timer) this.wait(SOON_MS);
  }

  private failed(open: Open, error: unknown): void {
    if (error instanceof NewerDraft) {
      const newer = readDraft(error.draft);
      if (!newer) return;
      if (newer.writer === this.writer) {
        // Our own, whose answer got lost.
        open.base = newer.version;
        open.dirty = true;
        return;
      }
      open.dirty = true;
      open.paused = true;
      this.events.contested(open.image, newer);
    } else if (error instanceof Unreachable || error instanceof SignedOut) {
      open.dirty = true;
      if (error instanceof SignedOut) this.events.signedOut();
      this.wait(this.retryMs);
      this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
    } else if (error instanceof Refused) {
      open.paused = true;
      this.events.refused(open.image, error);
    } else {
      throw error;
    }
  }
}
