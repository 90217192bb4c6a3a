import { beforeEach, describe, expect, it, vi } from "vitest";
import { ServerError } from "../shared/server";
import { Outbox, type OutboxEvents } from "./outbox";
import type { Taken } from "./api";
import type { LabelFacts, Verdict } from "./types";

const FACTS: LabelFacts = {
  labeler: "Guest 1", labeler_id: 7, score: 0.2, rank: 1, class_agreements: {}, ratings: 1,
  record: { labels: 3, thrown_out: 0, mean_score: 0.5, ratings: 0, mean_rating: null },
};
const FAIR: Verdict = { value: 3, reasons: ["missed"], comment: "Hm" };

class MemoryStorage implements Storage {
  private readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }
  key = (place: number): string | null => [...this.items.keys()][place] ?? null;
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
  removeItem = (key: string): void => void this.items.delete(key);
  clear = (): void => this.items.clear();
}

/** A server that remembers, and can be out of reach or refuse. */
class FakeServer {
  readonly said: string[] = [];
  trouble: ServerError | null = null;
  private count = 0;

  async rate(label: string, version: number, { value }: Verdict): Promise<Taken> {
    if (this.trouble) throw this.trouble;
    this.said.push(`${label} v${version}: ${value}`);
    return { id: ++this.count, facts: FACTS };
  }

  async undo(rating: number): Promise<void> {
    if (this.trouble) throw this.trouble;
    this.said.push(`undo ${rating}`);
  }
}

describe("the outbox of ratings", () => {
  let storage: MemoryStorage;
  let server: FakeServer;
  let events: { [name in keyof OutboxEvents]: ReturnType<typeof vi.fn> };
  const open = (owner = "7"): Outbox => new Outbox(storage, owner, server, events as unknown as OutboxEvents);
  const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

  beforeEach(() => {
    vi.useFakeTimers();
    storage = new MemoryStorage();
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

  it.each([0, 403, 429, 502])("waits and tries again by itself after %i", async (status) => {
    const outbox = open();
    server.trouble = new ServerError(status, "");
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
    server.trouble = new ServerError(409, "No.", "meanwhile");
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
    server.trouble = new ServerError(0, "");
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
    server.trouble = new ServerError(0, "");
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
