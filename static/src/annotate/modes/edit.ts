/**
 * The edit tool: tap a region to select it, drag its corners or border, tap a corner to select it.
 * Corners shared by neighbors move in all of them.
 */
import type { Editor } from "../core/editor";
import { snapTo } from "../core/snap";
import { contains, isSamePoint } from "../core/geometry";
import type { Label, Point, Region, Rings } from "../core/label";
import { SNAP_REACH, reachInPixels } from "./mode";
import type { Mode, Reach } from "./mode";
import { hasCorner } from "../core/borders";
import {
  borderAt, cornerAt, cornerPoint, insertCorner, moveCorner, moved, removeCorner,
} from "../core/corners";

export interface EditSurface {
  /** Image pixels per screen pixel. */
  readonly resolution: number;
  /** Show regions with changed rings until the next call. */
  preview(changes: ReadonlyMap<Region, Rings>): void;
  /** Highlight the point that a press would drag. */
  showHandle(point: Point | null): void;
}

const HANDLE_REACH: Reach = { fine: 10, coarse: 22 };

/** A corner being dragged: the label that contains it, and its starting position. */
interface CornerDrag {
  readonly label: Label;
  readonly from: Point;
  to: Point;
}

export class EditMode implements Mode {
  private drag: CornerDrag | null = null;
  /** Where the pointer went down, until the gesture turns out to be a tap or a drag. */
  private held: Point | null = null;
  private suspended = false;

  constructor(
    private readonly editor: Editor,
    private readonly surface: () => EditSurface,
  ) {}

  /** Select the newest region, so that its corners are visible at once. */
  enter(): void {
    if (!this.editor.selected) this.editor.select(this.editor.label.regions.at(-1) ?? null);
  }

  /** Leave the tool but keep the selection, which cutting and splitting use. */
  exit(): void {
    this.strokeCancel();
    this.surface().showHandle(null);
  }

  takes(point: Point, coarse: boolean): boolean {
    this.held = this.handleAt(point, coarse);
    return this.held !== null;
  }

  tap(point: Point, coarse: boolean, removing = false): void {
    const { selected, label } = this.editor;
    const reach = reachInPixels(HANDLE_REACH, coarse, this.surface().resolution);
    const corner = selected && cornerAt(selected, point, reach);
    if (corner && removing) this.remove(cornerPoint(selected, corner)!);
    else if (corner) this.editor.selectVertex(corner);
    else if (!removing) {
      this.editor.select(label.regions.find(({ rings }) => contains(rings, point)) ?? null);
    }
  }

  strokeStart(point: Point): void {
    const { selected, label } = this.editor;
    const from = this.held;
    if (!selected || !from) return;
    this.drag = { label: insertCorner(selected, from)(label), from, to: from };
    this.strokeMove(point);
  }

  strokeMove(point: Point): void {
    if (!this.drag) return;
    this.drag.to = this.snapCorner(point, this.drag);
    this.surface().showHandle(this.drag.to);
    this.surface().preview(this.changes(this.drag));
  }

  /** Return the new rings of each changed region during a drag. */
  private changes({ label, from, to }: CornerDrag): Map<Region, Rings> {
    const changes = moved(label, from, to);
    const now = this.editor.label.regions;
    return new Map(
      label.regions.flatMap((region, i) => {
        const rings = changes.get(region);
        return rings ? [[now[i]!, rings] as const] : [];
      }),
    );
  }

  strokeEnd(): void {
    const { drag } = this;
    const { frame, options } = this.editor;
    this.strokeCancel();
    if (!drag || isSamePoint(drag.from, drag.to)) return;
    this.editor.apply((label) => {
      const after = moveCorner(drag.from, drag.to, frame, options.paintOver)(drag.label);
      return after === drag.label ? label : after;
    });
  }

  strokeCancel(): void {
    this.drag = null;
    this.held = null;
    this.surface().preview(new Map());
  }

  hover(point: Point | null): void {
    this.surface().showHandle(point && this.handleAt(point, false));
  }

  /** Stop snapping of dragged corners while a key is held. */
  suspend(suspended: boolean): void {
    this.suspended = suspended;
  }

  finish(): void {
    this.editor.select(null);
  }

  /** Deselect the corner first, then the region. */
  cancel(): void {
    if (this.drag) this.strokeCancel();
    else if (this.editor.selectedVertex) this.editor.selectVertex(null);
    else this.editor.select(null);
  }

  private remove(corner: Point): void {
    this.editor.apply(removeCorner(corner, this.editor.frame));
  }

  private handleAt(point: Point, coarse: boolean): Point | null {
    const { selected } = this.editor;
    if (!selected) return null;
    const reach = reachInPixels(HANDLE_REACH, coarse, this.surface().resolution);
    const corner = cornerAt(selected, point, reach);
    return corner ? cornerPoint(selected, corner) : borderAt(selected, point, reach);
  }

  /** Snap a dragged corner to regions that do not move with it. */
  private snapCorner(point: Point, { label, from }: CornerDrag): Point {
    const { frame, options } = this.editor;
    const still = { regions: label.regions.filter(({ rings }) => !hasCorner(rings, from)) };
    const reach = reachInPixels(SNAP_REACH, false, this.surface().resolution);
    const snap = options.snap && !this.suspended ? snapTo(point, reach, still, frame) : null;
    return snap?.point ?? point;
  }
}
