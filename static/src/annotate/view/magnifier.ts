/**
 * A round magnifier: it shows the area under a finger, or, when switched on, under the mouse. It
 * copies the canvases already on screen, once per frame and only while visible.
 */
import type { Pointer, Viewport } from "./viewport";

/** CSS pixels. */
const DIAMETER = 136;
const AWAY = 96;
const MARGIN = 6;
const FACTOR = 2.5;

export class Magnifier {
  private readonly element = document.createElement("div");
  private readonly picture: CanvasRenderingContext2D;
  private readonly drawing: CanvasRenderingContext2D;
  private pointer: Pointer | null = null;
  private waiting = false;
  /** Whether it also follows the mouse. */
  private forMouse = false;

  constructor(private readonly viewport: Viewport) {
    this.element.className = "magnifier";
    this.element.ariaHidden = "true";
    this.element.hidden = true;
    this.picture = this.layer("magnified-picture");
    this.drawing = this.layer("magnified-drawing");
    viewport.element.append(this.element);
    viewport.onPointer((pointer) => {
      this.pointer = pointer;
      this.later();
    });
    viewport.onFrame(() => this.draw());
  }

  /** Switch it on or off for the mouse. */
  use(on: boolean): void {
    if (on === this.forMouse) return;
    this.forMouse = on;
    this.later();
  }

  private get isWanted(): boolean {
    if (!this.pointer) return false;
    return this.pointer.type === "mouse" ? this.forMouse : this.pointer.pressed;
  }

  private later(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  private draw(): void {
    this.element.hidden = !this.isWanted;
    if (!this.isWanted) return;
    const [x, y] = this.pointer!.place;
    const [left, top] = this.placeBeside(x, y);
    this.element.style.transform = `translate(${left}px, ${top}px)`;
    const [first, ...rest] = this.viewport.canvases;
    if (first) copy(first, this.picture, x, y);
    this.drawing.clearRect(0, 0, this.drawing.canvas.width, this.drawing.canvas.height);
    for (const canvas of rest) copy(canvas, this.drawing, x, y, false);
  }

  /** Return a position above the finger, or beside it if there is no room above. */
  private placeBeside(x: number, y: number): [number, number] {
    const { clientWidth, clientHeight } = this.viewport.element;
    const within = (value: number, size: number): number =>
      Math.min(Math.max(value, MARGIN), Math.max(MARGIN, size - DIAMETER - MARGIN));
    const above = y - AWAY - DIAMETER / 2;
    if (above >= MARGIN) return [within(x - DIAMETER / 2, clientWidth), above];
    const right = x + AWAY - DIAMETER / 2 + 8;
    const left = x - AWAY - DIAMETER / 2 - 8;
    const side = right + DIAMETER + MARGIN <= clientWidth ? right : left;
    return [within(side, clientWidth), within(y - DIAMETER / 2, clientHeight)];
  }

  private layer(name: string): CanvasRenderingContext2D {
    const canvas = document.createElement("canvas");
    canvas.className = name;
    canvas.width = canvas.height = Math.round(DIAMETER * window.devicePixelRatio);
    this.element.append(canvas);
    return canvas.getContext("2d")!;
  }
}

/** Copy the part of a canvas around a place on the surface, magnified. */
function copy(
  from: HTMLCanvasElement,
  to: CanvasRenderingContext2D,
  x: number,
  y: number,
  clear = true,
): void {
  const { width, height } = to.canvas;
  if (clear) to.clearRect(0, 0, width, height);
  const box = from.getBoundingClientRect();
  if (!box.width || !from.width) return;
  const parent = from.closest(".ol-layers")!.getBoundingClientRect();
  const scale = from.width / box.width;
  const span = (DIAMETER / FACTOR) * scale;
  const centerX = (x - (box.left - parent.left)) * scale;
  const centerY = (y - (box.top - parent.top)) * scale;
  to.imageSmoothingEnabled = true;
  to.drawImage(from, centerX - span / 2, centerY - span / 2, span, span, 0, 0, width, height);
}
