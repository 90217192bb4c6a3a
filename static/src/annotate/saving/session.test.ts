import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import { Editor } from "../core/editor";
import { NO_SKETCH } from "../core/sketch";
import type { Choice } from "../panels/answer_feedback";
import type { Notice, NoticeAction } from "../panels/notice";
import type { OutboxPanel } from "../panels/outbox_panel";
import type { Page, State } from "../panels/page";
import type { Surface } from "../view/surface";
import { NewerDraft } from "./api";
import type { Api, DraftBody } from "./api";
import { createDrafts } from "./draft";
import { toJson } from "./drawing";
import { DeviceStorage, LabelServer, drawing, task } from "./test_doubles";
import { createOutbox } from "./outbox";
import type { LabelOutbox } from "./outbox";
import type { QueuedUpload } from "./queued_upload";
import { Session } from "./session";
import { Prefetcher } from "./prefetcher";
import type { Loaded } from "./prefetcher";
import type { Answer, Next, Task, AnswerFeedback } from "./task";

/** The volunteer's choices for the next feedback dialogs; "on" if empty. */
const choices: Choice[] = [];

const feedbackOf = (score: number): AnswerFeedback => ({
  title: "", passed: score > 0.5, must_pass: false, may_repeat: true, score, classes: [], codes: "",
});

/** The server: assigns pictures in order, never a finished one. */
class Site extends LabelServer {
  pictures: Task[] = [1, 2, 3, 4, 5].map((image) => task(image));
  drafts = new Map<number, DraftBody & { version: number }>();
  no: Error | null = null;
  feedback: AnswerFeedback | undefined = undefined;

  async next(pending: readonly number[], ahead: number): Promise<Next> {
    await Promise.resolve();
    if (!this.up) throw new Unreachable("network");
    if (this.no) throw this.no;
    const done = new Set([...pending, ...[...this.stored.values()].map(({ image }) => image)]);
    const tasks = this.pictures.filter(({ image }) => !done.has(image.id)).slice(0, 1 + ahead);
    const skipped = [...this.stored.values()].filter(({ kind }) => kind === "skip").length;
    return { tasks, labelsSent: this.stored.size, ...(!tasks.length && { skipped }) };
  }

  override async deliver(upload: QueuedUpload): Promise<Answer> {
    if (this.no) throw this.no;
    const answer = await super.deliver(upload);
    return this.feedback ? { ...answer, answer_feedback: this.feedback } : answer;
  }

  async saveDraft(image: number, body: DraftBody): Promise<number> {
    await Promise.resolve();
    if (!this.up) throw new Unreachable("network");
    if (this.no) throw this.no;
    const kept = this.drafts.get(image);
    const own = kept?.writer === body.writer && kept.stroke < body.stroke;
    if (kept && kept.version !== body.base && !own) throw new NewerDraft(kept);
    const version = (kept?.version ?? body.base) + 1;
    this.drafts.set(image, { ...body, version });
    return version;
  }

  ask: Api["ask"] = () => Promise.resolve(null);
  offerAgain: Api["offerAgain"] = () => undefined;
  report: Api["report"] = () => Promise.resolve();

  /** Assign the skipped pictures again. */
  async reopenSkipped(): Promise<void> {
    for (const { id, kind } of [...this.stored.values()]) if (kind === "skip") this.stored.delete(id);
    await Promise.resolve();
  }

  /** Return a sent label for correction. */
  async sentLabel(id: string): Promise<Task> {
    await Promise.resolve();
    return task(9, { corrects: { id, version: 1, polygons: [] } });
  }
}

/** The tasks kept on the device, whose pictures need no network. */
class Kept {
  tasks: readonly Task[] = [];
  put = (tasks: readonly Task[]): void => void (this.tasks = tasks);
  add = (one: Task): void => void (this.tasks = [one, ...this.tasks]);
  remove = (image: number): void => void (this.tasks = this.tasks.filter((each) => each.image.id !== image));
  ready = async (): Promise<Task[]> => [...this.tasks];
  has = (image: number): boolean => this.tasks.some((each) => each.image.id === image);
}

let storage: DeviceStorage;
let site: Site;
let kept: Kept;
beforeEach(() => {
  kept = new Kept();
  vi.useFakeTimers();
  storage = new DeviceStorage();
  site = new Site();
});
afterEach(() => vi.useRealTimers());

