/**
 * Autosave of the open drawing: on the device after each stroke, and on the server soon after. If the
 * same picture was drawn on twice, the user chooses which drawing to keep.
 */
import type { Refused } from "../../shared/server";
import type { Say } from "../config";
import type { Editor } from "../core/editor";
import { EMPTY_LABEL } from "../core/label";
import { NO_SKETCH } from "../core/sketch";
import type { Notice } from "../panels/notice";
import { choose } from "./draft";
import type { Drafts } from "./draft";
import { isBlank, readDraft } from "./drawing";
import type { Draft, Drawing } from "./drawing";
import { DraftSync } from "./draft_sync";
import { formatRefusal, refusalOf } from "./reasons";
import type { Task } from "./task";

/** Where the open drawing is saved. "nothing": there is none yet. */
export type SavedWhere = "nothing" | "nowhere" | "device" | "server";

export interface AutosaveEvents {
  warn(sentence: string): void;
  signedOut(): void;
  /** The drawing was changed or saved. */
  saved(where: SavedWhere): void;
  /** The picture no longer needs a drawing; continue with the next one. */
  leave(): void;
}

/** A drawing read from the device and the server, not shown yet. */
export interface Found {
  readonly draft: Draft | null;
  readonly other: Draft | null;
  /** A stored drawing could not be read completely. */
  readonly damaged: boolean;
  /** The device's drawing if the server's is newer; one undo step away. */
  readonly beneath: Draft | null;
  /** Whether the drawing comes from the device and is not on the server. */
  readonly unsent: boolean;
}

const NOTICES = ["restored", "contested", "damaged", "gone", "finished", "refused"];

export class Autosave {
  readonly sync: DraftSync;
  private image: number | null = null;
  private startedAt = "";
  private warnedOfSpace = false;
  private where: SavedWhere = "nothing";
  /** The person was told that the server refuses the drawing. */
  private toldRefusal = false;
  private contested: Draft | null = null;
  /** An older drawing that this one already includes, or that the user has rejected. */
  private superseded: Draft | null = null;
  private overrulesAll = false;

  constructor(
    api: ConstructorParameters<typeof DraftSync>[0],
    private readonly drafts: Drafts,
    writer: string,
    private readonly editor: Pick<Editor, "label" | "sketch" | "apply" | "setSketch">,
    private readonly notice: Notice,
    private readonly say: Say,
    private readonly events: AutosaveEvents,
  ) {
    this.sync = new DraftSync(api, writer, {
      saved: (image, version, stroke) => {
        drafts.synced(image, version, stroke);
        notice.hide("signed-out");
        notice.hide("refused");
        this.toldRefusal = false;
        if (stroke === drafts.strokes(image)) this.saved("server");
      },
      contested: (_, newer) => this.contest(newer),
      refused: (_, reason) => this.refused(reason),
      signedOut: () => events.signedOut(),
    });
  }

  get startedDrawing(): string {
    return this.startedAt;
  }

  /** Return the stored drawing of a picture, chosen among several if necessary. */
  find({ image, draft: kept }: Pick<Task, "image" | "draft">): Found {
    const device = this.drafts.load(image.id);
    const server = readDraft(kept);
    const synced = device !== null && this.drafts.isSynced(device, image.id);
    const { draft, other } = choose(device, server, synced);
    const beside = this.drafts.beside(image.id).find((each) => !isBlank(each)) ?? null;
    const beneath = draft === server && device && !isBlank(device) ? device : null;
    const damaged = (device ?? server)?.damaged ?? (kept !== null && server === null);
    const unsent = draft !== null && draft !== server && !isBlank(draft) && !synced;
    return { draft, other: other ?? beside, damaged, beneath, unsent };
  }

  /**
   * Start saving each change.
   *
   * `instead`: a drawing opened in place of the stored one. It was finished later than any draft
   * and replaces it without asking. `corrects`: the version of the label being corrected. `resumed`:
   * the page is as the person left it, so there is nothing to tell.
   */
  open(
    image: number,
    found: Found,
    { instead, corrects, resumed = false }: { instead?: Drawing; corrects?: number; resumed?: boolean } = {},
  ): void {
    const { draft, other, damaged, beneath, unsent } = found;
    this.image = image;
    this.contested = null;
    // The previous page may save the same drawing while closing; that is no conflict.
    this.superseded = unsent ? draft : null;
    this.overrulesAll = instead !== undefined;
    this.startedAt = (instead ?? draft)?.startedAt || new Date().toISOString();
    this.sync.open(image, draft?.version ?? 0, () => ({
      drawing: this.drawing(),
      stroke: this.drafts.strokes(image),
    }), corrects);
    this.toldRefusal = false;
    this.saved(draft && !isBlank(draft) ? "server" : "nothing");
    if (instead || unsent) this.keep();
    if (instead) return;
    if (other && !isBlank(other)) {
      this.contest(other);
      if (damaged) this.events.warn(this.say("draft_damaged"));
    } else if (damaged) this.notice.show("damaged", this.say("draft_damaged"), [this.understood()]);
    else if (draft && !isBlank(draft) && !resumed) this.offerFreshStart(beneath !== null);
  }

