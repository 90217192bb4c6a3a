/**
 * Pen input from one pointer: press and release in one place is a tap, a drag is a stroke.
 *
 * A second finger cancels the stroke, so that two fingers always pan and zoom the picture. After a
 * stylus has been used, touches no longer draw.
 */
import type MapBrowserEvent from "ol/MapBrowserEvent";
import PointerInteraction from "ol/interaction/Pointer";
import type { Point } from "../core/label";
import type { Pen } from "../modes/mode";

const MOUSE_SLACK = 4;
const TOUCH_SLACK = 9;

export class PenInput extends PointerInteraction {
  /** Whether a stylus has touched the surface. */
  hasPen = false;
  private down: { pixel: number[]; point: Point } | null = null;
  private stroking = false;
  /** The current press pans the picture, but counts as a tap if it does not move. */
  private mayTap = false;

  constructor(
    private readonly pen: Pen,
    private readonly toPoint: (event: MapBrowserEvent) => Point,
  ) {
    super();
  }

  override handleEvent(event: MapBrowserEvent): boolean {
    if (event.type === "pointerdown" && (event.activePointers?.length ?? 0) > 1) {
      this.release();
      this.mayTap = false;
      return true;
    }
    // A press without movement that the tool did not take.
    if (event.type === "click" && this.mayTap) {
      this.pen.tap(this.toPoint(event), isTouch(event), isAltHeld(event));
    }
    return super.handleEvent(event);
  }

  override setActive(active: boolean): void {
    if (!active && this.pen) this.release();
    super.setActive(active);
  }

  override handleDownEvent(event: MapBrowserEvent): boolean {
    const { button, pointerType } = event.originalEvent as PointerEvent;
    if (pointerType === "pen") this.hasPen = true;
    this.mayTap = false;
    if (button !== 0 || (pointerType === "touch" && this.hasPen)) return false;
    const point = this.toPoint(event);
    this.mayTap = true;
    if (!this.pen.takes(point, isTouch(event))) return false;
    this.mayTap = false;
    this.down = { pixel: event.pixel, point };
    return true;
  }

  override handleDragEvent(event: MapBrowserEvent): void {
    if (!this.down) return;
    const [x = 0, y = 0] = event.pixel;
    const [x0 = 0, y0 = 0] = this.down.pixel;
    const slack = isTouch(event) ? TOUCH_SLACK : MOUSE_SLACK;
    if (!this.stroking && Math.hypot(x - x0, y - y0) < slack) return;
    if (!this.stroking) {
      this.stroking = true;
      this.pen.strokeStart(this.down.point);
    }
    this.pen.strokeMove(this.toPoint(event));
  }

  override handleUpEvent(event: MapBrowserEvent): boolean {
    const { down, stroking } = this;
    this.down = null;
    this.stroking = false;
    if (stroking) this.pen.strokeEnd(isTouch(event));
    else if (down) this.pen.tap(down.point, isTouch(event), isAltHeld(event));
    return false;
  }

  override handleMoveEvent(event: MapBrowserEvent): void {
    this.pen.hover(isTouch(event) ? null : this.toPoint(event));
  }

  private release(): void {
    if (this.stroking) this.pen.strokeCancel();
    this.down = null;
    this.stroking = false;
    this.handlingDownUpSequence = false;
  }
}

function isAltHeld(event: MapBrowserEvent): boolean {
  return (event.originalEvent as PointerEvent).altKey;
}

function isTouch(event: MapBrowserEvent): boolean {
  return (event.originalEvent as PointerEvent).pointerType === "touch";
}
