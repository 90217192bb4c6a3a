/**
 * Keyboard navigation on the picture: the keyboard cursor, regions and their corners. Tools handle its
 * actions exactly like those of a mouse.
 */
import type { Editor } from "../core/editor";
import { boxOf } from "../core/geometry";
import type { Point, Region } from "../core/label";
import { canFinish, isEmpty, pointsOf } from "../core/sketch";
import type { CornerEditor } from "./corner_editor";
import { CursorSteps } from "./cursor";
import type { Cursor, Step } from "./cursor";
import type { Mode } from "./mode";
import type { Announcer } from "./announcer";

/** What the navigator needs from the page. */
export interface NavigatorPage {
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

export class KeyboardNavigator {
  private readonly steps = new CursorSteps();

  constructor(
    private readonly editor: Editor,
    private readonly page: NavigatorPage,
    readonly cursor: Cursor,
    readonly corners: CornerEditor,
    private readonly announcer: Announcer,
  ) {}

  /** Handle an arrow key: pan while space is held, else move the selected corner or the cursor. */
  arrow(key: string, step: Step): void {
    if (this.page.panHeld) {
      const [dx, dy] = this.steps.step(key, "pixel", 1);
      this.page.panBy([dx * PAN_STEP, dy * PAN_STEP]);
      return;
    }
    const by = this.steps.step(key, step, this.page.resolution);
    if (this.page.isChanging && this.corners.point) {
      this.corners.move(by);
      this.showCorner();
    } else {
      this.cursor.move(by);
      this.tellPlace("said_cross", this.cursor.point);
    }
  }

  /** Handle Enter: set a corner or select at the cursor; without a cursor, finish the shape. */
  enter(): void {
    const { point } = this.cursor;
    const { mode, isChanging } = this.page;
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
      this.announcer.announce("points", "said_need_three");
    } else {
      this.announcer.sketchChanged(this.editor.sketch, true);
    }
  }

  /** Handle Escape: deselect the corner. Return whether one was selected. */
  cancel(): boolean {
    const chosen = this.corners.point !== null;
    this.corners.letGo();
    if (chosen) this.cursor.hide();
    return chosen;
  }

  /** Select the next region (1) or the previous one (-1) in the order of the list. */
  stepRegion(by: 1 | -1): void {
    const { regions } = this.editor.label;
    if (!regions.length || !isEmpty(this.editor.sketch)) {
      if (!regions.length) this.announcer.announce("selection", "said_no_shapes");
      return;
    }
    const { selected } = this.editor;
    const now = selected ? regions.indexOf(selected) : by > 0 ? -1 : regions.length;
    this.select(regions[(now + by + regions.length) % regions.length]!);
  }

  select(region: Region): void {
    if (!this.page.isChanging) this.page.startChanging();
    this.corners.letGo();
    this.cursor.hide();
    this.editor.select(region);
    const box = boxOf(region.rings[0] ?? []);
    this.page.keepInView([(box.left + box.right) / 2, (box.top + box.bottom) / 2]);
    this.tellSelected();
  }

  stepCorner(by: 1 | -1): void {
    if (!this.page.isChanging || !this.editor.selected) this.stepRegion(-1);
    this.corners.step(by);
    this.showCorner();
  }

  addCorner(): void {
    this.corners.insert();
    this.showCorner();
  }

  /** Remove the selected corner. Return whether one was selected. */
  removeCorner(): boolean {
    if (!this.page.isChanging || !this.corners.point) return false;
    this.corners.remove();
    this.showCorner();
    return true;
  }

  /** Hide the keyboard cursor when a pointer is used. */
  rest(): void {
    this.corners.rest();
    this.cursor.hide();
  }

  /** Return whether points are set with the keyboard, so that each is announced. */
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
    this.announcer.announce("cross", name, { x: Math.round(point[0]), y: Math.round(point[1]) });
  }

  private tellSelected(): void {
    const { selected } = this.editor;
    if (!selected) this.announcer.announce("selection", "said_unselected");
    else this.announcer.announce("selection", "said_selected", this.page.describe(selected));
  }
}
