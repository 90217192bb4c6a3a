import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Exclusively } from "../shared/delivery/outbox";
import { Refused, SignedOut, Unreachable } from "../shared/server";
import { PageStorage } from "../shared/storage";
import { type RatingEvents, RatingOutbox } from "./outbox";
import type { Taken } from "./api";
import type { LabelFacts, Verdict } from "./types";

const FACTS: LabelFacts = {
  labeler: "Guest 1", labeler_id: 7, score: 0.2, rank: 1, class_agreements: {}, ratings: 1,
  record: { labels: 3, thrown_out: 0, mean_score: 0.5, ratings: 0, mean_rating: null },
};
const FAIR: Verdict = { value: 3, reasons: ["missed"], comment: "Hm" };

/** A server that recognizes ratings it already has, and can be unreachable or refuse. */
class FakeServer {
  readonly said: string[] = [];
  trouble: Error | null = null;
  private count = 0;
  private readonly ratings = new Map<string, number>();

  async rate(label: string, version: number, { value }: Verdict): Promise<Taken> {
    if (this.trouble) throw this.trouble;
    const rating = `${label} v${version}: ${value}`;
    const known = this.ratings.get(rating);
    if (known !== undefined) return { id: known, facts: FACTS };
    this.said.push(rating);
    this.ratings.set(rating, ++this.count);
    return { id: this.count, facts: FACTS };
  }

  async undo(rating: number): Promise<void> {
    if (this.trouble) throw this.trouble;
    this.said.push(`undo ${rating}`);
  }
}

