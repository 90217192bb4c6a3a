import { beforeEach, describe, expect, it } from "vitest";
import type { Exclusively } from "../../shared/delivery/outbox";
import { Refused, SignedOut } from "../../shared/server";
import { DeviceStorage, LabelServer, upload } from "./test_doubles";
import { createOutbox, countOthersWaiting } from "./outbox";
import type { LabelOutbox } from "./outbox";

let storage: DeviceStorage;
let server: LabelServer;
beforeEach(() => {
  storage = new DeviceStorage();
  server = new LabelServer();
});
const open = (owner = "ann"): LabelOutbox => createOutbox(storage, owner, server);
const ids = (outbox: LabelOutbox): string[] => outbox.waiting().map(({ id }) => id);

describe("outbox", () => {
  it("delivers labels in the order of completion, and removes them", async () => {
    const outbox = open();
    expect([outbox.put(upload(2)), outbox.put(upload(1))]).toEqual([true, true]);
    const { sent, refused, trouble } = await outbox.deliver();
    expect(sent.map(({ parcel: { id }, answer }) => [id, answer.labels_sent])).toEqual([
      ["label-1", 1], ["label-2", 2],
    ]);
    expect([refused, trouble, storage.length]).toEqual([[], null, 0]);
  });

  it("keeps labels over a reload until the server has them, under the same ids", async () => {
    server.up = false;
    const before = open();
    before.put(upload(1));
    before.put(upload(2));
    expect((await before.deliver()).trouble).toMatchObject({ reason: "network" });
    expect(server.requests).toEqual(["label-1"]);
    server.up = true;
    const after = open();
    expect(after.all()).toEqual([upload(1), upload(2)]);
    await after.deliver();
    expect([...server.stored.keys()]).toEqual(["label-1", "label-2"]);
    expect([open().all(), before.all()]).toEqual([[], []]);
  });

  it("resends a label without a response under the same id", async () => {
    const outbox = open();
    outbox.put(upload(1));
    server.dropsAnswers = true;
    await outbox.deliver();
    expect(ids(outbox)).toEqual(["label-1"]);
    server.dropsAnswers = false;
    await outbox.deliver();
    expect(server.requests).toEqual(["label-1", "label-1"]);
    expect([server.stored.size, outbox.all()]).toEqual([1, []]);
  });

  it("keeps a refused label with its reason, and still sends the others", async () => {
    server.refusing.set(1, new Refused(409, "You have sent another.", "already_labeled"));
    const outbox = open();
    outbox.put(upload(1));
    outbox.put(upload(2));
    const { sent, refused } = await outbox.deliver();
    expect(sent.map((each) => each.parcel.id)).toEqual(["label-2"]);
    const reason = { status: 409, code: "already_labeled", reason: "You have sent another." };
    expect(refused).toEqual([{ ...upload(1), refused: reason }]);
    expect([ids(open()), open().all()]).toEqual([[], refused]);
    await outbox.deliver();
    expect(server.requests).toHaveLength(2);
    outbox.drop("label-1");
    expect(storage).toHaveLength(0);
  });

  it("removes a refused skip, because the picture was closed before", async () => {
    server.refusing.set(1, new Refused(404, "gone"));
    const outbox = open();
    outbox.put(upload(1, { kind: "skip" }));
    expect((await outbox.deliver()).refused).toEqual([]);
    expect(outbox.all()).toEqual([]);
  });

  it("stops where somebody has to sign in first", async () => {
    const outbox = createOutbox(storage, "ann", { deliver: () => Promise.reject(new SignedOut()) });
    outbox.put(upload(1));
    expect((await outbox.deliver()).trouble).toBeInstanceOf(SignedOut);
    expect([ids(outbox), outbox.trouble]).toEqual([["label-1"], expect.any(SignedOut)]);
  });

  it("sends once when asked twice at the same time", async () => {
    const outbox = open();
    outbox.put(upload(1));
    await Promise.all([outbox.deliver(), outbox.deliver()]);
    expect(server.requests).toEqual(["label-1"]);
  });

  it("is shared by two tabs without a label lost or doubled", async () => {
    let turn: Promise<unknown> = Promise.resolve();
    const inTurn: Exclusively = (work) => {
      const mine = turn.then(work);
      turn = mine.catch(() => undefined);
      return mine;
    };
    const tabs = [1, 2].map(() => createOutbox(storage, "ann", server, inTurn));
    for (let image = 1; image <= 9; image++) tabs[image % 2]!.put(upload(image));
    expect(ids(tabs[0]!)).toEqual(ids(tabs[1]!));
    await Promise.all(tabs.map((tab) => tab.deliver()));
    expect(server.requests).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `label-${n}`));
    expect(tabs.map((tab) => tab.all())).toEqual([[], []]);
  });

  it("sends a label added while the last one is being confirmed", async () => {
    const outbox = createOutbox(storage, "ann", server, async (work) => {
      const done = await work();
      if (server.requests.length === 1) outbox.put(upload(2));
      return done;
    });
    outbox.put(upload(1));
    expect((await outbox.deliver()).sent.map((each) => each.parcel.id)).toEqual(["label-1", "label-2"]);
  });

  it("keeps what a full storage does not take as long as the page is open", async () => {
    const outbox = open();
    outbox.put(upload(1));
    storage.full = true;
    expect([outbox.put(upload(2)), outbox.atRisk]).toEqual([false, true]);
    expect(ids(outbox)).toEqual(["label-1", "label-2"]);
    await outbox.deliver();
    expect([[...server.stored.keys()], outbox.atRisk]).toEqual([["label-1", "label-2"], false]);
  });

  it("marks a refused label also where the storage is full", async () => {
    const outbox = open();
    outbox.put(upload(1));
    storage.full = true;
    server.refusing.set(1, new Refused(413, "too large", "too_large"));
    await outbox.deliver();
    expect([ids(outbox), outbox.all()[0]?.refused?.status]).toEqual([[], 413]);
  });

  it("keeps two people at one device apart, and counts the other's", () => {
    open("ann").put(upload(1));
    expect(open("ben").all()).toEqual([]);
    expect([countOthersWaiting(storage, "ben"), countOthersWaiting(storage, "ann")]).toEqual([1, 0]);
    expect(countOthersWaiting(storage, "an")).toBe(1);
  });

  it("imports the uploads of an older page, and ignores broken ones", async () => {
    const old = { id: "a", image: 7, polygons: upload(7).polygons, started_at: "2023-01-01" };
    storage.setItem("ai4mars.outbox.ann", JSON.stringify([old, "nonsense", null, { id: 4 }]));
    storage.setItem("ai4mars.outbox.ann.x", "{broken");
    const outbox = open();
    expect(outbox.all()).toEqual([{ ...old, kind: "label", task: null, queued_at: "" }]);
    expect(storage.getItem("ai4mars.outbox.ann")).toBeNull();
    await outbox.deliver();
    expect([...server.stored.keys()]).toEqual(["a"]);
  });

  it("leaves an older page's labels where they are when there is no room to move them", () => {
    const list = JSON.stringify([upload(1)]);
    storage.setItem("ai4mars.outbox.ann", list);
    storage.full = true;
    expect(ids(open())).toEqual(["label-1"]);
    expect(storage.getItem("ai4mars.outbox.ann")).toBe(list);
  });
});
