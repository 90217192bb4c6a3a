import { beforeEach, describe, expect, it } from "vitest";
import { choose, createDrafts } from "./draft";
import type { Drafts } from "./draft";
import { FORMAT, isBlank, readDraft, toJson } from "./drawing";
import type { Draft } from "./drawing";
import { DeviceStorage, drawing } from "./test_doubles";

let storage: DeviceStorage;
beforeEach(() => {
  storage = new DeviceStorage();
});
const page = (writer = "page", owner = "ann"): Drafts => createDrafts(storage, owner, writer);
const KEY = "ai4mars.draft.ann.7";

describe("drafts on the device", () => {
  it("are restored for each image and person", () => {
    expect(page().save(7, drawing())).toBe("kept");
    expect(page("later").load(7)).toMatchObject({ ...drawing(), writer: "page", stroke: 1 });
    expect(page("later").load(8)).toBeNull();
    expect(page("page", "ben").load(7)).toBeNull();
  });

  it("are deleted completely", () => {
    const drafts = page();
    drafts.load(7);
    drafts.save(7, drawing());
    drafts.synced(7, 3, 1);
    drafts.remove(7);
    expect(storage).toHaveLength(0);
  });

  it("report a full storage, and keep the previous stroke", () => {
    const drafts = page();
    drafts.save(7, drawing(5));
    storage.full = true;
    expect(drafts.save(7, drawing(6))).toBe("full");
    expect(page("later").load(7)).toMatchObject(drawing(5));
    storage.full = false;
    expect(drafts.save(7, drawing(7))).toBe("kept");
  });

  it("know whether the server has them unchanged", () => {
    const drafts = page();
    drafts.save(7, drawing());
    drafts.synced(7, 4, drafts.strokes(7));
    const draft = page("later").load(7)!;
    expect([draft.version, page("later").isSynced(draft, 7)]).toEqual([4, true]);
    drafts.save(7, drawing(6));
    const newer = page("later").load(7)!;
    expect([newer.version, page("later").isSynced(newer, 7)]).toEqual([4, false]);
  });

  it("of two tabs are both kept", () => {
    const [first, second] = [page("first"), page("second")];
    first.load(7);
    first.save(7, drawing(1));
    expect(second.load(7)).toMatchObject(drawing(1));
    expect(first.elsewhere(7)).toBeNull();
    expect(second.save(7, drawing(2))).toBe("kept");
    expect(first.elsewhere(7)).toMatchObject(drawing(2));
    expect(first.save(7, drawing(3))).toBe("contested");
    const later = page("later");
    expect(later.load(7)).toMatchObject(drawing(2));
    expect(later.beside(7)).toMatchObject([drawing(3)]);
    // The person decides for the first.
    first.load(7);
    expect(first.save(7, drawing(3))).toBe("kept");
    expect(page("last").load(7)).toMatchObject(drawing(3));
    expect(page("last").beside(7)).toEqual([]);
    expect(second.elsewhere(7)).toMatchObject(drawing(3));
  });

  it("notice another tab also where nothing was kept when they looked", () => {
    const [first, second] = [page("first"), page("second")];
    first.load(7);
    second.load(7);
    second.save(7, drawing(2));
    expect(first.save(7, drawing(1))).toBe("contested");
  });

  it("of an older page are read", () => {
    const { polygons, steps, started_at } = toJson(drawing());
    storage.setItem(KEY, JSON.stringify({ polygons, steps, started_at }));
    const drafts = page();
    expect(drafts.load(7)).toMatchObject({ ...drawing(), version: 0, damaged: false });
    expect(drafts.save(7, drawing(9))).toBe("kept");
  });

  it.each([
    ["broken", "{broken"],
    ["another thing", '"sand"'],
    ["a list", "[]"],
    ["without shapes", '{"format":2,"steps":[]}'],
    ["with nothing to be read", '{"format":2,"polygons":[{"outline":[]}],"steps":[]}'],
  ])("that are %s are moved aside, not overwritten", (_, value) => {
    storage.setItem(KEY, value);
    const drafts = page();
    expect(drafts.load(7)).toBeNull();
    drafts.save(7, drawing());
    const aside = storage.keys().find((key) => key.startsWith("ai4mars.unreadable.ann.7."));
    expect(storage.getItem(aside!)).toBe(value);
  });

  it("of a newer page are read as far as possible, and a complete copy is kept", () => {
    const json = { ...toJson(drawing()), format: FORMAT + 1 };
    const polygons = [...json.polygons, { class: 1, curve: "bezier" }];
    const value = JSON.stringify({ ...json, polygons });
    storage.setItem(KEY, value);
    expect(page().load(7)).toMatchObject({ ...drawing(), damaged: true });
    const aside = storage.keys().find((key) => key.startsWith("ai4mars.unreadable."));
    expect(storage.getItem(aside!)).toBe(value);
  });
});