describe("the outbox of ratings", () => {
  let storage: PageStorage;
  let server: FakeServer;
  let events: { [name in keyof RatingEvents]: ReturnType<typeof vi.fn> };
  const open = (owner = "7", inTurn?: Exclusively): RatingOutbox =>
    new RatingOutbox(storage, owner, server, events, inTurn);
  const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

  beforeEach(() => {
    vi.useFakeTimers();
    storage = new PageStorage();
    server = new FakeServer();
    events = { changed: vi.fn(), rated: vi.fn(), refused: vi.fn(), waits: vi.fn() };
  });

  it("sends ratings in their order and keeps nothing", async () => {
    const outbox = open();
    outbox.rate("a", 1, FAIR);
    outbox.rate("b", 2, { ...FAIR, value: 1 });
    expect(outbox.labels()).toEqual(["a", "b"]);
    await settled();
    expect(server.said).toEqual(["a v1: 3", "b v2: 1"]);
    expect([outbox.size, storage.length]).toEqual([0, 0]);
    expect(events.rated.mock.calls).toEqual([["a", FACTS], ["b", FACTS]]);
  });

  it("takes a delivered rating back", async () => {
    const outbox = open();
    outbox.rate("a", 1, FAIR);
    await settled();
    outbox.undo("a");
    await settled();
    expect(server.said).toEqual(["a v1: 3", "undo 1"]);
  });

  it("takes one back that is on its way just now", async () => {
    const outbox = open();
    outbox.rate("a", 1, FAIR);
    outbox.undo("a");
    await settled();
    expect(server.said).toEqual(["a v1: 3", "undo 1"]);
  });

  it("never sends one that was taken back before it set out", async () => {
    const outbox = open();
    outbox.rate("a", 1, FAIR);
    outbox.rate("b", 1, FAIR);
    outbox.undo("b");
    await settled();
    expect(server.said).toEqual(["a v1: 3"]);
  });

  it.each([
    new Unreachable("network"), new Unreachable("busy"), new Unreachable("server"), new SignedOut(),
  ])("waits and tries again by itself after %o", async (trouble) => {
    const outbox = open();
    server.trouble = trouble;
    outbox.rate("a", 1, FAIR);
    outbox.rate("b", 1, FAIR);
    await settled();
    expect(events.waits).toHaveBeenCalled();
    expect(outbox.size).toBe(2);
    server.trouble = null;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.said).toEqual(["a v1: 3", "b v1: 3"]);
    expect(events.refused).not.toHaveBeenCalled();
  });

  it("says what was refused, and goes on", async () => {
    const outbox = open();
    server.trouble = new Refused(409, "No.", "meanwhile");
    outbox.rate("a", 1, FAIR);
    await settled();
    server.trouble = null;
    outbox.undo("a");
    outbox.rate("b", 1, FAIR);
    await settled();
    expect(events.refused.mock.calls.map(([parcel, error]) => [parcel.label, error.code])).toEqual([["a", "meanwhile"]]);
    expect(server.said).toEqual(["b v1: 3"]);
    expect(storage.length).toBe(0);
  });

  it("outlives the page, for its own account alone", async () => {
    server.trouble = new Unreachable("network");
    const before = open();
    before.rate("a", 1, FAIR);
    before.rate("b", 1, FAIR);
    await settled();
    vi.clearAllTimers();
    server.trouble = null;

    expect(open("8").size).toBe(0);
    const after = open();
    expect(after.labels()).toEqual(["a", "b"]);
    await after.deliver();
    expect(server.said).toEqual(["a v1: 3", "b v1: 3"]);
    expect(open().size).toBe(0);
  });

  it("leaves alone what another tab has delivered", async () => {
    server.trouble = new Unreachable("network");
    const one = open();
    one.rate("a", 1, FAIR);
    await settled();
    const other = open();
    server.trouble = null;
    await other.deliver();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.said).toEqual(["a v1: 3"]);
    expect(one.size).toBe(0);
  });

  it("takes back what another tab has delivered", async () => {
    server.trouble = new Unreachable("network");
    const one = open();
    one.rate("a", 1, FAIR);
    await settled();
    const other = open();
    server.trouble = null;
    await other.deliver();
    one.undo("a");
    await settled();
    expect(server.said).toEqual(["a v1: 3", "undo 1"]);
  });

  it("takes back what another tab is sending just now", async () => {
    let turn: Promise<unknown> = Promise.resolve();
    const inTurn: Exclusively = (work) => {
      const mine = turn.then(work);
      turn = mine.catch(() => undefined);
      return mine;
    };
    let answers = (): void => undefined;
    const rate = server.rate.bind(server);
    server.trouble = new Unreachable("network");
    const one = open("7", inTurn);
    one.rate("a", 1, FAIR);
    await settled();
    server.trouble = null;
    server.rate = async (...rating) => {
      const taken = await rate(...rating);
      await new Promise<void>((resolve) => (answers = resolve));
      return taken;
    };
    void open("7", inTurn).deliver();
    await settled();
    server.rate = rate;
    one.undo("a");
    await settled();
    expect(server.said).toEqual(["a v1: 3"]);
    answers();
    await settled();
    expect(server.said).toEqual(["a v1: 3", "undo 1"]);
  });

  it("takes back on the next page what arrived before this one was closed", async () => {
    const before = open();
    before.rate("a", 1, FAIR);
    server.undo = () => Promise.reject(new Unreachable("network"));
    before.undo("a");
    await settled();
    vi.clearAllTimers();
    server.undo = FakeServer.prototype.undo;
    await open().deliver();
    expect(server.said).toEqual(["a v1: 3", "undo 1"]);
    expect(storage.length).toBe(0);
  });

  it("delivers what pages before have kept, and ignores what is broken", async () => {
    const keep = (place: string, what: unknown): void => {
      const key = `ai4mars.review.7.${place}`;
      storage.setItem(key, JSON.stringify({ key, label: "a", what }));
    };
    keep("1700000000002.000002", { kind: "undo", rating: null });
    keep("1700000000001.000001", { kind: "rate", version: 2, verdict: FAIR });
    keep("1700000000003.000001", { kind: "rate", version: 2, verdict: { ...FAIR, value: 4 } });
    storage.setItem("ai4mars.review.7.1700000000004.000001", "{broken");
    storage.setItem("ai4mars.review.7.1700000000005.000001", "null");
    const outbox = open();
    expect(outbox.labels()).toEqual(["a", "a", "a"]);
    await outbox.deliver();
    expect(server.said).toEqual(["a v2: 3", "undo 1", "a v2: 4"]);
    expect(storage.length).toBe(2);
  });

  it("works without a storage that takes anything", async () => {
    storage.setItem = () => {
      throw new Error("full");
    };
    const outbox = open();
    outbox.rate("a", 1, FAIR);
    await settled();
    expect(server.said).toEqual(["a v1: 3"]);
  });
});