/** Open a page where everything but the screen is real. */
function openPage(writer = "page") {
  const heard: string[] = [];
  const shown: string[] = [];
  const released: number[] = [];
  const looked: unknown[] = [];
  const corrected: string[] = [];
  const offers: NoticeAction[] = [];
  const left: number[] = [];
  const renewal = { outdated: false, reloads: 0 };
  const notices = new Map<string, readonly NoticeAction[]>();
  const page = {
    state: "loading" as State,
    reason: "",
    sent: 0,
    showState(state: State, reason = "") {
      page.state = state;
      page.reason = reason;
    },
    showPicture: () => undefined,
    saved: [] as string[],
    showSaved: (where: string) => void page.saved.push(where),
    showLabelsSent: (count: number) => void (page.sent = count),
    offline: null as number | null,
    showOffline: (left: number | null) => void (page.offline = left),
    announce: (sentence: string, _?: string, __?: string, offer?: NoticeAction) => {
      heard.push(sentence);
      if (offer) offers.push(offer);
    },
  };
  const notice = {
    show: (name: string, _: string, actions: readonly NoticeAction[]) => {
      notices.clear();
      notices.set(name, actions);
    },
    hide: (name?: string) => (name ? void notices.delete(name) : notices.clear()),
    isShown: (name: string) => notices.has(name),
  };
  const load = async (each: Task): Promise<Loaded> => {
    await Promise.resolve();
    if (!site.up && !kept.has(each.image.id)) throw new Unreachable("network");
    if (each.image.display_url === "broken") throw new DOMException("404", "NotFoundError");
    const { width, height, id } = each.image;
    return {
      task: each,
      picture: each.image,
      frame: { width, height, masked: [] },
      release: () => void released.push(id),
    };
  };
  const editor: Editor = new Editor(2, (change) => {
    if (change === "label" || change === "sketch") session.keepDraft();
  });
  const outbox: LabelOutbox = createOutbox(storage, "ann", site);
  const session: Session = new Session({
    api: site,
    outbox,
    drafts: createDrafts(storage, "ann", writer),
    prefetcher: new Prefetcher(async () => ({ width: 64, height: 48, masked: [] }), load),
    editor,
    surface: {
      show: (url: string) => (shown.push(url), Promise.resolve()),
      clear: () => undefined,
    } as unknown as Surface,
    page: page as unknown as Page,
    panel: { show: () => undefined } as unknown as OutboxPanel,
    notice: notice as unknown as Notice,
    say: (name) => name,
    kept,
    renewal: { isOutdated: async () => renewal.outdated, reload: () => void (renewal.reloads += 1) },
    writer,
    login: "/login/",
    update: () => undefined,
    corrected: (label) => corrected.push(label),
    noneLeft: ({ skipped }) => left.push(skipped ?? 0),
    showFeedback: async (feedback, { image }) => {
      looked.push([image, feedback.score]);
      await Promise.resolve();
      return choices.shift() ?? "on";
    },
  });
  return {
    session, editor, outbox, page, notices, heard, shown, released, looked, corrected, left, renewal, offers,
    get image() { return session.task?.image.id ?? null; },
    draw: (size = 5) => void editor.apply(() => drawing(size).label),
    /** Close without contacting the server, like a crash. */
    kill: () => session.autosave.sync.close(),
    press: (name: string, place: number) => notices.get(name)![place]!.act(),
  };
}

const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const polygons = (size: number) => toJson(drawing(size)).polygons;

