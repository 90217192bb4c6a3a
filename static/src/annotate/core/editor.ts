/**
 * State of the drawing: label and sketch with their undo history, class in use, selected region and
 * corner, options of the tools.
 *
 * It does not depend on the page or the drawing surface, and reports changes through `onChange`.
 */
import { setClass } from "./actions";
import type { Action } from "./actions";
import { NO_FRAME, isSamePoint } from "./geometry";
import type { Frame } from "./geometry";
import { startHistory, push, redo, undo } from "./history";
import type { History } from "./history";
import { EMPTY_LABEL } from "./label";
import type { Label, Point, Region } from "./label";
import { NO_SKETCH, isEmpty, removeLastStep } from "./sketch";
import type { Sketch } from "./sketch";
import { cornerPoint } from "./corners";
import type { Corner } from "./corners";

export type Change = "label" | "sketch" | "selection" | "class" | "options";

/** Options of the drawing tools. */
export interface Options {
  /** A new shape replaces existing regions. Otherwise it takes only unlabeled pixels. */
  readonly paintOver: boolean;
  /** The pointer snaps to corners and edges. */
  readonly snap: boolean;
  /** Between two points on the same outline, the sketch follows the outline. */
  readonly follow: boolean;
}

/** One state in the undo history. */
export interface Drawing {
  readonly label: Label;
  readonly sketch: Sketch;
}

export class Editor {
  frame: Frame = NO_FRAME;
  private currentHistory: History<Drawing> = startHistory({ label: EMPTY_LABEL, sketch: NO_SKETCH });
  private currentSelection: Region | null = null;
  private currentCorner: Corner | null = null;
  private currentCode: number;
  private currentOptions: Options = { paintOver: false, snap: true, follow: true };

  constructor(
    firstCode: number,
    private readonly onChange: (change: Change) => void,
  ) {
    this.currentCode = firstCode;
  }

  get history(): History<Drawing> {
    return this.currentHistory;
  }

  get label(): Label {
    return this.currentHistory.present.label;
  }

  get sketch(): Sketch {
    return this.currentHistory.present.sketch;
  }

  get selected(): Region | null {
    return this.currentSelection;
  }

  /** Return the selected corner of the selected region. */
  get selectedVertex(): Corner | null {
    return this.currentCorner;
  }

  get code(): number {
    return this.currentCode;
  }

  get options(): Options {
    return this.currentOptions;
  }

  get canUndo(): boolean {
    return this.currentHistory.past.length > 0;
  }

  get canRedo(): boolean {
    return this.currentHistory.future.length > 0;
  }

  /** Open an image. Only an unfinished sketch can be undone, and nothing is selected. */
  open(label: Label, frame: Frame, sketch: Sketch = NO_SKETCH): void {
    const steps = [...sketch.steps, null].map((_, i) => ({ ...sketch, steps: sketch.steps.slice(0, i) }));
    const drawings = steps.map((each): Drawing => ({ label, sketch: each }));
    this.openHistory(drawings.slice(1).reduce(push, startHistory(drawings[0]!)), frame);
  }

  /** Open an image with its undo history. Nothing is selected. */
  openHistory(history: History<Drawing>, frame: Frame): void {
    this.frame = frame;
    this.currentSelection = null;
    this.currentCorner = null;
    this.currentHistory = history;
    this.onChange("label");
    this.followSketch();
    this.onChange("sketch");
  }


  /**
   * Run actions, each as one undo step, and return whether they changed anything. A changed region
   * stays selected.
   */
  apply(...actions: readonly Action[]): boolean {
    return this.run(actions, this.sketch);
  }

  /** Run actions that use up the sketch, each as one undo step. */
  finish(...actions: readonly Action[]): boolean {
    const before = this.label;
    this.run(actions, NO_SKETCH);
    return this.label !== before;
  }

  undo(): void {
    this.moveTo(undo(this.currentHistory));
  }

  redo(): void {
    this.moveTo(redo(this.currentHistory));
  }

  setSketch(sketch: Sketch): void {
    this.moveTo(withStep(this.currentHistory, { label: this.label, sketch }));
  }

  /** Remove the last point or stroke of the sketch. */
  removeLastStep(): void {
    if (!isEmpty(this.sketch)) this.setSketch(removeLastStep(this.sketch));
  }

  select(region: Region | null): void {
    this.currentSelection = region;
    this.currentCorner = null;
    this.onChange("selection");
  }

