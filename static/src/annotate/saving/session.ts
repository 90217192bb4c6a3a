/**
 * The labeling session: request the next pictures, save the drawing, send it, continue.
 *
 * The page never waits for the server: the next pictures are prefetched, and finished work is sent
 * through the outbox. A label is put into the outbox before its draft is deleted, so that a drawing
 * is always stored in at least one safe place.
 */
import { Backoff } from "../../shared/delivery/backoff";
import { Refused, SignedOut, Unreachable, isTrouble } from "../../shared/server";
import type { Say } from "../config";
import type { Editor } from "../core/editor";
import { NO_FRAME } from "../core/geometry";
import { EMPTY_LABEL, fromPolygons, toPolygons } from "../core/label";
import type { Choice } from "../panels/answer_feedback";
import type { Notice } from "../panels/notice";
import type { OutboxPanel } from "../panels/outbox_panel";
import type { Page, State } from "../panels/page";
import type { Surface } from "../view/surface";
import type { Api } from "./api";
import type { Drafts } from "./draft";
import type { Drawing } from "./drawing";
import { Autosave } from "./autosave";
import type { Delivery, LabelOutbox } from "./outbox";
import { newId } from "./queued_upload";
import type { QueuedUpload } from "./queued_upload";
import { formatRefusal, refusalOf, formatTrouble } from "./reasons";
import { historyOf } from "./page_state";
import type { PictureState } from "./page_state";
import type { KeptPictures } from "./kept_pictures";
import type { Loaded, Prefetcher } from "./prefetcher";
import type { Answer, Next, Task, AnswerFeedback, SentLabel } from "./task";

export interface SessionParts {
  readonly api: Api;
  readonly outbox: LabelOutbox;
  readonly drafts: Drafts;
  readonly prefetcher: Prefetcher;
  /** What is loaded ahead, for opening the page without a network. */
  readonly kept: Pick<KeptPictures, "put" | "add" | "remove" | "ready">;
  /** Replaces this page by a newer version of it. */
  readonly renewal: { isOutdated(): Promise<boolean>; reload(): void };
  readonly editor: Editor;
  readonly surface: Surface;
  readonly page: Page;
  readonly panel: OutboxPanel;
  readonly notice: Notice;
  readonly say: Say;
  /** Identifier of this page load. */
  readonly writer: string;
  /** URL for signing in and returning. */
  readonly login: string;
  /** Update the page. */
  update(): void;
  /** Show the feedback on a picture with a reference answer. Resolve when the person continues. */
  showFeedback?(feedback: AnswerFeedback, upload: QueuedUpload): Promise<Choice>;
  /** Called with each opened picture, before drawing starts. */
  opened?(loaded: Loaded): void;
  /** Return what was set on the page when the picture was last open. */
  recall?(image: number): PictureState | null;
  /** Called when drawing starts. `history`: the undo history of the drawing was restored. */
  ready?(state: PictureState | null, history: boolean): void;
  /** Called before the picture is closed. */
  remember?(image: number): void;
  /** Called when the picture is closed. */
  closed?(): void;
  /** Called when no pictures remain, with what else there is. */
  noneLeft?(next: Next): void;
  /** Called when a correction is finished, to return to the page that shows the label. */
  corrected(label: string): void;
}

const AHEAD = 2;
/** As long as its message is shown. */
const SKIP_AGAIN_MS = 8_000;

/** Roles of training pictures: their feedback is shown before the next picture. */
const WAIT_FOR_ANSWER: ReadonlySet<string> = new Set(["practice", "answer"]);

export class Session {
  readonly autosave: Autosave;
  private current: Loaded | null = null;
  private advancing: Promise<void> | null = null;
  private filling: Promise<void> | null = null;
  /** The error that kept the prefetcher empty; null if there was none. */
  private emptyBecause: unknown = null;
  /** The last response without pictures. */
  private none: Next | null = null;
  /** Images that were left without a label or a skip. */
  private readonly left = new Set<number>();
  private skipAskedAt = -Infinity;
  /** The label that the page was opened to correct. */
  private cameToCorrect: string | null = null;
  /** The number of uploads confirmed since the page was opened. */
  private confirmed = 0;
  private offline = false;
  /** The site has a newer version of this page, which is opened instead of the next picture. */
  private outdated = false;
  private readonly reconnecting = new Backoff(() => void this.retry());
  /** Labels whose feedback is shown before the next picture. */
  private readonly awaited = new Set<string>();

