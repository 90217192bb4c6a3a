/**
 * The change tool: tap a region to select it, drag its corners or its border, tap a corner to
 * choose it. Corners that neighbors share move in all of them.
 */
import type { Editor } from "../core/editor";
import { snapTo } from "../core/snap";
import { contains, isSamePoint } from "../core/geometry";
import type { Label, Point, Region, Rings } from "../core/label";
import { SNAP_REACH, reachOf } from "./mode";
import type { Mode, Reach } from "./mode";
import { hasCorner } from "../core/borders";
import {
  borderAt, cornerAt, cornerPoint, insertCorner, moveCorner, moved, removeCorner,
} from "../core/corners";

export interface EditSurface {
  /** Image pixels in one screen pixel. */
  readonly resolution: number;
  /** Shows regions with other rings than they have, until told otherwise. */
  preview(changes: ReadonlyMap<Region, Rings>): void;
  /** The point that a press would take hold of. */
  showHandle(point: Point | null): void;
}

const HANDLE_REACH: Reach = { fine: 10, coarse: 22 };

/** Under the hand: the label with the corner that is moved, and where that was. */
interface Grip {
  readonly label: Label;
  readonly from: Point;
  to: Point;
}

export class EditMode implements Mode {
  private grip: Grip | null = null;
  /** Where the pointer went down, until it is known whether this is a drag. */
  private held: Point | null = null;
  private suspended = false;

  constructor(
    private readonly editor: Editor,
    private readonly surface: () => EditSurface,
  ) {}

  /** Starts with the newest region in hand, so that the tool shows at once what it does. */
  enter(): void {
    if (!this.editor.selected) this.editor.select(this.editor.label.regions.at(-1) ?? null);
  }

  /** The selection stays: cutting and splitting work on it. */
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
    const reach = reachOf(HANDLE_REACH, coarse, this.surface().resolution);
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
    this.grip = { label: insertCorner(selected, from)(label), from, to: from };
    this.strokeMove(point);
  }

  strokeMove(point: Point): void {
    if (!this.grip) return;
    this.grip.to = this.stick(point, this.grip);
    this.surface().showHandle(this.grip.to);
    this.surface().preview(this.changes(this.grip));
  }

  /** What the drag changes, by the regions as they are in the label. */
  private changes({ label, from, to }: Grip): Map<Region, Rings> {
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
    const { grip } = this;
    const { frame, options } = this.editor;
    this.strokeCancel();
    if (!grip || isSamePoint(grip.from, grip.to)) return;
    this.editor.apply((label) => {
      const after = moveCorner(grip.from, grip.to, frame, options.paintOver)(grip.label);
      return after === grip.label ? label : after;
    });
  }

  strokeCancel(): void {
    this.grip = null;
    this.held = null;
    this.surface().preview(new Map());
  }

  hover(point: Point | null): void {
    this.surface().showHandle(point && this.handleAt(point, false));
  }

  /** While held, corners that are moved do not stick to others. */
  suspend(suspended: boolean): void {
    this.suspended = suspended;
  }

  finish(): void {
    this.editor.select(null);
  }

  /** Lets go of the corner first, then of the region. */
  cancel(): void {
    if (this.grip) this.strokeCancel();
    else if (this.editor.selectedVertex) this.editor.selectVertex(null);
    else this.editor.select(null);
  }

  private remove(corner: Point): void {
    this.editor.apply(removeCorner(corner, this.editor.frame));
  }

  private handleAt(point: Point, coarse: boolean): Point | null {
    const { selected } = this.editor;
    if (!selected) return null;
    const reach = reachOf(HANDLE_REACH, coarse, this.surface().resolution);
    const corner = cornerAt(selected, point, reach);
    return corner ? cornerPoint(selected, corner) : borderAt(selected, point, reach);
  }

  /** A moved corner sticks to the regions that do not move with it. */
  private stick(point: Point, { label, from }: Grip): Point {
    const { frame, options } = this.editor;
    const still = { regions: label.regions.filter(({ rings }) => !hasCorner(rings, from)) };
    const reach = reachOf(SNAP_REACH, false, this.surface().resolution);
    const snap = options.snap && !this.suspended ? snapTo(point, reach, still, frame) : null;
    return snap?.point ?? point;
  }
}
