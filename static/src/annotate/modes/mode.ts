/** What a hand does on the surface, and a tool: what taps and strokes mean while it is on. */
import type { Point } from "../core/label";

export type Tool = "draw" | "edit" | "cut" | "split";

export interface Pen {
  /** Whether a press there begins a stroke; otherwise a drag moves the picture. */
  takes(point: Point, coarse: boolean): boolean;
  /** `coarse`: a finger, which aims less well than a mouse or a pen. `removing`: Alt is held. */
  tap(point: Point, coarse: boolean, removing?: boolean): void;
  strokeStart(point: Point): void;
  strokeMove(point: Point): void;
  strokeEnd(coarse: boolean): void;
  strokeCancel(): void;
  hover(point: Point | null): void;
}

export interface Mode extends Pen {
  enter(): void;
  /** Leaves nothing half done behind. */
  exit(): void;
  /** Enter key: completes what is under way. */
  finish(): void;
  /** Escape key: drops what is under way, or lets go. */
  cancel(): void;
}

/** All in screen pixels: how near is near enough, for a mouse or a pen, and for a finger. */
export interface Reach {
  readonly fine: number;
  readonly coarse: number;
}

export function reachOf({ fine, coarse }: Reach, isCoarse: boolean, resolution: number): number {
  return (isCoarse ? coarse : fine) * resolution;
}

/** To corners and edges that a pointer sticks to. */
export const SNAP_REACH: Reach = { fine: 8, coarse: 16 };