describe("one picture after the other", () => {
  it("continues at once, and sends the label in the background", async () => {
    const page = openPage();
    await page.session.start();
    await settle();
    for (const image of [1, 2, 3]) {
      expect([page.image, page.page.state]).toEqual([image, "drawing"]);
      page.draw(image);
      await page.session.send();
    }
    await settle();
    expect([...site.stored.values()].map((each) => [each.image, each.polygons])).toEqual(
      [1, 2, 3].map((image) => [image, polygons(image)]),
    );
    expect([page.image, page.page.sent, page.outbox.all()]).toEqual([4, 3, []]);
    expect(page.released).toEqual([1, 2, 3]);
    expect(storage.keys()).toEqual([]);
  });

  it("does not wait for a server that never answers", async () => {
    const page = openPage();
    await page.session.start();
    await settle();
    site.deliver = () => new Promise(() => undefined);
    page.draw();
    await page.session.send();
    expect([page.image, page.page.state]).toEqual([2, "drawing"]);
  });

  it("ends with an empty page when nothing is left", async () => {
    site.pictures = [task(1), task(2)];
    const page = openPage();
    await page.session.start();
    for (let image = 1; image <= 2; image++) {
      page.draw();
      await page.session.send();
    }
    expect([page.page.state, site.stored.size]).toEqual(["empty", 2]);
  });

  it("sends nothing without a region, and nothing twice", async () => {
    const page = openPage();
    await page.session.start();
    await page.session.send();
    expect(page.image).toBe(1);
    page.draw();
    await Promise.all([page.session.send(), page.session.send(), page.session.skip()]);
    await settle();
    expect([site.requests.length, page.image]).toEqual([1, 2]);
  });

  it("skips a picture with a broken file", async () => {
    const { image } = task(1);
    site.pictures[0] = task(1, { image: { ...image, display_url: "broken" } });
    const page = openPage();
    await page.session.start();
    expect([page.image, page.heard]).toEqual([2, ["error_picture"]]);
  });

  it("gives skipped pictures again when the person asks for them", async () => {
    site.pictures = [1, 2].map((image) => task(image));
    const page = openPage();
    await page.session.start();
    await page.session.skip();
    await page.session.skip();
    expect([page.page.state, page.left]).toEqual(["empty", [2]]);
    await page.session.retrySkipped();
    expect([page.image, page.page.state]).toEqual([1, "drawing"]);
    page.draw();
    await page.session.send();
    await page.session.skip();
    expect([page.page.state, page.left]).toEqual(["empty", [2, 1]]);
  });

  it("skips at once, a drawing only when asked twice", async () => {
    const page = openPage();
    await page.session.start();
    await page.session.skip();
    expect(page.image).toBe(2);
    page.draw();
    await page.session.skip();
    expect([page.image, page.heard.at(-1)]).toEqual([2, "skip_again"]);
    await page.session.skip();
    await settle();
    expect(page.image).toBe(3);
    expect([...site.stored.values()].map(({ kind }) => kind)).toEqual(["skip", "skip"]);
  });
});

describe("without a network", () => {
  it("continues with loaded pictures, then waits, and sends everything once", async () => {
    const page = openPage();
    await page.session.start();
    await settle();
    site.up = false;
    for (const image of [1, 2, 3]) {
      expect(page.image).toBe(image);
      page.draw(image);
      await page.session.send();
    }
    expect([page.page.state, page.page.reason]).toEqual(["error", "offline_used_up"]);
    expect(page.outbox.waiting()).toHaveLength(3);
    site.up = true;
    await settle(120_000);
    expect([page.page.state, page.image, page.outbox.all()]).toEqual(["drawing", 4, []]);
    expect(site.stored.size).toBe(3);
    expect(new Set(site.requests).size).toBe(3);
  });

  it("a page opened later sends what waits, and does not show its pictures again", async () => {
    const before = openPage();
    await before.session.start();
    await settle();
    site.up = false;
    before.draw();
    await before.session.send();
    site.up = true;
    const after = openPage("later");
    await after.session.start();
    await settle();
    expect([after.image, site.stored.size, after.outbox.all()]).toEqual([2, 1, []]);
  });
});

