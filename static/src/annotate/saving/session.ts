/**
 * One picture after the other: ask for the next ones, keep the drawing safe, send it, go on.
 *
 * The page waits for nobody: the next pictures are loaded ahead, and what is finished goes out
 * through the outbox. A label is in the outbox before its draft is thrown away: at no moment is a
 * drawing in one place that can fail.
 */
import { Refused, SignedOut, isTrouble } from "../../shared/server";
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
import type { Parcel } from "./queued_upload";
import { reasonIn, reasonOf, whyIn } from "./reasons";
import type { Loaded, Prefetcher } from "./prefetcher";
import type { Answer, Task, AnswerFeedback } from "./task";

export interface Parts {
  readonly api: Api;
  readonly outbox: LabelOutbox;
  readonly drafts: Drafts;
  readonly prefetcher: Prefetcher;
  readonly editor: Editor;
  readonly surface: Surface;
  readonly page: Page;
  readonly panel: OutboxPanel;
  readonly notice: Notice;
  readonly say: Say;
  /** The name of this opening of the page. */
  readonly writer: string;
  /** Where to sign in and come back. */
  readonly login: string;
  /** Shows the page as it is now. */
  update(): void;
  /** A picture with a reference answer came back: shows how it went; resolves when it was looked at. */
  showFeedback?(feedback: AnswerFeedback, parcel: Parcel): Promise<Choice>;
  /** Called with each picture that is opened, before it is drawn on. */
  opened?(loaded: Loaded): void;
  /** Called when the picture is put away. */
  closed?(): void;
  /** A sent label is as it shall be: back to where it is shown. */
  corrected(label: string): void;
}

const AHEAD = 2;
const SKIP_AGAIN_MS = 6_000;

/** Pictures that are drawn to learn: what the server says is looked at before the next one. */
const WAIT_FOR_ANSWER: ReadonlySet<string> = new Set(["practice", "answer"]);

export class Session {
  readonly autosave: Autosave;
  private current: Loaded | null = null;
  private advancing: Promise<void> | null = null;
  private filling: Promise<void> | null = null;
  /** Why the prefetcher could not be filled; null when it could. */
  private emptyBecause: unknown = null;
  /** Images that were left without a label or a skip. */
  private readonly left = new Set<number>();
  private skipAskedAt = -Infinity;
  /** How often the server has taken something since the page was opened. */
  private confirmed = 0;
  /** Labels whose answer is looked at before the next picture. */
  private readonly awaited = new Set<string>();

  constructor(private readonly parts: Parts) {
    const { api, drafts, editor, notice, outbox, page, panel, say, writer } = parts;
    outbox.listen({
      sent: (parcel, answer) => this.onSent(parcel, answer),
      refused: (parcel) => this.onRefused(parcel),
      changed: () => panel.show(outbox),
      waits: () => panel.show(outbox),
      retry: () => void this.retry(),
    });
    this.autosave = new Autosave(api, drafts, writer, editor, notice, say, {
      warn: (sentence) => page.announce(sentence, "warn"),
      signedOut: () => this.onSignedOut(),
      leave: () => void this.leave(),
    });
  }

  get api(): Api {
    return this.parts.api;
  }

  get task(): Task | null {
    return this.current?.task ?? null;
  }

  /** Begins, or tries again after trouble. */
  async start(): Promise<void> {
    void this.deliver();
    await this.advance();
  }

  /** Begins with a label that was sent, to correct it; goes on as always where that cannot be. */
  async correct(label: string): Promise<void> {
    void this.deliver();
    try {
      await this.openTask(await this.parts.api.sentLabel(label));
    } catch (error) {
      this.parts.page.announce(this.sentenceOf(error), "warn");
    }
    if (!this.current) await this.advance();
  }

  /** The network may be back: what waits goes out, and who was stopped goes on. */
  async retry(): Promise<void> {
    const { trouble } = await this.deliver();
    if (this.parts.page.state !== "error") return;
    if (trouble) this.parts.outbox.later();
    else await this.advance();
  }

  /** After each change of the label or the sketch. */
  keepDraft(): void {
    if (this.parts.page.state === "drawing") this.autosave.keep();
  }

  async send(): Promise<void> {
    const { editor, page } = this.parts;
    if (!this.current || page.state !== "drawing" || !editor.label.regions.length) return;
    const { task } = this.current;
    const id = this.pack("label", task);
    page.announce("");
    if (WAIT_FOR_ANSWER.has(task.role) || task.corrects) {
      this.showState("between");
      this.awaited.add(id);
      const own = (await this.deliver()).sent.find(({ parcel }) => parcel.id === id);
      this.awaited.delete(id);
      if (own && task.corrects) {
        this.parts.corrected(task.corrects.id);
        return;
      }
      if (own && (await this.giveFeedback(own.answer, own.parcel))) return;
    } else void this.deliver();
    await this.advance();
  }