  constructor(private readonly parts: SessionParts) {
    const { api, drafts, editor, notice, outbox, page, panel, say, writer } = parts;
    outbox.listen({
      sent: (upload, answer) => this.onSent(upload, answer),
      refused: (upload) => this.onRefused(upload),
      changed: () => panel.show(outbox),
      waits: () => panel.show(outbox),
      retry: () => void this.retry(),
    });
    this.autosave = new Autosave(api, drafts, writer, editor, notice, say, {
      warn: (sentence) => page.announce(sentence, "warn", "picture"),
      signedOut: () => this.onSignedOut(),
      saved: (where) => page.showSaved(where),
      leave: () => void this.leave(),
    });
  }

  get api(): Api {
    return this.parts.api;
  }

  get task(): Task | null {
    return this.current?.task ?? null;
  }

  /** Start, or retry after an error. */
  async start(): Promise<void> {
    void this.deliver();
    await this.advance();
  }

  /** Start with the correction of a sent label, or normally if it cannot be corrected. */
  async correct(label: string): Promise<void> {
    void this.deliver();
    this.cameToCorrect = label;
    await this.edit(label);
    if (!this.current) await this.advance();
  }

  /** Open a sent label for correction; the current picture comes next again. */
  private async edit(label: string): Promise<void> {
    await this.advancing;
    try {
      await this.openTask(await this.parts.api.sentLabel(label));
    } catch (error) {
      this.parts.page.announce(this.sentenceOf(error), "warn", "sending");
    }
  }

  /** Send waiting uploads and continue, when the network may be back. */
  async retry(): Promise<void> {
    const { trouble } = await this.deliver();
    if (this.parts.page.state !== "error") {
      if (this.offline && !trouble) await this.fill();
      return;
    }
    if (trouble) this.parts.outbox.later();
    else await this.advance();
  }

  /** The device has lost its network. */
  wentOffline(): void {
    this.showOffline(true);
  }

  /** Save the draft after a change of the label or the sketch. */
  keepDraft(): void {
    if (this.parts.page.state === "drawing") this.autosave.keep();
  }

  async send(): Promise<void> {
    const { editor, page } = this.parts;
    if (!this.current || page.state !== "drawing" || !editor.label.regions.length) return;
    const { task } = this.current;
    const id = this.pack("label", task);
    page.announce("");
    if (WAIT_FOR_ANSWER.has(task.role) || this.returnsAfter(task)) {
      this.showState("between");
      this.awaited.add(id);
      const own = (await this.deliver()).sent.find(({ parcel: upload }) => upload.id === id);
      this.awaited.delete(id);
      if (own && this.returnsAfter(task)) {
        this.parts.corrected(task.corrects.id);
        return;
      }
      if (own && (await this.giveFeedback(own.answer, own.parcel))) return;
    } else void this.deliver();
    await this.advance();
  }

  /** Show the feedback. Return whether the volunteer wants to draw on the picture again. */
  private async giveFeedback({ answer_feedback: feedback }: Answer, upload: QueuedUpload): Promise<boolean> {
    if (!feedback) return false;
    const choice = await this.parts.showFeedback?.(feedback, upload);
    if (choice !== "again" || !upload.task) return false;
    if (this.current?.task.image.id === upload.image) this.close();
    await this.openTask({ ...upload.task, draft: null }, drawingOf(upload));
    if (this.current?.task.image.id !== upload.image) return false;
    this.autosave.keep();
    return true;
  }

  /** Skip the picture; if something was drawn on it, only after a second request. */
  async skip(): Promise<void> {
    const { editor, page, say } = this.parts;
    if (!this.current || page.state !== "drawing") return;
    if (editor.label.regions.length && performance.now() - this.skipAskedAt > SKIP_AGAIN_MS) {
      this.skipAskedAt = performance.now();
      page.announce(say(this.current.task.corrects ? "leave_again" : "skip_again"), "warn", "drawing");
      return;
    }
    await this.leaveWith("skip");
  }

