import { beforeEach, describe, expect, it } from "vitest";
import { Editor } from "../core/editor";
import { regionArea } from "../core/geometry";
import type { Frame } from "../core/geometry";
import { EMPTY_LABEL } from "../core/label";
import type { Point } from "../core/label";
import { isEmpty } from "../core/sketch";
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
  draw = new DrawMode(editor, () => surface, drawing(editor, (outcome) => outcomes.push(outcome)));
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

  it("reports when nothing remains of a shape", () => {
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    stroke([20, 20], [40, 20], [40, 40], [20, 40]);
    expect([areas(), outcomes.map(({ kept }) => kept)]).toEqual([[2500], [true, false]]);
  });

  it("reports which masked area trimmed a shape", () => {
    const beside: Point[] = [[300, 0], [400, 0], [400, 100], [300, 100]];
    const under: Point[] = [[40, 0], [90, 0], [90, 100], [40, 100]];
    const masked = [{ rings: [under], why: "rover" }, { rings: [beside], why: "beyond" }] as const;
    editor.open(EMPTY_LABEL, { ...FRAME, masked });
    stroke([10, 10], [60, 10], [60, 60], [10, 60]);
    expect(areas()).toEqual([1500]);
    expect(outcomes).toEqual([{ tool: "draw", kept: true, trimmed: new Set(["rover"]) }]);
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