describe("an unfinished drawing", () => {
  it("comes back after the page was closed in the middle of a shape", async () => {
    const before = openPage();
    await before.session.start();
    before.draw();
    before.editor.setSketch({ steps: [[[1, 2]]] });
    before.kill();
    const after = openPage("later");
    await after.session.start();
    expect([after.editor.label, after.editor.sketch]).toEqual([
      drawing().label, { steps: [[[1, 2]]] },
    ]);
    after.press("restored", 0);
    expect([after.editor.label.regions, after.editor.sketch]).toEqual([[], NO_SKETCH]);
    after.editor.undo();
    expect(after.editor.label).toEqual(drawing().label);
    await settle(2_000);
    expect(site.drafts.get(1)).toMatchObject({ writer: "later", polygons: polygons(5) });
  });

  it("is loaded from another device, with the local one an undo step away", async () => {
    const here = openPage("here");
    await here.session.start();
    here.draw(5);
    await settle(2_000);
    const kept = site.drafts.get(1)!;
    const newer = { ...kept, polygons: polygons(9), writer: "there", version: 2 };
    site.pictures[0] = task(1, { draft: newer });
    site.drafts.set(1, newer);
    const again = openPage("again");
    await again.session.start();
    expect(again.editor.label).toEqual(drawing(9).label);
    again.editor.undo();
    expect(again.editor.label).toEqual(drawing(5).label);
    await settle(2_000);
    expect(site.drafts.get(1)).toMatchObject({ version: 3, polygons: polygons(5) });
  });

  it("never overwrites one from elsewhere; either choice keeps both", async () => {
    const page = openPage();
    await page.session.start();
    page.draw(5);
    await settle(2_000);
    const theirs = { ...site.drafts.get(1)!, polygons: polygons(9), writer: "there", version: 2 };
    site.drafts.set(1, theirs);
    page.draw(6);
    await settle(60_000);
    expect(site.drafts.get(1)).toBe(theirs);
    page.press("contested", 0);
    expect(page.editor.label).toEqual(drawing(9).label);
    page.editor.undo();
    expect(page.editor.label).toEqual(drawing(6).label);
    page.editor.redo();
    await settle(2_000);
    expect(site.drafts.get(1)).toMatchObject({ version: 3, polygons: polygons(9) });

    site.drafts.set(1, { ...theirs, polygons: polygons(20), writer: "third", version: 4 });
    page.draw(10);
    await settle(2_000);
    page.press("contested", 1);
    expect(page.editor.label).toEqual(drawing(10).label);
    await settle(2_000);
    expect(site.drafts.get(1)).toMatchObject({ version: 5, polygons: polygons(10) });
    page.editor.undo();
    expect(page.editor.label).toEqual(drawing(20).label);
  });

  it("is kept when its picture is retired, and the next one opens", async () => {
    const page = openPage();
    await page.session.start();
    site.no = new Refused(410, "Taken out.", "retired_image");
    page.draw();
    await settle(2_000);
    site.no = null;
    site.pictures.shift();
    page.press("gone", 0);
    await settle();
    expect(page.image).toBe(2);
    expect(storage.keys()).toContain("ai4mars.draft.ann.1");
  });

  it("is on the server when the device is full, and the page says so once", async () => {
    const page = openPage();
    await page.session.start();
    storage.full = true;
    page.draw(5);
    page.draw(6);
    await settle(2_000);
    expect(page.heard).toEqual(["draft_failed"]);
    expect(site.drafts.get(1)).toMatchObject({ polygons: polygons(6) });
    await page.session.send();
    await settle();
    expect([site.stored.size, page.image]).toEqual([1, 2]);
  });
});

describe("a device without a network", () => {
  it("opens with the pictures loaded ahead, and sends later what is drawn on them", async () => {
    const before = openPage();
    await before.session.start();
    before.draw(1);
    await before.session.send();
    await settle();
    before.kill();
    site.up = false;

    const page = openPage("again");
    await page.session.start();
    for (const [image, left] of [[2, 2], [3, 1], [4, 0]] as const) {
      expect([page.image, page.page.state, page.page.offline]).toEqual([image, "drawing", left]);
      page.draw(image);
      await page.session.send();
      await settle();
    }
    expect([page.page.state, page.page.reason]).toEqual(["error", "offline_used_up"]);
    page.kill();

    // What is finished is not opened again.
    const third = openPage("third");
    await third.session.start();
    expect([third.page.state, third.outbox.all().length]).toEqual(["error", 3]);
    site.up = true;
    await third.session.retry();
    await settle();
    expect([...site.stored.values()].map(({ image }) => image)).toEqual([1, 2, 3, 4]);
    expect([third.image, third.page.offline]).toEqual([5, null]);
  });

  it("continues the drawing of this device, not an older one of the server", async () => {
    site.pictures[0] = task(1, { draft: { ...toJson(drawing(9)), writer: "there", version: 1, stroke: 1 } });
    site.drafts.set(1, { ...site.pictures[0].draft as DraftBody, base: 0, version: 1 });
    const before = openPage();
    await before.session.start();
    before.draw(5);
    await settle(2_000);
    expect(site.drafts.get(1)).toMatchObject({ version: 2 });
    before.kill();
    site.up = false;

    const page = openPage("again");
    await page.session.start();
    expect([page.image, page.editor.label]).toEqual([1, drawing(5).label]);
    expect(page.notices.has("contested")).toBe(false);
  });

  it("looks for the site again by itself", async () => {
    const page = openPage();
    await page.session.start();
    page.session.wentOffline();
    site.up = false;
    page.draw();
    await page.session.send();
    await settle();
    expect(page.page.offline).toBe(1);
    site.up = true;
    await settle(120_000);
    expect([site.stored.size, page.page.offline, page.image]).toEqual([1, null, 2]);
  });

  it("gives way to a newer version of itself, but only between two pictures", async () => {
    const page = openPage();
    await page.session.start();
    page.renewal.outdated = true;
    page.session.wentOffline();
    await page.session.retry();
    page.draw();
    expect([page.image, page.renewal.reloads]).toEqual([1, 0]);
    await page.session.send();
    await settle();
    expect([page.renewal.reloads, site.stored.size, page.page.state]).toEqual([1, 1, "between"]);
  });
});

