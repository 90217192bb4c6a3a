import { beforeEach, describe, expect, it } from "vitest";
import { addRegion, removeRegion, split } from "./actions";
import { Editor } from "./editor";
import type { Change } from "./editor";
import type { Frame } from "./geometry";
import { EMPTY_LABEL } from "./label";
import type { Ring } from "./label";
import { NO_SKETCH, addStep } from "./sketch";
import { cornerPoint, moveCorner } from "./corners";

const FRAME: Frame = { width: 100, height: 100, masked: [] };
const left: Ring = [[0, 0], [20, 0], [20, 20], [0, 20]];
const right: Ring = [[50, 0], [70, 0], [70, 20], [50, 20]];

let changes: Change[];
let editor: Editor;
beforeEach(() => {
  changes = [];
  editor = new Editor(5, (change) => changes.push(change));
  editor.open(EMPTY_LABEL, FRAME);
});

describe("editor", () => {
  it("undoes and redoes actions, and clears the history when an image is opened", () => {
    editor.apply(addRegion(5, left, FRAME));
    const drawn = editor.label;
    editor.undo();
    expect(editor.label).toBe(EMPTY_LABEL);
    editor.redo();
    expect(editor.label).toBe(drawn);
    editor.open(EMPTY_LABEL, FRAME);
    expect([editor.canUndo, editor.canRedo]).toEqual([false, false]);
  });

  it("undoes the sketch first, step by step", () => {
    editor.apply(addRegion(5, left, FRAME));
    editor.setSketch(addStep(NO_SKETCH, [[1, 1]]));
    editor.setSketch(addStep(editor.sketch, [[2, 2]]));
    editor.undo();
    expect(editor.sketch.steps).toHaveLength(1);
    editor.undo();
    expect(editor.label.regions).toHaveLength(1);
    editor.undo();
    expect(editor.label.regions).toHaveLength(0);
  });

  it("keeps the class of a sketch in its steps, also when it is undone and redone", () => {
    const draw = (...ring: Ring) => {
      const { code, options: { paintOver } } = editor;
      editor.setSketch(addStep({ ...editor.sketch, code, paintOver }, ring));
    };
    draw(left[0]!);
    draw(left[1]!);
    editor.finish(addRegion(5, left, FRAME));
    editor.useClass(6);
    editor.setOptions({ paintOver: true });
    editor.undo();
    expect([editor.code, editor.options.paintOver]).toEqual([5, false]);
    // The class of all its points changes, so undo takes back a point only.
    draw(left[2]!);
    editor.undo();
    editor.useClass(7);
    editor.undo();
    expect([editor.code, editor.sketch.steps.length]).toEqual([7, 1]);
    editor.redo();
    editor.redo();
    expect([editor.code, editor.sketch.steps.length]).toEqual([7, 3]);
  });

  it("redoes undone steps of a sketch, and undoes a finished one", () => {
    editor.setSketch(addStep(NO_SKETCH, left.slice(0, 3)));
    editor.setSketch(addStep(editor.sketch, left.slice(3)));
    editor.undo();
    editor.redo();
    expect(editor.sketch.steps).toHaveLength(2);
    expect(editor.finish(addRegion(5, left, FRAME))).toBe(true);
    expect([editor.label.regions.length, editor.sketch]).toEqual([1, NO_SKETCH]);
    editor.undo();
    expect([editor.label.regions.length, editor.sketch.steps.length]).toEqual([0, 2]);
    editor.redo();
    expect([editor.label.regions.length, editor.sketch]).toEqual([1, NO_SKETCH]);
  });

  it("undoes an unfinished shape that it was opened with, step by step", () => {
    editor.open(EMPTY_LABEL, FRAME, { steps: [[[1, 1]], [[2, 2], [3, 3]]] });
    editor.undo();
    expect(editor.sketch.steps).toEqual([[[1, 1]]]);
    editor.undo();
    expect([editor.sketch.steps, editor.canUndo]).toEqual([[], false]);
  });

  it("keeps the selected corner while others move, and deselects it with its region", () => {
    editor.apply(addRegion(5, left, FRAME));
    editor.select(editor.label.regions[0]!);
    const ring = editor.selected!.rings[0]!;
    editor.selectVertex({ ring: 0, index: ring.findIndex(([x, y]) => x === 20 && y === 20) });
    editor.apply(moveCorner([0, 0], [3, 3], FRAME));
    expect(cornerPoint(editor.selected!, editor.selectedVertex!)).toEqual([20, 20]);
    editor.select(null);
    expect(editor.selectedVertex).toBeNull();
  });

  it("selects the biggest part of a region that was split", () => {
    editor.apply(addRegion(5, left, FRAME));
    editor.select(editor.label.regions[0]!);
    editor.apply(split([[0, 5], [20, 5]], null));
    expect(editor.label.regions).toContain(editor.selected);
  });

  it("keeps a changed region selected, and deselects a deleted one", () => {
    editor.apply(addRegion(5, left, FRAME));
    editor.apply(addRegion(5, right, FRAME));
    editor.select(editor.label.regions[0]!);
    editor.useClass(7);
    expect(editor.selected).toBe(editor.label.regions[0]);
    expect(editor.selected!.code).toBe(7);
    editor.apply(moveCorner([0, 20], [5, 30], FRAME));
    expect(editor.selected).toBe(editor.label.regions[0]);
    editor.undo();
    expect(editor.selected).toBe(editor.label.regions[0]);
    editor.apply(removeRegion(editor.selected!));
    expect(editor.selected).toBeNull();
  });

  it("changes the class of the next shape", () => {
    editor.useClass(2);
    expect(editor.code).toBe(2);
    expect(changes).toEqual(["label", "sketch", "class"]);
  });

  it("returns whether an action changed anything", () => {
    expect(editor.apply((label) => label)).toBe(false);
    expect(editor.canUndo).toBe(false);
  });
});
