/**
 * Drawing of a shape: a tap sets a corner, a drag draws freehand, and both can be mixed.
 *
 * Tapping the first corner, or the last one again, completes the shape. Lifting the pointer
 * completes a shape drawn in one stroke. A `Purpose` decides what happens with the shape (see
 * purposes.ts).
 */
import type { Editor } from "../core/editor";
import { boxOf, distance, simplify } from "../core/geometry";
import type { Point } from "../core/label";
import { NO_SKETCH, addStep, canFinish, isEmpty, pointsOf, removeLastStep } from "../core/sketch";
import type { Sketch } from "../core/sketch";
import type { Snap } from "../core/snap";
import { nextPart, snapPoint, cornersToStart } from "./snapping";
import type { Next } from "./snapping";
import { reachInPixels } from "./mode";
import type { Mode } from "./mode";

/** The tool that a shape is drawn with, and what happens when it is complete. */
export interface Purpose {
  readonly tool: NonNullable<Sketch["tool"]>;
  /** A line is open and has at least two points; an area is closed and has at least three. */
  readonly isLine: boolean;
  /** The tool changes only the selected region, if there is one. */
  readonly keepsSelection: boolean;
  /** Return whether a line that ends at the last point is complete. */
  isComplete(points: readonly Point[]): boolean;
  /**
   * Use the points. `over`: replace other regions, whatever the option says. Return false to keep
   * the outline: it changed nothing, and may be used in another way.
   */
  finish(points: readonly Point[], over?: boolean): boolean;
}

export interface SketchView {
  readonly points: readonly Point[];
  /** The points from the last one to the pointer. */
  readonly ahead: readonly Point[];
  readonly snap: Snap | null;
  readonly tool: Purpose["tool"];
  readonly code: number;
  readonly isLine: boolean;
}

export interface DrawSurface {
  /** Image pixels per screen pixel. */
  readonly resolution: number;
  showSketch(view: SketchView): void;
}

const CLOSE_REACH = { fine: 9, coarse: 20 };
/** Smaller than the snap reach, because corners may lie close to each other. */
const AGAIN_REACH = { fine: 4, coarse: 12 };
/** Screen pixels. */
const STROKE_SPACING = 1.5;
const STROKE_TOLERANCE = 0.8;
const SMALLEST_STROKE = 14;

export class DrawMode implements Mode {
  private stroke: Point[] = [];
  private pointer: Point | null = null;
  private ahead: Next | null = null;
  /** The upcoming border is followed the other way. */
  private turned = false;
  /** The border followed last, until another step is added. */
  private followed: { readonly sketch: Sketch; readonly otherStep: readonly Point[] } | null = null;
  private suspended = false;
  /** The steps of outlines that were kept because they found only labeled ground. */
  private readonly refused = new WeakSet<Sketch["steps"]>();

  constructor(
    private readonly editor: Editor,
    private readonly surface: () => DrawSurface,
    private readonly purpose: Purpose,
    /** Called with whether a border can be followed the other way. */
    private readonly onTurnable: (can: boolean) => void = () => {},
    /** Called when an outline was kept that found only labeled ground. */
    private readonly onRefused: () => void = () => {},
  ) {}

  enter(): void {
    if (!this.purpose.keepsSelection) this.editor.select(null);
    this.refresh();
  }

  /** Leave the tool. A shape that can be finished is finished, so that it is not lost. */
  exit(): void {
    this.stroke = [];
    this.pointer = null;
    this.finish();
    this.editor.setSketch(NO_SKETCH);
    this.refresh();
  }

  takes(): boolean {
    return true;
  }

  tap(point: Point, coarse: boolean): void {
    const { resolution } = this.surface();
    const corners = pointsOf(this.editor.sketch);
    const reach = reachInPixels(CLOSE_REACH, coarse, resolution);
    const { isLine } = this.purpose;
    const onFirst = !isLine && corners.length >= 3 && distance(point, corners[0]!) <= reach;
    const again = reachInPixels(AGAIN_REACH, coarse, resolution);
    const onLast = corners.length > 0 && distance(point, corners.at(-1)!) <= again;
    this.pointer = null;
    if (this.isRefused) {
      // The second click of a double click is not the start of a new shape.
      if (onFirst || onLast) return;
      this.editor.setSketch(NO_SKETCH);
    }
    if (onFirst || (onLast && this.canFinish)) this.finish();
    else if (!onLast) this.addCorner(this.next(point, coarse));
  }

  private addCorner({ point, trace }: Next): void {
    const [way, other] = this.orderedWays(trace);
    const sketch = addStep(this.currentSketch, [...way, point]);
    this.turned = false;
    if (this.purpose.isComplete(pointsOf(sketch))) {
      this.complete(pointsOf(sketch));
      return;
    }
    this.followed = trace && { sketch, otherStep: [...other, point] };
    this.editor.setSketch(sketch);
  }

  /** Return the sketch with its tool, class and option, so that undo and a draft restore them. */
  private get currentSketch(): Sketch {
    const { editor, purpose: { tool } } = this;
    if (tool !== "draw") return { ...editor.sketch, tool };
    return { ...editor.sketch, tool, code: editor.code, paintOver: editor.options.paintOver };
  }

  strokeStart(point: Point): void {
    this.pointer = null;
    this.stroke = [point];
  }

  strokeMove(point: Point): void {
    const last = this.stroke.at(-1);
    if (last && distance(last, point) < STROKE_SPACING * this.surface().resolution) return;
    this.stroke.push(point);
    this.refresh();
  }

