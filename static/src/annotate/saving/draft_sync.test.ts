import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import { NewerDraft } from "./api";
import type { DraftBody } from "./api";
import { toJson } from "./drawing";
import { drawing } from "./test_doubles";
import { DraftSync } from "./draft_sync";

/** A server that stores drafts like the real one. */
class DraftServer {
  stored: (DraftBody & { version: number }) | null = null;
  failing: Error | null = null;
  readonly requests: DraftBody[] = [];

  async saveDraft(_: number, body: DraftBody): Promise<number> {
    this.requests.push(body);
    await Promise.resolve();
    if (this.failing) throw this.failing;
    return this.keep(body);
  }

  keep(body: DraftBody): number {
    const { stored } = this;
    const own = stored?.writer === body.writer && stored.stroke < body.stroke;
    if (stored && stored.version !== body.base && !own) throw new NewerDraft(stored);
    this.stored = { ...body, version: (stored?.version ?? body.base) + 1 };
    return this.stored.version;
  }
}

let server: DraftServer;
let heard: unknown[];
let stroke: number;
let sync: DraftSync;

beforeEach(() => {
  vi.useFakeTimers();
  server = new DraftServer();
  heard = [];
  stroke = 0;
  sync = new DraftSync(server, "here", {
    saved: (_, version, at) => heard.push(["saved", version, at]),
    contested: (_, newer) => heard.push(["contested", newer.writer, newer.version]),
    refused: (_, reason) => heard.push(["refused", reason.code]),
    signedOut: () => heard.push("signed out"),
  });
  sync.open(7, 0, () => ({ drawing: drawing(stroke + 1), stroke }));
});
afterEach(() => vi.useRealTimers());

const draw = (): void => {
  stroke++;
  sync.changed();
};
const later = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const theirs = (base: number): DraftBody =>
  ({ ...toJson(drawing(50)), base, writer: "there", stroke: 1 });

describe("saving on the server", () => {
  it("sends the base version of a correction", async () => {
    sync.open(7, 0, () => ({ drawing: drawing(1), stroke }), 3);
    draw();
    await later(2_000);
    sync.open(8, 0, () => ({ drawing: drawing(1), stroke }));
    draw();
    await later(2_000);
    expect(server.requests.map(({ corrects }) => corrects)).toEqual([3, undefined]);
  });

  it("follows soon after strokes, combined, and not again without changes", async () => {
    draw();
    draw();
    await later(1_000);
    expect(server.requests).toEqual([]);
    await later(1_000);
    expect(server.requests).toMatchObject([{ base: 0, writer: "here", stroke: 2 }]);
    expect(heard).toEqual([["saved", 1, 2]]);
    await later(600_000);
    expect(server.requests).toHaveLength(1);
  });

  it("also happens during continuous drawing, at most 40 times a minute", async () => {
    for (let i = 0; i < 600; i++) {
      draw();
      await later(100);
    }
    expect(server.requests.length).toBeGreaterThan(30);
    expect(server.requests.length).toBeLessThanOrEqual(40);
    expect(server.stored!.version).toBe(server.requests.length);
  });

  it("is retried with growing pauses while offline", async () => {
    server.failing = new Unreachable("network");
    draw();
    await later(120_000);
    const tries = server.requests.length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(9);
    server.failing = null;
    await later(60_000);
    expect(heard).toEqual([["saved", 1, 1]]);
  });

  it("continues after a lost response", async () => {
    draw();
    server.failing = new Unreachable("network");
    const at = { ...toJson(drawing(2)), base: 0, writer: "here", stroke: 1 };
    server.keep(at);
    await later(2_000);
    server.failing = null;
    draw();
    await later(20_000);
    expect(server.stored).toMatchObject({ version: 2, stroke: 2 });
    expect(heard).toEqual([["saved", 2, 2]]);
  });

  it("adopts its own drawing when the same comes back as newer", async () => {
    draw();
    server.keep({ ...toJson(drawing(2)), base: 0, writer: "here", stroke: 1 });
    await later(1_500);
    expect(heard).toEqual([]);
    await later(1_500);
    expect(heard).toEqual([["saved", 2, 1]]);
  });

  it("never overwrites another drawing; the person decides", async () => {
    server.keep(theirs(0));
    draw();
    await later(2_000);
    expect(heard).toEqual([["contested", "there", 1]]);
    draw();
    await later(60_000);
    expect(server.requests).toHaveLength(1);
    sync.resume(1);
    await later(2_000);
    expect(server.stored).toMatchObject({ version: 2, writer: "here", stroke: 2 });
  });

  it("reports a refusal, saves the next change, and reports a lost session", async () => {
    server.failing = new Refused(413, "2001 shapes.", "too_large");
    draw();
    await later(60_000);
    expect([heard, server.requests.length]).toEqual([[["refused", "too_large"]], 1]);
    server.failing = null;
    draw();
    await later(2_000);
    expect([heard.length, server.requests.length]).toEqual([2, 2]);
    sync.open(8, 0, () => ({ drawing: drawing(), stroke: 1 }));
    server.failing = new SignedOut();
    sync.changed();
    await later(2_000);
    expect(heard.at(-1)).toBe("signed out");
  });

  it("comes at once when the page goes away, and only for the open picture", async () => {
    draw();
    await sync.flush(true);
    expect(server.stored).toMatchObject({ stroke: 1 });
    draw();
    sync.close();
    await later(60_000);
    await sync.flush(true);
    expect(server.requests).toHaveLength(1);
  });

  it("an older drawing on its way does not undo what was saved on leaving", async () => {
    draw();
    const slow = { ...toJson(drawing(1)), base: 0, writer: "here", stroke: 1 };
    draw();
    await sync.flush(true);
    expect(() => server.keep(slow)).toThrow(NewerDraft);
    expect(server.stored).toMatchObject({ stroke: 2 });
  });
});