  selectVertex(corner: Corner | null): void {
    const known = corner && this.selected && cornerPoint(this.selected, corner);
    this.currentCorner = known ? corner : null;
    this.onChange("selection");
  }

  /** Set the class of new shapes, and of the selected region if there is one. */
  useClass(code: number): void {
    this.currentCode = code;
    if (this.selected) this.apply(setClass(this.selected, code));
    this.restyleSketch();
    this.onChange("class");
  }

  setOptions(options: Partial<Options>): void {
    this.currentOptions = { ...this.currentOptions, ...options };
    this.restyleSketch();
    this.onChange("options");
  }

  /** Give the sketch the class and option in use, in all of its steps, so that undo only removes points. */
  private restyleSketch(): void {
    const { past, present, future } = this.currentHistory;
    if (isEmpty(present.sketch) || (present.sketch.tool ?? "draw") !== "draw") return;
    const { code, options: { paintOver } } = this;
    const isBetween = ({ sketch }: Drawing): boolean => isEmpty(sketch);
    const restyle = ({ label, sketch }: Drawing): Drawing => ({ label, sketch: { ...sketch, code, paintOver } });
    const begun = past.map(isBetween).lastIndexOf(true) + 1;
    const ended = future.findIndex(isBetween);
    const end = ended < 0 ? future.length : ended;
    this.currentHistory = {
      past: [...past.slice(0, begun), ...past.slice(begun).map(restyle)],
      present: restyle(present),
      future: [...future.slice(0, end).map(restyle), ...future.slice(end)],
    };
    this.onChange("sketch");
  }

  /** Use the class and option with which an unfinished shape was drawn. */
  private followSketch(): void {
    if (isEmpty(this.sketch)) return;
    const { code = this.code, paintOver = this.options.paintOver } = this.sketch;
    if (code !== this.code) {
      this.currentCode = code;
      this.onChange("class");
    }
    if (paintOver !== this.options.paintOver) {
      this.currentOptions = { ...this.currentOptions, paintOver };
      this.onChange("options");
    }
  }

  private run(actions: readonly Action[], sketch: Sketch): boolean {
    const steps = actions.reduce((history, action) => {
      return withStep(history, { label: action(history.present.label), sketch });
    }, this.currentHistory);
    return this.moveTo(steps);
  }

  private moveTo(history: History<Drawing>): boolean {
    const before = this.currentHistory.present;
    this.currentHistory = history;
    const { label, sketch } = history.present;
    if (label !== before.label) {
      this.followSelection(before.label);
      this.onChange("label");
    }
    if (sketch !== before.sketch) {
      this.followSketch();
      this.onChange("sketch");
    }
    return history.present !== before;
  }

  private followSelection(before: Label): void {
    const region = this.currentSelection;
    if (!region || this.label.regions.includes(region)) return;
    const corner = this.currentCorner && cornerPoint(region, this.currentCorner);
    this.currentSelection = successor(region, before, this.label);
    this.currentCorner = corner && this.selected ? placeOf(corner, this.selected) : null;
  }
}

/** Add a step to the history, unless nothing changes. */
function withStep(history: History<Drawing>, next: Drawing): History<Drawing> {
  const now = history.present;
  const nothing = isEmpty(next.sketch) && isEmpty(now.sketch);
  const isSame = next.label === now.label && (next.sketch === now.sketch || nothing);
  return isSame ? history : push(history, next);
}

/**
 * Return the region that replaced a deleted one.
 *
 * If the number of regions is unchanged, this is the new region at the same index; otherwise the
 * new region with most of its corners.
 */
function successor(region: Region, before: Label, after: Label): Region | null {
  const fresh = after.regions.filter((each) => !before.regions.includes(each));
  const inPlace = after.regions[before.regions.indexOf(region)];
  if (after.regions.length === before.regions.length) {
    return inPlace && fresh.includes(inPlace) ? inPlace : null;
  }
  const corners = new Set(region.rings.flat().map(String));
  const shared = fresh.map((each) => each.rings.flat().filter((p) => corners.has(String(p))).length);
  const most = Math.max(0, ...shared);
  return most > 0 ? fresh[shared.indexOf(most)]! : null;
}

function placeOf(corner: Point, region: Region): Corner | null {
  for (const [ring, points] of region.rings.entries()) {
    const index = points.findIndex((point) => isSamePoint(point, corner));
    if (index >= 0) return { ring, index };
  }
  return null;
}