  /** Stop saving until the next `open`. */
  close(): void {
    this.image = null;
    this.sync.close();
    for (const name of NOTICES) this.notice.hide(name);
    this.saved("nothing");
  }

  private saved(where: SavedWhere): void {
    this.where = where;
    this.events.saved(where);
  }

  keep(): void {
    if (this.image === null) return;
    const kept = this.drafts.save(this.image, this.drawing());
    if (kept === "full" && !this.warnedOfSpace) {
      this.warnedOfSpace = true;
      this.events.warn(this.say("draft_failed"));
    }
    this.saved(kept === "kept" || kept === "contested" ? "device" : "nowhere");
    if (kept === "contested") this.lookElsewhere();
    if (this.notice.isShown("restored")) this.notice.hide("restored");
    this.sync.changed();
  }

  /** Handle a change of the device storage by another tab. */
  changedElsewhere(key: string | null, value: string | null): void {
    if (this.image === null || key === null || this.drafts.imageOf(key) !== this.image) return;
    if (value === null) this.finishedElsewhere();
    else this.lookElsewhere();
  }

  private lookElsewhere(): void {
    const theirs = this.image === null ? null : this.drafts.elsewhere(this.image);
    if (theirs) this.contest(theirs);
  }

  private contest(theirs: Draft): void {
    const settled = this.superseded;
    if (this.overrulesAll) {
      this.overrulesAll = false;
      this.sync.resume(theirs.version);
      return;
    }
    if (theirs.writer === settled?.writer && theirs.stroke <= settled.stroke) {
      // The server has the device's drawing: the person has already chosen.
      this.sync.resume(theirs.version);
      return;
    }
    this.sync.pause();
    this.contested = theirs;
    if (this.notice.isShown("contested")) return;
    this.notice.show("contested", this.say("contested"), [
      { label: this.say("use_theirs"), act: () => this.settle(true) },
      { label: this.say("keep_mine"), act: () => this.settle(false) },
    ]);
  }

  /** Continue with one of two drawings; the other is one undo step away. */
  private settle(useTheirs: boolean): void {
    const { image } = this;
    if (image === null || !this.contested) return;
    const theirs = this.contested;
    const mine = this.drawing();
    this.drafts.load(image);
    this.drafts.forgetBeside(image);
    this.image = null;
    const [under, over] = useTheirs ? [mine, theirs] : [theirs, mine];
    this.editor.apply(() => under.label);
    this.editor.apply(() => over.label);
    this.editor.setSketch(over.sketch);
    this.image = image;
    this.contested = null;
    this.superseded = theirs;
    this.keep();
    this.sync.resume(theirs.version);
  }

  private refused(reason: Refused): void {
    if (reason.code === "not_assigned") this.finishedElsewhere();
    else if (reason.status === 410) {
      this.sync.pause();
      this.notice.show("gone", this.say("gone"), [this.next()]);
    } else if (!this.toldRefusal && !this.notice.isShown("contested")) {
      this.toldRefusal = true;
      const kept = this.say(this.where === "device" ? "refused_kept" : "refused_unkept");
      const why = formatRefusal(this.say, refusalOf(reason));
      this.notice.show("refused", `${why} ${kept}`, [this.understood()]);
    }
  }

  private finishedElsewhere(): void {
    this.sync.pause();
    this.notice.show("finished", this.say("finished_elsewhere"), [this.next()]);
  }

  private offerFreshStart(fromElsewhere: boolean): void {
    this.notice.show("restored", this.say(fromElsewhere ? "draft_newer" : "draft_restored"), [
      { label: this.say("start_fresh"), act: () => this.startFresh() },
      this.understood(),
    ]);
  }

  /** Start with an empty picture; the drawing is one undo step away. */
  private startFresh(): void {
    this.editor.setSketch(NO_SKETCH);
    this.editor.apply(() => EMPTY_LABEL);
  }

  private next(): { label: string; act: () => void } {
    return { label: this.say("next_picture"), act: () => this.events.leave() };
  }

  private understood(): { label: string; act: () => void } {
    return { label: this.say("understood"), act: () => undefined };
  }

  private drawing(): Drawing {
    const { label, sketch } = this.editor;
    return { label, sketch, startedAt: this.startedAt };
  }
}