  /** Shows how a drawing went; whether the volunteer then draws on that picture once more. */
  private async giveFeedback({ answer_feedback: feedback }: Answer, parcel: Parcel): Promise<boolean> {
    if (!feedback) return false;
    const choice = await this.parts.showFeedback?.(feedback, parcel);
    if (choice !== "again" || !parcel.task) return false;
    if (this.current?.task.image.id === parcel.image) this.close();
    await this.openTask({ ...parcel.task, draft: null }, drawingOf(parcel));
    if (this.current?.task.image.id !== parcel.image) return false;
    this.autosave.keep();
    return true;
  }

  /** Leaves the picture to others; a picture with a drawing on it only when asked twice. */
  async skip(): Promise<void> {
    const { editor, page, say } = this.parts;
    if (!this.current || page.state !== "drawing") return;
    if (editor.label.regions.length && performance.now() - this.skipAskedAt > SKIP_AGAIN_MS) {
      this.skipAskedAt = performance.now();
      page.announce(say(this.current.task.corrects ? "leave_again" : "skip_again"), "warn");
      return;
    }
    await this.leaveWith("skip");
  }

  /** There is nothing to label on the picture: it is done without a label. */
  async nothing(): Promise<void> {
    if (this.parts.page.state === "drawing") await this.leaveWith("nothing");
  }

  private async leaveWith(kind: "skip" | "nothing"): Promise<void> {
    if (!this.current) return;
    const { corrects } = this.current.task;
    this.pack(kind, this.current.task);
    this.parts.page.announce("");
    const delivering = this.deliver();
    if (corrects) {
      // A correction given up: the label stays as it was sent.
      this.showState("between");
      if (!(await delivering).trouble) {
        this.parts.corrected(corrects.id);
        return;
      }
    }
    await this.advance();
  }

  /** Opens a picture out of the row; the one that is open comes next again. */
  async openTask(task: Task, drawing?: Drawing): Promise<void> {
    const { page, prefetcher } = this.parts;
    try {
      const loaded = await prefetcher.fetch(task);
      if (this.current) prefetcher.putBack(this.current);
      this.current = null;
      this.close();
      await this.open(loaded, drawing);
    } catch (error) {
      page.announce(this.sentenceOf(error), "warn");
    }
  }

  /** Takes a finished label out of the outbox, to draw on. */
  async reopen(parcel: Parcel): Promise<void> {
    if (!parcel.task) return;
    let task: Task = { ...parcel.task, draft: null };
    try {
      // Corrected somewhere else meanwhile: this drawing comes upon that one.
      if (task.corrects) task = await this.parts.api.sentLabel(task.corrects.id);
    } catch (error) {
      this.parts.page.announce(this.sentenceOf(error), "warn");
      return;
    }
    await this.openTask(task, drawingOf(parcel));
    if (this.current?.task.image.id !== parcel.image) return;
    this.autosave.keep();
    this.parts.outbox.drop(parcel.id);
  }

  /** Goes on without a label and without a skip: the picture is not for this volunteer now. */
  private async leave(): Promise<void> {
    if (this.current) this.left.add(this.current.task.image.id);
    await this.advance();
  }

  async deliver(): Promise<Delivery> {
    const { notice, outbox, panel } = this.parts;
    panel.show(outbox);
    const delivery = await outbox.deliver();
    if (delivery.trouble instanceof SignedOut) this.onSignedOut();
    else if (delivery.sent.length) notice.hide("signed-out");
    return delivery;
  }

  /** Puts what is finished into the outbox; from there it cannot get lost. */
  private pack(kind: Parcel["kind"], task: Task): string {
    const { drafts, editor, outbox, page, say } = this.parts;
    const id = newId();
    const { corrects } = task;
    const kept = outbox.put({
      id,
      kind,
      // Enough to open it again: the label that is corrected is asked for anew.
      task: { ...task, draft: null, ...(corrects && { corrects: { ...corrects, polygons: [] } }) },
      image: task.image.id,
      polygons: kind === "label" ? toPolygons(editor.label) : [],
      started_at: this.autosave.startedDrawing,
      queued_at: new Date().toISOString(),
    });
    this.autosave.close();
    if (kept || kind !== "label") drafts.remove(task.image.id);
    else page.announce(say("outbox_failed"), "warn");
    return id;
  }

  /** Shows the next picture, or says why there is none. */
  private advance(): Promise<void> {
    return (this.advancing ??= this.showNext().finally(() => {
      this.advancing = null;
    }));
  }