describe("a refusal", () => {
  it("of a label keeps it, gives the reason, and reopens the drawing", async () => {
    const page = openPage();
    await page.session.start();
    site.refusing.set(1, new Refused(400, "Region 1 is odd.", "invalid"));
    page.draw(7);
    await page.session.send();
    await settle();
    expect([page.image, page.heard.at(-1)]).toEqual([2, "refused"]);
    page.draw(3);
    await page.session.reopen(page.outbox.all()[0]!);
    expect([page.image, page.editor.label]).toEqual([1, drawing(7).label]);
    expect(page.outbox.all()).toEqual([]);
    site.refusing.clear();
    await page.session.send();
    await settle();
    expect([...site.stored.values()].map(({ image }) => image)).toEqual([1]);
    expect([page.image, page.editor.label]).toEqual([2, drawing(3).label]);
  });

  it("because of a closed campaign does not wait for a retry", async () => {
    const page = openPage();
    site.no = new Refused(410, "Closed.", "campaign_closed");
    await page.session.start();
    expect(page.page.state).toBe("closed");
  });

  it("because the session ended keeps everything and asks to sign in", async () => {
    const page = openPage();
    await page.session.start();
    await settle();
    site.no = new SignedOut();
    page.draw();
    await page.session.send();
    await settle();
    expect([page.image, page.outbox.waiting().length]).toEqual([2, 1]);
    expect(page.notices.has("signed-out")).toBe(true);
    site.no = null;
    await settle(60_000);
    expect([site.stored.size, page.notices.has("signed-out")]).toEqual([1, false]);
  });
});

describe("a picture to practice on", () => {
  it("can be drawn on again, starting from the same drawing", async () => {
    site.pictures[0] = task(1, { role: "practice" });
    site.feedback = feedbackOf(0.2);
    choices.push("again");
    const page = openPage();
    await page.session.start();
    page.draw();
    await page.session.send();
    expect([page.looked, page.image]).toEqual([[[1, 0.2]], 1]);
    expect(page.editor.label.regions).toHaveLength(1);
  });

  it("shows its feedback before the next picture", async () => {
    site.pictures[0] = task(1, { role: "practice" });
    site.feedback = feedbackOf(0.7);
    const page = openPage();
    await page.session.start();
    page.draw();
    const sending = page.session.send();
    expect(page.page.state).toBe("between");
    await sending;
    expect([page.looked, page.image]).toEqual([[[1, 0.7]], 2]);
  });

  it("shows what the server says of any other one when it comes", async () => {
    const page = openPage();
    await page.session.start();
    site.feedback = feedbackOf(0.9);
    page.draw();
    await page.session.send();
    await settle();
    expect([page.looked, page.image]).toEqual([[[1, 0.9]], 2]);
  });
});

describe("a label that was sent before", () => {
  it("is opened from the page that sent it, and the page goes on where it was", async () => {
    const page = openPage();
    await page.session.start();
    await settle();
    page.draw();
    await page.session.send();
    await settle();
    expect(page.offers.map(({ label }) => label)).toEqual(["edit_sent"]);
    page.draw(7);
    page.offers.pop()!.act();
    await settle();
    expect([page.image, page.session.task!.corrects?.id]).toEqual([9, [...site.stored.keys()][0]]);
    page.draw(8);
    await page.session.send();
    await settle();
    expect([page.image, page.corrected]).toEqual([2, []]);
    expect(page.editor.label).toEqual(drawing(7).label);
    expect(page.offers).toHaveLength(1);
  });

  it("is sent as a correction, and the page returns to it", async () => {
    const page = openPage();
    await page.session.correct("7");
    expect(page.image).toBe(9);
    page.draw();
    await page.session.send();
    expect(page.corrected).toEqual(["7"]);
  });

  it("leaves a picture without a label when there is nothing on it", async () => {
    const page = openPage();
    await page.session.start();
    await page.session.nothing();
    await settle();
    expect(page.image).toBe(2);
  });
});