  /** Draw on the skipped pictures after all. */
  async retrySkipped(): Promise<void> {
    try {
      await this.parts.api.reopenSkipped();
    } catch (error) {
      this.showNone(error);
      return;
    }
    await this.advance();
  }

  /** Ask again before a skip, because something else was done since. */
  cancelSkip(): void {
    this.skipAskedAt = -Infinity;
  }

  /** Finish the picture as having nothing to label. */
  async nothing(): Promise<void> {
    if (this.parts.page.state === "drawing") await this.leaveWith("nothing");
  }

  private async leaveWith(kind: "skip" | "nothing"): Promise<void> {
    if (!this.current) return;
    const { task } = this.current;
    this.pack(kind, task);
    this.parts.page.announce("");
    const delivering = this.deliver();
    if (this.returnsAfter(task)) {
      // The correction was canceled; the label stays unchanged.
      this.showState("between");
      if (!(await delivering).trouble) {
        this.parts.corrected(task.corrects.id);
        return;
      }
    }
    await this.advance();
  }

  /** Return whether the person came from the page of this label only to correct it. */
  private returnsAfter(task: Task): task is Task & { readonly corrects: SentLabel } {
    return task.corrects?.id === this.cameToCorrect;
  }

  /** Open a picture outside the queue; the current one comes next again. */
  async openTask(task: Task, drawing?: Drawing): Promise<void> {
    const { api, page, prefetcher } = this.parts;
    try {
      const loaded = await prefetcher.fetch(task);
      api.offerAgain(task);
      this.remember();
      if (this.current) prefetcher.putBack(this.current);
      this.current = null;
      this.close();
      await this.open(loaded, drawing);
    } catch (error) {
      page.announce(this.sentenceOf(error), "warn", "sending");
    }
  }

  /** Take a finished label out of the outbox and open it. */
  async reopen(upload: QueuedUpload): Promise<void> {
    if (!upload.task) return;
    let task: Task = { ...upload.task, draft: null };
    try {
      // The label may have been corrected elsewhere; base this drawing on its current version.
      if (task.corrects) task = await this.parts.api.sentLabel(task.corrects.id);
    } catch (error) {
      this.parts.page.announce(this.sentenceOf(error), "warn", "sending");
      return;
    }
    await this.openTask(task, drawingOf(upload));
    if (this.current?.task.image.id !== upload.image) return;
    this.autosave.keep();
    if (!task.corrects) this.parts.kept.add(task);
    this.parts.outbox.drop(upload.id);
  }

  /** Continue without a label or a skip, because the picture is no longer available to this volunteer. */
  private async leave(): Promise<void> {
    if (this.current) this.left.add(this.current.task.image.id);
    await this.advance();
  }

  async deliver(): Promise<Delivery> {
    const { notice, outbox, panel } = this.parts;
    panel.show(outbox);
    const delivery = await outbox.deliver();
    if (delivery.trouble instanceof SignedOut) this.onSignedOut();
    else if (isNetwork(delivery.trouble)) this.showOffline(true);
    else if (delivery.sent.length) notice.hide("signed-out");
    return delivery;
  }

  /** Put finished work into the outbox, where it is stored safely. */
  private pack(kind: QueuedUpload["kind"], task: Task): string {
    const { drafts, editor, outbox, page, say } = this.parts;
    const id = newId();
    const { corrects } = task;
    const kept = outbox.put({
      id,
      kind,
      // Enough to reopen it: a label being corrected is requested again.
      task: { ...task, draft: null, ...(corrects && { corrects: { ...corrects, polygons: [] } }) },
      image: task.image.id,
      polygons: kind === "label" ? toPolygons(editor.label) : [],
      started_at: this.autosave.startedDrawing,
      queued_at: new Date().toISOString(),
    });
    this.autosave.close();
    this.parts.kept.remove(task.image.id);
    if (kept || kind !== "label") drafts.remove(task.image.id);
    else page.announce(say("outbox_failed"), "warn", "sending");
    return id;
  }