describe("a kept drawing", () => {
  it.each([
    { polygons: [{ class: 1.5, rings: [[[0, 0], [1, 0], [1, 1]]] }], steps: [] },
    { polygons: [{ class: 1, rings: [] }] },
    { polygons: [{ class: 1, rings: [[[0, 0], [1, 0]]] }], steps: [] },
    { polygons: [{ class: 1, rings: [[[0, 0], [1, null], [1, 1]]] }], steps: [] },
    { polygons: [], steps: [[[0, "1"]]] },
  ])("without a readable part is rejected: %j", (raw) => {
    expect(readDraft(raw)).toBeNull();
  });

  it.each(["cut", "split"] as const)("says that its unfinished shape is to %s", (tool) => {
    const unfinished = { ...drawing(), sketch: { tool, steps: [[[1, 2]]] as const } };
    expect(readDraft(toJson(unfinished))!.sketch).toEqual(unfinished.sketch);
  });

  it("keeps the class of an unfinished region, and whether it paints over", () => {
    const sketch = { tool: "draw", code: 3, paintOver: true, steps: [[[1, 2]]] } as const;
    const raw = toJson({ ...drawing(), sketch });
    expect([readDraft(raw)!.sketch, raw.sketch_class, raw.paint_over]).toEqual([sketch, 3, true]);
    // Of the server, which names a tool also without a class.
    const old = { polygons: [], steps: [[[1, 2]]], tool: "draw", sketch_class: null, paint_over: false };
    expect(readDraft(old)!.sketch).toEqual({ steps: [[[1, 2]]] });
  });

  it("for an unknown tool becomes a region", () => {
    const raw = { polygons: [], steps: [[[1, 2]]], tool: "knife" };
    expect(readDraft(raw)!.sketch).toEqual({ steps: [[[1, 2]]] });
  });

  it("without content is blank, not damaged", () => {
    const blank = readDraft({ format: 2, polygons: [], steps: [] })!;
    expect([isBlank(blank), blank.damaged, isBlank(drawing())]).toEqual([true, false, false]);
  });
});

describe("the chosen drawing", () => {
  const draft = (fields: Partial<Draft>): Draft => ({
    ...readDraft({ ...toJson(drawing()), writer: "here", stroke: 1 })!,
    ...fields,
  });
  const device = draft({ version: 3, stroke: 8, savedAt: "2024-01-01T10:00:00Z" });
  const server = (fields: Partial<Draft>): Draft => draft({ writer: "there", ...fields });

  it("is the only one", () => {
    expect(choose(null, null, false)).toEqual({ draft: null, other: null });
    expect(choose(device, null, false)).toEqual({ draft: device, other: null });
    expect(choose(null, server({}), false).draft).toEqual(server({}));
  });

  it("is the device's where nobody else has drawn since, also when an answer got lost", () => {
    expect(choose(device, server({ version: 3 }), false)).toEqual({ draft: device, other: null });
    const own = draft({ version: 4, stroke: 7 });
    expect(choose(device, own, false)).toEqual({ draft: { ...device, version: 4 }, other: null });
  });

  it("is the server's newer one where it was made from all that is here", () => {
    const newer = server({ version: 5 });
    expect(choose(device, newer, true)).toEqual({ draft: newer, other: null });
  });

  it("is left to the person in a conflict; the newer one is shown first", () => {
    const late = server({ version: 5, savedAt: "2024-01-01T11:00:00Z" });
    expect(choose(device, late, false)).toEqual({ draft: late, other: device });
    const early = server({ version: 5, savedAt: "2024-01-01T09:00:00Z" });
    expect(choose(device, early, false)).toEqual({
      draft: { ...device, version: 5 }, other: early,
    });
  });
});
