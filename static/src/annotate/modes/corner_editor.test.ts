import { describe, expect, it } from "vitest";
import { addRegion, removeRegion } from "../core/actions";
import { Editor } from "../core/editor";
import { EMPTY_LABEL } from "../core/label";
import type { Ring } from "../core/label";
import { CornerEditor } from "./corner_editor";

const SQUARE: Ring = [[20, 20], [60, 20], [60, 60], [20, 60]];

function changing(ring: Ring = SQUARE): { editor: Editor; corners: CornerEditor } {
  const editor = new Editor(0, () => {});
  const frame = { width: 100, height: 100, masked: [] };
  editor.open(EMPTY_LABEL, frame);
  editor.apply(addRegion(0, ring, frame));
  editor.select(editor.label.regions[0]!);
  return { editor, corners: new CornerEditor(editor) };
}

const cornersOf = (editor: Editor): string[] =>
  editor.label.regions[0]!.rings[0]!.map(String).sort();

describe("CornerEditor", () => {
  it("steps through the outline and wraps around, in both directions", () => {
    const { corners } = changing();
    const there = Array.from({ length: 5 }, () => (corners.step(1), String(corners.point)));
    expect(new Set(there.slice(0, 4)).size).toBe(4);
    expect(there[4]).toBe(there[0]);
    corners.step(-1);
    expect(String(corners.point)).toBe(there[3]);
  });

  it("moves a corner by many presses, and undoes all of them at once", () => {
    const { editor, corners } = changing();
    const before = editor.label;
    corners.step(1);
    const [x, y] = corners.point!;
    for (let press = 0; press < 7; press += 1) corners.move([1, -1]);
    expect(corners.point).toEqual([x + 7, y - 7]);
    editor.undo();
    expect(editor.label).toBe(before);
    editor.redo();
    expect(cornersOf(editor)).toContain(String([x + 7, y - 7]));
  });

  it("starts a new undo step after another change", () => {
    const { editor, corners } = changing();
    corners.step(1);
    corners.move([2, 0]);
    const between = editor.label;
    corners.step(1);
    corners.move([0, 2]);
    editor.undo();
    expect(editor.label).toBe(between);
  });

  it("keeps the corner on the image", () => {
    const { corners } = changing();
    corners.step(1);
    corners.move([-500, -500]);
    expect(corners.point).toEqual([0, 0]);
  });

  it("inserts a corner after the selected one, and removes one, but never the last three", () => {
    const { editor, corners } = changing();
    corners.step(1);
    corners.insert();
    expect(cornersOf(editor)).toHaveLength(5);
    expect(corners.remove()).toBe(true);
    expect(corners.remove()).toBe(true);
    expect(cornersOf(editor)).toHaveLength(3);
    expect(corners.remove()).toBe(false);
    expect(cornersOf(editor)).toHaveLength(3);
  });

  it("selects no corner when the region is deleted or another one is selected", () => {
    const { editor, corners } = changing();
    corners.step(1);
    editor.apply(removeRegion(editor.selected!));
    expect(corners.point).toBeNull();
    corners.move([1, 1]);
    corners.insert();
    expect(corners.remove()).toBe(false);
    expect(editor.label.regions).toHaveLength(0);
  });
});