  strokeEnd(coarse: boolean): void {
    const { resolution } = this.surface();
    const stroke = this.stroke;
    this.stroke = [];
    if (screenSize(stroke, resolution) < SMALLEST_STROKE) {
      // Accidental movement, not a stroke.
      this.tap(stroke.at(-1)!, coarse);
      return;
    }
    if (this.isRefused) this.editor.setSketch(NO_SKETCH);
    const step = this.snapEnds(simplify(stroke, STROKE_TOLERANCE * resolution), coarse);
    if (isEmpty(this.editor.sketch)) {
      this.complete(step);
      return;
    }
    const sketch = addStep(this.currentSketch, step);
    const points = pointsOf(sketch);
    const reach = reachInPixels(CLOSE_REACH, coarse, resolution);
    const isHome = !this.purpose.isLine && distance(points[0]!, points.at(-1)!) <= reach;
    if (isHome || this.purpose.isComplete(points)) this.complete(points);
    else this.editor.setSketch(sketch);
  }

  /** Snap both ends of a stroke to borders, and follow the border that leads to its start. */
  private snapEnds(stroke: readonly Point[], coarse: boolean): Point[] {
    const { point: start, trace } = this.next(stroke[0]!, coarse);
    const end = this.suspended
      ? null
      : snapPoint(this.editor, stroke.at(-1)!, coarse, this.surface().resolution);
    return [...this.orderedWays(trace)[0], start, ...stroke.slice(1, -1), end?.point ?? stroke.at(-1)!];
  }

  strokeCancel(): void {
    this.stroke = [];
    this.refresh();
  }

  hover(point: Point | null): void {
    this.pointer = point;
    this.refresh();
  }

  /** Switch the upcoming border, or else the border followed last, to the other way. */
  turn(): void {
    const { followed } = this;
    if (this.ahead?.trace) this.turned = !this.turned;
    else if (followed && this.isFollowedLast) {
      const { sketch: now } = this.editor;
      const sketch = addStep(removeLastStep(now), followed.otherStep);
      this.followed = { sketch, otherStep: now.steps.at(-1)! };
      this.editor.setSketch(sketch);
      return;
    }
    this.refresh();
  }

  /** Stop snapping while a key is held. */
  suspend(suspended: boolean): void {
    if (suspended === this.suspended) return;
    this.suspended = suspended;
    this.refresh();
  }

  get canFinish(): boolean {
    return canFinish(this.editor.sketch, this.purpose.isLine ? 2 : 3);
  }

  finish(): void {
    if (this.canFinish) this.complete(pointsOf(this.editor.sketch));
  }

  /** Return whether the sketch is an outline that found only labeled ground. */
  get isRefused(): boolean {
    return this.refused.has(this.editor.sketch.steps);
  }

  /** Finish the outline that was kept, in place of the regions under it. */
  paintOver(): void {
    if (this.isRefused) this.complete(pointsOf(this.editor.sketch), true);
  }

  /** Keep an outline that finds only labeled ground, in place of the unfinished shape. */
  keep(outline: readonly Point[]): void {
    const sketch = addStep({ ...this.currentSketch, steps: [] }, outline);
    this.refused.add(sketch.steps);
    this.editor.setSketch(sketch);
    this.onRefused();
    this.refresh();
  }

  private complete(points: readonly Point[], over?: boolean): void {
    const { editor, purpose } = this;
    this.pointer = null;
    this.followed = null;
    const outline = purpose.isLine ? points : [...points, ...cornersToStart(editor, points)];
    if (!purpose.finish(outline, over)) {
      const drawn = points.slice(pointsOf(editor.sketch).length);
      const sketch = drawn.length ? addStep(this.currentSketch, drawn) : editor.sketch;
      this.refused.add(sketch.steps);
      editor.setSketch(sketch);
      this.onRefused();
    }
    this.refresh();
  }

  cancel(): void {
    this.stroke = [];
    this.editor.setSketch(NO_SKETCH);
  }

  /** Redraw the sketch. */
  refresh(): void {
    const { editor, purpose } = this;
    const kept = this.isRefused;
    const points = [...(kept && this.stroke.length ? [] : pointsOf(editor.sketch)), ...this.stroke];
    const pointer = this.stroke.length || kept ? null : this.pointer;
    this.ahead = pointer && this.next(pointer, false);
    const ahead = this.ahead && points.length ? this.orderedWays(this.ahead.trace)[0] : [];
    this.surface().showSketch({
      points,
      ahead: this.ahead && points.length ? [...ahead, this.ahead.point] : [],
      snap: this.ahead?.snap ?? null,
      tool: purpose.tool,
      code: editor.code,
      isLine: purpose.isLine,
    });
    this.onTurnable(Boolean(this.ahead?.trace) || this.isFollowedLast);
  }

  /** Return whether the last step is the border followed last, whatever the class is by now. */
  private get isFollowedLast(): boolean {
    return this.followed?.sketch.steps === this.editor.sketch.steps;
  }

  private next(point: Point, coarse: boolean): Next {
    const { resolution } = this.surface();
    const next = nextPart(this.editor, point, coarse, resolution, this.suspended);
    return this.purpose.isLine ? { ...next, trace: null } : next;
  }

  /** Return the chosen way and the other way. */
  private orderedWays(trace: Next["trace"]): [readonly Point[], readonly Point[]] {
    if (!trace) return [[], []];
    return this.turned ? [trace.longer, trace.shorter] : [trace.shorter, trace.longer];
  }
}

function screenSize(points: readonly Point[], resolution: number): number {
  const box = boxOf([...points]);
  return Math.hypot(box.right - box.left, box.bottom - box.top) / resolution;
}