  /** Show the next picture, or say why there is none. */
  private advance(): Promise<void> {
    return (this.advancing ??= this.showNext().finally(() => {
      this.advancing = null;
    }));
  }

  private async showNext(): Promise<void> {
    this.close();
    if (this.outdated && !this.parts.outbox.atRisk) {
      this.parts.renewal.reload();
      return;
    }
    if (!this.parts.prefetcher.size) {
      this.clear();
      // A pending response may belong to an older request.
      await this.filling;
      const sending = this.parts.outbox.waiting().length > 0;
      if (!this.parts.prefetcher.size) await this.fill();
      // The server knows of all skipped pictures only after the last skip was sent.
      if (sending && !this.parts.prefetcher.size && this.emptyBecause === null) {
        await this.deliver();
        await this.fill();
      }
    }
    try {
      const loaded = await this.takeNext();
      if (loaded) {
        await this.open(loaded);
        void this.fill();
        return;
      }
      this.clear();
      this.showNone(this.emptyBecause);
    } catch (error) {
      this.clear();
      this.showNone(error);
    }
  }

  /** Return the next picture that can be shown, skipping broken files. */
  private async takeNext(): Promise<Loaded | null> {
    const { page, say, prefetcher } = this.parts;
    for (;;) {
      const { next } = prefetcher;
      try {
        return await prefetcher.take();
      } catch (error) {
        if (!(error instanceof DOMException) || !next) throw error;
        page.announce(say("error_picture"), "warn", "sending");
        this.left.add(next.image.id);
        prefetcher.remove(next.image.id);
        if (!prefetcher.size) await this.fill();
      }
    }
  }

  private showNone(because: unknown): void {
    if (because === null) {
      if (this.none) this.parts.noneLeft?.(this.none);
      this.showState("empty");
    } else if (because instanceof Refused && because.code === "campaign_closed") {
      this.showState("closed");
    } else {
      const usedUp = isNetwork(because) && this.parts.say("offline_used_up");
      this.showState("error", usedUp || this.sentenceOf(because));
      if (because instanceof SignedOut) this.onSignedOut();
      if (isTrouble(because)) this.parts.outbox.later();
    }
  }

  /** Request the next tasks and prefetch them. */
  private fill(): Promise<void> {
    return (this.filling ??= this.askForNext().finally(() => {
      this.filling = null;
    }));
  }

  private async askForNext(): Promise<void> {
    const { api, kept, outbox, page, prefetcher } = this.parts;
    const done = new Set([...outbox.all().map(({ image }) => image), ...this.left]);
    try {
      const before = this.confirmed;
      const next = await api.next([...done], AHEAD);
      const { tasks, labelsSent } = next;
      this.none = tasks.length ? null : next;
      // This count may not include a label confirmed meanwhile.
      if (before === this.confirmed) page.showLabelsSent(labelsSent);
      // Finished while the request was pending.
      for (const { image } of outbox.all()) done.add(image);
      const here = this.current?.task.image.id;
      prefetcher.stock(tasks.filter(({ image }) => image.id !== here && !done.has(image.id)));
      this.emptyBecause = null;
      kept.put(tasks.filter(({ image }) => !done.has(image.id)));
      this.reconnecting.reset();
      this.showOffline(false);
    } catch (error) {
      if (!isTrouble(error) && !(error instanceof Refused)) throw error;
      this.emptyBecause = error;
      if (error instanceof Unreachable) await this.useKept(done);
      if (isNetwork(error)) {
        this.reconnecting.later();
        this.showOffline(true);
      }
    }
  }

  /** Continue with the pictures that are kept on this device. */
  private async useKept(done: ReadonlySet<number>): Promise<void> {
    const { drafts, kept, prefetcher } = this.parts;
    if (prefetcher.size) return;
    const here = this.current?.task.image.id;
    const left = (await kept.ready()).filter(({ image }) => image.id !== here && !done.has(image.id));
    // The drawing on this device is newer than the one that the server had then.
    prefetcher.stock(left.map((task) => (drafts.has(task.image.id) ? { ...task, draft: null } : task)));
    if (left.length) this.emptyBecause = null;
  }

