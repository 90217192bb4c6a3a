/**
 * The keyboard cursor: a crosshair that the arrow keys move over the picture. Enter acts like a
 * click at its position.
 */
import type { Size } from "../core/geometry";
import type { Point } from "../core/label";

export interface CursorSurface {
  /** Image pixels per screen pixel. */
  readonly resolution: number;
  /** The image point at the center of the visible area. */
  readonly center: Point;
  showCross(point: Point | null): void;
  /** Pan the picture until the point is visible and away from the edge. */
  keepInView(point: Point): void;
}

export type Step = "near" | "far" | "pixel";

/** In screen pixels, so that a step has the same size on screen at every zoom. */
const STEPS: Record<Exclude<Step, "pixel">, number> = { near: 8, far: 48 };
/** Key presses in quicker succession count as a held key, and the steps grow. */
const HELD_MS = 120;
const PRESSES_TO_DOUBLE = 8;
const FASTEST = 5;

const DIRECTIONS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The step size of arrow keys in whole image pixels, growing while a key is held. */
export class CursorSteps {
  private lastKey = "";
  private lastAt = -Infinity;
  private presses = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  step(key: string, step: Step, resolution: number): Point {
    const at = this.now();
    this.presses = key === this.lastKey && at - this.lastAt < HELD_MS ? this.presses + 1 : 0;
    this.lastKey = key;
    this.lastAt = at;
    const faster = Math.min(1 + this.presses / PRESSES_TO_DOUBLE, FASTEST);
    const length =
      step === "pixel" ? 1 : Math.max(1, Math.round(STEPS[step] * resolution * faster));
    const [x, y] = DIRECTIONS[key] ?? [0, 0];
    return [x * length, y * length];
  }
}

export class Cursor {
  private at: Point | null = null;

  constructor(
    private readonly surface: () => CursorSurface,
    private readonly size: () => Size,
    /** Called with the position, like a hovering mouse; null when the cursor is hidden. */
    private readonly onMove: (point: Point | null) => void,
  ) {}

  /** Return the position of the cursor, or null while it is hidden. */
  get point(): Point | null {
    return this.at;
  }

  move([dx, dy]: Point): void {
    const [x, y] = this.at ?? this.surface().center.map(Math.round);
    // The first press only shows the cursor.
    if (this.at) this.goTo([x + dx, y + dy]);
    else this.goTo([x, y]);
  }

  goTo([x, y]: Point): void {
    const { width, height } = this.size();
    this.at = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
    this.surface().keepInView(this.at);
    this.surface().showCross(this.at);
    this.onMove(this.at);
  }

  hide(): void {
    if (!this.at) return;
    this.at = null;
    this.surface().showCross(null);
    this.onMove(null);
  }
}
