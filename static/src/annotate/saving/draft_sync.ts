/**
 * Saving of the unfinished drawing on the server, soon after each stroke, so that another device
 * can continue it. The device already has it, so nothing waits for the server.
 */
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import { NewerDraft } from "./api";
import type { Api } from "./api";
import { readDraft, toJson } from "./drawing";
import type { Draft, Drawing } from "./drawing";

export interface SyncEvents {
  /** The server has the drawing of this save as this version. */
  saved(image: number, version: number, stroke: number): void;
  /** The picture was also drawn on elsewhere; nothing is saved until `resume`. */
  contested(image: number, newer: Draft): void;
  /** The browser is signed in as somebody else; saving is retried. */
  signedOut(): void;
  /**
   * The server refuses the drawing for this reason, e.g. because the picture was retired. The next
   * change is tried again, unless the listener pauses.
   */
  refused(image: number, reason: Refused): void;
}

const SOON_MS = 1_500;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;

interface Open {
  readonly image: number;
  readonly corrects: number | undefined;
  /** Returns the current drawing and its save count. */
  readonly now: () => { readonly drawing: Drawing; readonly stroke: number };
  base: number;
  dirty: boolean;
  paused: boolean;
}

export class DraftSync {
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
   * Start saving a picture.
   *
   * `base` is the server's version of the drawing on screen, `corrects` the version of the label
   * being corrected.
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
    // The first of several strokes starts the timer, so that continuous drawing is saved too.
    if (!this.timer) this.wait(SOON_MS);
  }

  /** Stop saving until the user chooses between two drawings. */
  pause(): void {
    if (this.open_) this.open_.paused = true;
  }

  /** Resume saving on top of the server's version `base`. */
  resume(base: number): void {
    if (!this.open_) return;
    this.open_.base = Math.max(this.open_.base, base);
    this.open_.paused = false;
    this.changed();
  }

  /** Save unsaved changes now. `leaving`: the page may close any moment. */
  flush(leaving = false): Promise<void> {
    const open = this.open_;
    if (!open?.dirty || open.paused) return Promise.resolve();
    // A closing page cannot wait for the answer to an earlier request.
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
        // Our own save, whose response was lost.
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
      this.events.refused(open.image, error);
    } else {
      throw error;
    }
  }
}
