import { describe, expect, it } from "vitest";
import { addRegion, removeRegion } from "../core/actions";
import { Editor } from "../core/editor";
import { EMPTY_LABEL } from "../core/label";
import type { Ring } from "../core/label";
import { NO_SKETCH, addStep } from "../core/sketch";
import { square } from "../core/test_helpers";
import { historyFromJson, historyToJson } from "./history_json";
import { PageState, historyOf } from "./page_state";
import type { PageSettings, PictureState } from "./page_state";
import { DeviceStorage } from "./test_doubles";

const FRAME = { width: 100, height: 100, masked: [] };
const SETTINGS: PageSettings = {
  code: 3,
  options: { paintOver: true, snap: false, follow: true },
  hidden: false,
  settingsOpen: true,
};

/** Return an editor with regions, a region that was deleted, and a shape being drawn. */
function drawn(): Editor {
  const editor = new Editor(1, () => undefined);
  editor.open(EMPTY_LABEL, FRAME);
  for (const x of [0, 20, 40]) editor.apply(addRegion(1, square(x, 0, 10), FRAME));
  editor.apply(removeRegion(editor.label.regions[1]!));
  editor.setSketch({ ...addStep(NO_SKETCH, [[1, 50]]), tool: "draw", code: 2, paintOver: true });
  editor.setSketch(addStep(editor.sketch, [[20, 50], [20, 70]]));
  editor.undo();
  return editor;
}

const stateOf = ({ history }: Editor): PictureState => ({
  place: { center: [10, 20], resolution: 0.5 },
  hiddenCodes: [2],
  tool: "edit",
  selected: 1,
  history,
});

describe("a stored history", () => {
  it("is the same, step by step, and keeps what did not change", () => {
    const { history } = drawn();
    const json = historyToJson(history, 100);
    const again = historyFromJson(JSON.parse(JSON.stringify(json)) as typeof json);
    expect(again).toEqual(history);
    const [, one, two, three] = again.past;
    expect(two!.label.regions[0]).toBe(one!.label.regions[0]);
    expect(three!.label.regions[1]).toBe(two!.label.regions[1]);
    expect(again.present.label).toBe(again.past.at(-1)!.label);
  });

  it("is cut off on both sides", () => {
    const { history } = drawn();
    const again = historyFromJson(historyToJson(history, 1));
    expect(again).toEqual({ ...history, past: history.past.slice(-1) });
  });
});

describe("the state of the page", () => {
  it("outlives a reload, for the pictures that were open last", () => {
    const storage = new DeviceStorage();
    const editor = drawn();
    const state = new PageState(storage, "ann");
    for (const image of [1, 2, 3, 2, 4]) state.remember(image, stateOf(editor));
    state.save(SETTINGS);
    const later = new PageState(storage, "ann");
    expect(later.settings).toEqual(SETTINGS);
    expect([1, 2, 3, 4].map((image) => later.find(image) !== null)).toEqual([false, true, true, true]);
    expect(later.find(4)).toEqual(stateOf(editor));
    expect(new PageState(storage, "ben").settings).toBeNull();
  });

  it("has fewer steps where there is no room for all, and none in a full storage", () => {
    const storage = new DeviceStorage();
    const editor = new Editor(1, () => undefined);
    editor.open(EMPTY_LABEL, FRAME);
    const long: Ring = Array.from({ length: 8_000 }, (_, i) => [i / 80, (i * i) % 97] as const);
    for (let step = 0; step < 40; step++) editor.apply(() => ({ regions: [{ code: 1, rings: [long] }] }));
    const state = new PageState(storage, "ann");
    state.remember(1, stateOf(editor));
    state.save(SETTINGS);
    expect(new PageState(storage, "ann").find(1)!.history!.past).toHaveLength(10);
    storage.full = true;
    state.save({ ...SETTINGS, code: 4 });
    expect(new PageState(storage, "ann").settings!.code).toBe(3);
  });

  it("of another version or unreadable is not used", () => {
    const storage = new DeviceStorage();
    for (const kept of ["{", '{"format":99}', "[]", '{"format":1}']) {
      storage.setItem("ann", kept);
      expect([new PageState(storage, "ann").settings, new PageState(storage, "ann").find(1)]).toEqual([null, null]);
    }
  });

  it("is of one drawing only", () => {
    const editor = drawn();
    const { label, sketch } = editor;
    const state = stateOf(editor);
    expect(historyOf(state, { label, sketch })).toBe(editor.history);
    expect(historyOf(state, { label })).toBeNull();
    expect(historyOf(state, { sketch })).toBeNull();
    expect(historyOf({ ...state, history: null }, { label, sketch })).toBeNull();
    expect(historyOf(null, {})).toBeNull();
  });
});
