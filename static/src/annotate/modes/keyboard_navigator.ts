/**
 * Goes over the picture by keys: the cross, the regions one after the other, their corners. What
 * it does there, the tools do, exactly as they do it for a mouse.
 */
import type { Editor } from "../core/editor";
import { boxOf } from "../core/geometry";
import type { Point, Region } from "../core/label";
import { canFinish, isEmpty, pointsOf } from "../core/sketch";
import type { Corners } from "./corner_editor";
import { Walk } from "./cursor";
import type { Cursor, Step } from "./cursor";
import type { Mode } from "./mode";
import type { Narrator } from "./announcer";

/** What the walker needs from the page around it. */
export interface Ground {
  readonly resolution: number;
  readonly mode: Mode;
  readonly isChanging: boolean;
  readonly panHeld: boolean;
  startChanging(): void;
  panBy(pixels: Point): void;
  keepInView(point: Point): void;
  describe(region: Region): Record<string, string | number>;
}

const PAN_STEP = 64;

export class Walker {
  private readonly walk = new Walk();

  constructor(
    private readonly editor: Editor,
    private readonly ground: Ground,
    readonly cursor: Cursor,
    readonly corners: Corners,
    private readonly narrator: Narrator,
  ) {}

  /** An arrow key moves the picture while the space bar is held, a chosen corner, or the cross. */
  arrow(key: string, step: Step): void {
    if (this.ground.panHeld) {
      const [dx, dy] = this.walk.step(key, "pixel", 1);
      this.ground.panBy([dx * PAN_STEP, dy * PAN_STEP]);
      return;
    }
    const by = this.walk.step(key, step, this.ground.resolution);
    if (this.ground.isChanging && this.corners.point) {
      this.corners.move(by);
      this.showCorner();
    } else {
      this.cursor.move(by);
      this.tellPlace("said_cross", this.cursor.point);
    }
  }

  /** Enter: sets a corner at the cross, or takes what is there; without a cross it finishes. */
  enter(): void {
    const { point } = this.cursor;
    const { mode, isChanging } = this.ground;
    if (!point || (isChanging && this.corners.point)) {
      this.corners.letGo();
      this.cursor.hide();
      mode.finish();
      return;
    }
    const before = this.editor.sketch;
    mode.tap(point, false);
    if (isChanging) this.tellSelected();
    else if (this.editor.sketch === before && !isEmpty(before) && !canFinish(before)) {
      this.narrator.tell("points", "said_need_three");
    } else {
      this.narrator.sketchChanged(this.editor.sketch, true);
    }
  }

  /** Escape: lets go of a chosen corner; whether there was one. */
  cancel(): boolean {
    const chosen = this.corners.point !== null;
    this.corners.letGo();
    if (chosen) this.cursor.hide();
    return chosen;
  }

  /** Selects the next region (1) or the one before (-1) in the order of the list. */
  stepRegion(by: 1 | -1): void {
    const { regions } = this.editor.label;
    if (!regions.length || !isEmpty(this.editor.sketch)) {
      if (!regions.length) this.narrator.tell("selection", "said_no_shapes");
      return;
    }
    const { selected } = this.editor;
    const now = selected ? regions.indexOf(selected) : by > 0 ? -1 : regions.length;
    this.select(regions[(now + by + regions.length) % regions.length]!);
  }

  select(region: Region): void {
    if (!this.ground.isChanging) this.ground.startChanging();
    this.corners.letGo();
    this.cursor.hide();
    this.editor.select(region);
    const box = boxOf(region.rings[0] ?? []);
    this.ground.keepInView([(box.left + box.right) / 2, (box.top + box.bottom) / 2]);
    this.tellSelected();
  }

  stepCorner(by: 1 | -1): void {
    if (!this.ground.isChanging || !this.editor.selected) this.stepRegion(-1);
    this.corners.step(by);
    this.showCorner();
  }

  addCorner(): void {
    this.corners.insert();
    this.showCorner();
  }

  /** Takes the chosen corner out; whether one was chosen. */
  removeCorner(): boolean {
    if (!this.ground.isChanging || !this.corners.point) return false;
    this.corners.remove();
    this.showCorner();
    return true;
  }

  /** A hand has taken over. */
  rest(): void {
    this.corners.rest();
    this.cursor.hide();
  }

  /** Whether points are set from the keyboard, so that each is worth a word. */
  get isDrawing(): boolean {
    return this.cursor.point !== null && pointsOf(this.editor.sketch).length > 0;
  }

  private showCorner(): void {
    const { point } = this.corners;
    if (!point) return;
    this.cursor.goTo(point);
    this.tellPlace("said_corner", point);
  }

  private tellPlace(name: string, point: Point | null): void {
    if (!point) return;
    this.narrator.tell("cross", name, { x: Math.round(point[0]), y: Math.round(point[1]) });
  }

  private tellSelected(): void {
    const { selected } = this.editor;
    if (!selected) this.narrator.tell("selection", "said_unselected");
    else this.narrator.tell("selection", "said_selected", this.ground.describe(selected));
  }
}