  /** Show whether the site can be reached; when it can be again, look for a newer version of this page. */
  private showOffline(offline: boolean): void {
    const { page, prefetcher, renewal } = this.parts;
    if (this.offline && !offline) {
      void renewal.isOutdated().then((outdated) => (this.outdated = outdated));
    }
    this.offline = offline;
    page.showOffline(offline ? prefetcher.size : null);
  }

  private async open(loaded: Loaded, drawing?: Drawing): Promise<void> {
    const { editor, page, say, surface } = this.parts;
    const { frame, picture, task } = loaded;
    const state = this.parts.recall?.(task.image.id) ?? null;
    await surface.show(picture.display_url, frame, state?.place);
    const found = this.autosave.find(task);
    this.current = loaded;
    this.skipAskedAt = -Infinity;
    page.showPicture(picture, task.role);
    this.parts.opened?.(loaded);
    const from = drawing ?? found.draft;
    const sent = task.corrects && fromPolygons(task.corrects.polygons);
    const under = found.beneath?.label ?? sent;
    const history = historyOf(state, from ?? { label: under ?? EMPTY_LABEL });
    if (history) editor.openHistory(history, frame);
    else {
      editor.open(under ?? from?.label ?? EMPTY_LABEL, frame, from?.sketch);
      if (under && from) editor.apply(() => from.label);
    }
    this.parts.ready?.(state, history !== null);
    this.showState("drawing");
    this.autosave.open(task.image.id, found, {
      ...(drawing && { instead: drawing }),
      ...(task.corrects && { corrects: task.corrects.version }),
      resumed: history !== null,
    });
    if (task.role === "expert") page.announce(say("gold"), "plain", "picture");
  }

  /** Close the drawing; the screen stays unchanged until the next picture. */
  private close(): void {
    this.remember();
    this.parts.closed?.();
    this.autosave.close();
    this.current?.release();
    this.current = null;
    this.showState("between");
    this.parts.editor.open(EMPTY_LABEL, NO_FRAME);
  }

  /** Remember what is set on the page for the open picture. */
  remember(): void {
    if (this.current) this.parts.remember?.(this.current.task.image.id);
  }

  private clear(): void {
    this.parts.page.showPicture(null);
    this.parts.surface.clear();
    this.showState("loading");
  }

  private onSent(upload: QueuedUpload, answer: Answer): void {
    const { drafts, page, say } = this.parts;
    this.confirmed += 1;
    drafts.remove(upload.image);
    if (answer.labels_sent !== undefined) page.showLabelsSent(answer.labels_sent);
    if (upload.kind === "label") {
      const label = upload.task?.corrects?.id ?? upload.id;
      const edit = { label: say("edit_sent"), act: () => void this.edit(label) };
      page.announce(say("sent"), "plain", "sending", answer.version === undefined ? undefined : edit);
    }
    if (!this.awaited.has(upload.id)) void this.giveFeedback(answer, upload);
  }

  private onRefused(upload: QueuedUpload): void {
    const { page, say } = this.parts;
    if (upload.refused) page.announce(formatRefusal(say, upload.refused), "warn", "sending");
  }

  private onSignedOut(): void {
    const { login, notice, say } = this.parts;
    if (notice.isShown("signed-out") || notice.isShown("contested")) return;
    notice.show("signed-out", say("error_signed_out"), [
      { label: say("sign_in"), act: () => window.location.assign(login) },
    ]);
  }

  private showState(state: State, reason = ""): void {
    this.parts.page.showState(state, reason);
    if (this.offline) this.showOffline(true);
    this.parts.update();
  }

  /** Return a sentence for an expected error; rethrow any other. */
  private sentenceOf(error: unknown): string {
    const { say } = this.parts;
    if (isTrouble(error)) return formatTrouble(say, error);
    if (error instanceof Refused) return formatRefusal(say, refusalOf(error));
    if (error instanceof DOMException) return say("error_picture");
    throw error;
  }
}

const isNetwork = (error: unknown): boolean =>
  error instanceof Unreachable && error.reason === "network";

/** Return the drawing in an upload. */
function drawingOf(upload: QueuedUpload): Drawing {
  return {
    label: fromPolygons(upload.polygons),
    sketch: { steps: [] },
    startedAt: upload.started_at,
  };
}
