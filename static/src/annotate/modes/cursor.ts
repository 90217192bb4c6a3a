/**
 * The cross: a pointer for those who draw without one. Arrow keys move it over the picture, and
 * what a click does elsewhere, Enter does where it stands.
 */
import type { Size } from "../core/geometry";
import type { Point } from "../core/label";

export interface CursorSurface {
  /** Image pixels in one screen pixel. */
  readonly resolution: number;
  /** The point of the image in the middle of what can be seen. */
  readonly center: Point;
  showCross(point: Point | null): void;
  /** Moves the picture until the point can be seen, away from the edge. */
  keepInView(point: Point): void;
}

export type Step = "near" | "far" | "pixel";

/** In screen pixels, so that a step looks the same at every zoom. */
const STEPS: Record<Exclude<Step, "pixel">, number> = { near: 8, far: 48 };
/** Presses that follow each other as fast as a held key's are one walk, which gets faster. */
const HELD_MS = 120;
const PRESSES_TO_DOUBLE = 8;
const FASTEST = 5;

const DIRECTIONS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** How far an arrow key goes, in whole image pixels, for someone who holds it longer and longer. */
export class Walk {
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
    /** Told where the cross is now, as a mouse would tell where it hovers; null: it is gone. */
    private readonly onMove: (point: Point | null) => void,
  ) {}

  /** Where the cross stands; null while it is not shown. */
  get point(): Point | null {
    return this.at;
  }

  move([dx, dy]: Point): void {
    const [x, y] = this.at ?? this.surface().center.map(Math.round);
    // The first press shows where the cross is; it moves from there.
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
