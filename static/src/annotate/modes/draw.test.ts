import { beforeEach, describe, expect, it } from "vitest";
import { Editor } from "../core/editor";
import { regionArea } from "../core/geometry";
import type { Frame } from "../core/geometry";
import { EMPTY_LABEL } from "../core/label";
import type { Point, Rings } from "../core/label";
import { isEmpty, pointsOf } from "../core/sketch";
import { DrawMode } from "./draw";
import { EditMode } from "./edit";
import { drawing } from "./purposes";
import type { Outcome } from "./purposes";

const FRAME: Frame = { width: 400, height: 400, masked: [] };

let editor: Editor;
let draw: DrawMode;
let outcomes: Outcome[];
beforeEach(() => {
  outcomes = [];
  editor = new Editor(1, () => {});
  editor.open(EMPTY_LABEL, FRAME);
  const surface = { resolution: 1, showSketch: () => {} };
  const isSmall = (rings: Rings): boolean => regionArea(rings) < 100;
  const purpose = drawing(editor, (outcome) => outcomes.push(outcome), isSmall);
  draw = new DrawMode(editor, () => surface, purpose);
});

const tap = (...points: Point[]): void => points.forEach((point) => draw.tap(point, false));

function stroke(...points: Point[]): void {
  draw.strokeStart(points[0]!);
  points.forEach((point) => draw.strokeMove(point));
  draw.strokeEnd(false);
}

const areas = (): number[] => editor.label.regions.map((region) => regionArea(region.rings));

describe("draw mode", () => {
  it("closes at the first corner, at the last one tapped again, and by key", () => {
    tap([10, 10], [60, 10], [60, 60], [10, 60], [12, 11]);
    tap([110, 10], [160, 10], [160, 60], [160, 60]);
    tap([210, 10], [260, 10], [260, 60]);
    draw.finish();
    expect(areas()).toEqual([2500, 1250, 1250]);
    expect(isEmpty(editor.sketch)).toBe(true);
  });

  it("does not close a line, and ignores a second tap on one spot", () => {
    tap([10, 10], [60, 10], [60, 10]);
    draw.finish();
    expect(areas()).toEqual([]);
    expect(editor.sketch.steps).toHaveLength(2);
  });

  it("makes a region of one stroke when the pointer is lifted", () => {
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    expect(areas()).toEqual([2500]);
  });

  it("lets strokes follow taps, and closes at the starting point", () => {
    tap([10, 10], [60, 10]);
    stroke([60, 12], [60, 60], [40, 60]);
    expect(areas()).toEqual([]);
    stroke([38, 60], [10, 60], [10, 14]);
    expect(areas()).toHaveLength(1);
  });

  it("treats a tiny stroke as a tap", () => {
    stroke([10, 10], [14, 12]);
    expect(editor.sketch.steps).toEqual([[[14, 12]]]);
  });

  it("discards a stroke that a second finger ended", () => {
    draw.strokeStart([10, 10]);
    draw.strokeMove([90, 10]);
    draw.strokeMove([90, 90]);
    draw.strokeCancel();
    expect([editor.canUndo, editor.label]).toEqual([false, EMPTY_LABEL]);
  });

  it("keeps an outline on labeled ground, which can be painted over or replaced", () => {
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    editor.useClass(2);
    stroke([20, 20], [40, 20], [40, 40], [20, 40]);
    expect([areas(), draw.isRefused]).toEqual([[2500], true]);
    // The second click of a double click changes nothing, and another class keeps the outline.
    tap([20, 41]);
    editor.useClass(3);
    expect([draw.isRefused, pointsOf(editor.sketch)]).toEqual([true, [[20, 20], [40, 20], [40, 40], [20, 40]]]);
    stroke([110, 10], [160, 10], [160, 60], [110, 60]);
    expect([areas(), draw.isRefused]).toEqual([[2500, 2500], false]);
    editor.undo();
    expect(isEmpty(editor.sketch)).toBe(true);
    editor.undo();
    expect(draw.isRefused).toBe(true);
    draw.paintOver();
    expect([areas(), isEmpty(editor.sketch)]).toEqual([[2100, 400], true]);
    expect(editor.label.regions[1]!.code).toBe(3);
    expect(outcomes.map(({ refusal }) => refusal)).toEqual([null, "taken", null, null]);
  });

  it("says why nothing of a shape was kept", () => {
    const masked = [{ rings: [[[200, 0], [400, 0], [400, 400], [200, 400]]], why: "beyond" }] as const;
    editor.open(EMPTY_LABEL, { ...FRAME, masked });
    stroke([-90, -90], [-10, -90], [-10, -10]);
    stroke([250, 10], [300, 10], [300, 60]);
    tap([10, 10], [40, 10.1], [20, 10]);
    draw.finish();
    tap([10, 10], [60, 10], [60, 60], [60, 60], [20, 12], [40, 12], [40, 20], [40, 20]);
    expect(outcomes.map(({ refusal }) => refusal)).toEqual(["outside", "masked", "small", null, "taken"]);
  });

  it("offers to paint a smaller shape over the larger region that most of it lies on", () => {
    stroke([10, 10], [110, 10], [110, 110], [10, 110]);
    stroke([80, 40], [120, 40], [120, 60], [80, 60]); // of the same class
    editor.useClass(2);
    stroke([100, 70], [130, 70], [130, 100], [100, 100]); // most of it on free ground
    expect(outcomes.map(({ paintOver }) => paintOver)).toEqual([null, null, null]);
    stroke([80, 20], [120, 20], [120, 35], [80, 35]);
    expect(areas()).toEqual([10_000, 200, 600, 150]);
    outcomes[3]!.paintOver!();
    expect(areas()).toEqual([9550, 200, 600, 600]);
    editor.undo();
    expect(areas()).toEqual([10_000, 200, 600, 150]);
  });

  it("drops small leftovers in a step of their own", () => {
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    editor.setOptions({ paintOver: true, snap: false });
    editor.useClass(2);
    stroke([5, 5], [65, 5], [65, 59], [5, 59]);
    expect([areas(), outcomes[1]!.dropped]).toEqual([[3240], 1]);
    editor.undo();
    expect(areas()).toEqual([50, 3240]);
    editor.undo();
    expect(areas()).toEqual([2500]);
  });

  it("reports which masked area trimmed a shape", () => {
    const beside: Point[] = [[300, 0], [400, 0], [400, 100], [300, 100]];
    const under: Point[] = [[40, 0], [90, 0], [90, 100], [40, 100]];
    const masked = [{ rings: [under], why: "rover" }, { rings: [beside], why: "beyond" }] as const;
    editor.open(EMPTY_LABEL, { ...FRAME, masked });
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    expect(areas()).toEqual([1500]);
    expect(outcomes).toMatchObject([{ tool: "draw", refusal: null, trimmed: new Set(["rover"]) }]);
  });
});

describe("edit mode", () => {
  it("selects what is tapped, and starts with the newest region", () => {
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    stroke([110, 10], [160, 10], [160, 60], [110, 60]);
    const surface = { resolution: 1, preview: () => {}, showHandle: () => {} };
    const edit = new EditMode(editor, () => surface);
    edit.enter();
    expect(editor.selected).toBe(editor.label.regions[1]);
    edit.tap([30, 30], false);
    expect(editor.selected).toBe(editor.label.regions[0]);
    edit.tap([300, 300], false);
    expect(editor.selected).toBeNull();
  });
});