  private async showNext(): Promise<void> {
    this.close();
    if (!this.parts.prefetcher.size) {
      this.clear();
      // An answer on its way may be to an older question.
      await this.filling;
      if (!this.parts.prefetcher.size) await this.fill();
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

  /** The next picture that can be shown: one whose file is broken keeps nobody from going on. */
  private async takeNext(): Promise<Loaded | null> {
    const { page, say, prefetcher } = this.parts;
    for (;;) {
      const { next } = prefetcher;
      try {
        return await prefetcher.take();
      } catch (error) {
        if (!(error instanceof DOMException) || !next) throw error;
        page.announce(say("error_picture"), "warn");
        this.left.add(next.image.id);
        prefetcher.remove(next.image.id);
        if (!prefetcher.size) await this.fill();
      }
    }
  }

  private showNone(because: unknown): void {
    if (because === null) this.showState("empty");
    else if (because instanceof Refused && because.code === "campaign_closed") {
      this.showState("closed");
    } else {
      this.showState("error", this.sentenceOf(because));
      if (because instanceof SignedOut) this.onSignedOut();
      if (isTrouble(because)) this.parts.outbox.later();
    }
  }

  /** Asks what comes next, and loads it. */
  private fill(): Promise<void> {
    return (this.filling ??= this.askForNext().finally(() => {
      this.filling = null;
    }));
  }

  private async askForNext(): Promise<void> {
    const { api, outbox, page, prefetcher } = this.parts;
    try {
      const done = new Set([...outbox.all().map(({ image }) => image), ...this.left]);
      const before = this.confirmed;
      const { tasks, labelsSent } = await api.next([...done], AHEAD);
      // A label that was confirmed meanwhile may not be in this count yet.
      if (before === this.confirmed) page.showLabelsSent(labelsSent);
      // Finished while the answer was on its way.
      for (const { image } of outbox.all()) done.add(image);
      const here = this.current?.task.image.id;
      prefetcher.stock(tasks.filter(({ image }) => image.id !== here && !done.has(image.id)));
      this.emptyBecause = null;
    } catch (error) {
      if (!isTrouble(error) && !(error instanceof Refused)) throw error;
      this.emptyBecause = error;
    }
  }

  private async open(loaded: Loaded, drawing?: Drawing): Promise<void> {
    const { editor, page, say, surface } = this.parts;
    const { frame, picture, task } = loaded;
    await surface.show(picture.display_url, frame);
    const found = this.autosave.find(task);
    this.current = loaded;
    this.skipAskedAt = -Infinity;
    page.showPicture(picture, task.role);
    this.parts.opened?.(loaded);
    const from = drawing ?? found.draft;
    const sent = task.corrects && fromPolygons(task.corrects.polygons);
    const under = found.beneath?.label ?? sent;
    editor.open(under ?? from?.label ?? EMPTY_LABEL, frame, from?.sketch);
    if (under && from) editor.apply(() => from.label);
    this.showState("drawing");
    this.autosave.open(task.image.id, found, drawing, task.corrects?.version);
    if (task.role === "expert") page.announce(say("gold"));
  }

  /** Nothing is under the hand any more; what is on the screen stays until there is something new. */
  private close(): void {
    this.parts.closed?.();
    this.autosave.close();
    this.current?.release();
    this.current = null;
    this.showState("between");
    this.parts.editor.open(EMPTY_LABEL, NO_FRAME);
  }

  private clear(): void {
    this.parts.page.showPicture(null);
    this.parts.surface.clear();
    this.showState("loading");
  }

  private onSent(parcel: Parcel, answer: Answer): void {
    const { drafts, page, say } = this.parts;
    this.confirmed += 1;
    drafts.remove(parcel.image);
    if (answer.labels_sent !== undefined) page.showLabelsSent(answer.labels_sent);
    if (parcel.kind === "label") page.announce(say("sent"));
    if (!this.awaited.has(parcel.id)) void this.giveFeedback(answer, parcel);
  }

  private onRefused(parcel: Parcel): void {
    const { page, say } = this.parts;
    if (parcel.refused) page.announce(reasonIn(say, parcel.refused), "warn");
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
    this.parts.update();
  }

  /** What a person should know of an error; one that nobody expected is thrown on. */
  private sentenceOf(error: unknown): string {
    const { say } = this.parts;
    if (isTrouble(error)) return whyIn(say, error);
    if (error instanceof Refused) return reasonIn(say, reasonOf(error));
    if (error instanceof DOMException) return say("error_picture");
    throw error;
  }
}

/** What is in a parcel, to draw on. */
function drawingOf(parcel: Parcel): Drawing {
  return {
    label: fromPolygons(parcel.polygons),
    sketch: { steps: [] },
    startedAt: parcel.started_at,
  };
}
