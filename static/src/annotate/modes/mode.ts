/** Interfaces for pointer input on the surface, and for the tools that handle it. */
import type { Point } from "../core/label";

export type Tool = "draw" | "edit" | "cut" | "split";

export interface Pen {
  /** Return whether a press there begins a stroke; otherwise a drag pans the picture. */
  takes(point: Point, coarse: boolean): boolean;
  /**
   * Handle a tap. `coarse`: a finger, less precise than a mouse or pen. `removing`: Alt is held.
   */
  tap(point: Point, coarse: boolean, removing?: boolean): void;
  strokeStart(point: Point): void;
  strokeMove(point: Point): void;
  strokeEnd(coarse: boolean): void;
  strokeCancel(): void;
  hover(point: Point | null): void;
}

export interface Mode extends Pen {
  enter(): void;
  /** Leave the tool without unfinished work. */
  exit(): void;
  /** Handle Enter: complete the current action. */
  finish(): void;
  /** Handle Escape: cancel the current action, or deselect. */
  cancel(): void;
}

/** Tolerances in screen pixels: `fine` for a mouse or pen, `coarse` for a finger. */
export interface Reach {
  readonly fine: number;
  readonly coarse: number;
}

export function reachInPixels({ fine, coarse }: Reach, isCoarse: boolean, resolution: number): number {
  return (isCoarse ? coarse : fine) * resolution;
}

/** Reach for snapping to corners and edges. */
export const SNAP_REACH: Reach = { fine: 8, coarse: 16 };
