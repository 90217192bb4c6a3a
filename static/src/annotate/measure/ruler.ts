/** The ruler: a drag, or a tap at either end, marks a line. It does not compute lengths. */
import type { Point } from "../core/label";
import type { Pen } from "../modes/mode";

export class Ruler implements Pen {
  private from: Point | null = null;
  private to: Point | null = null;
  private dragging = false;

  constructor(
    /** Called with the current line, or null. */
    private readonly onLine: (ends: readonly [Point, Point] | null) => void,
  ) {}

  takes(): boolean {
    return true;
  }

  tap(point: Point): void {
    if (this.from && !this.to) this.to = point;
    else [this.from, this.to] = [point, null];
    this.tell();
  }

  strokeStart(point: Point): void {
    this.dragging = true;
    [this.from, this.to] = [point, point];
    this.tell();
  }

  strokeMove(point: Point): void {
    this.to = point;
    this.tell();
  }

  strokeEnd(): void {
    this.dragging = false;
  }

  /** Handle a second finger, or a change of tool. */
  strokeCancel(): void {
    if (this.dragging) this.clear();
  }

  hover(point: Point | null): void {
    if (this.from && !this.to && point) this.onLine([this.from, point]);
  }

  clear(): void {
    this.dragging = false;
    this.from = this.to = null;
    this.onLine(null);
  }

  private tell(): void {
    this.onLine(this.from && [this.from, this.to ?? this.from]);
  }
}
