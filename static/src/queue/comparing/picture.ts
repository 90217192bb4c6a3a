/** The zoomable image with the regions of a label or a comparison as overlay. */

import type { Size } from "./pixels";
import { drawRegions, svgElement } from "./regions";
import type { Polygon, TerrainClass } from "../types";
import { pan, whole, zoomAt, type View } from "./zoom";

/** Position of the image in the stage: CSS pixels per image pixel, and the image's origin. */
interface Place {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** A zoomable image: wheel or pinch zooms, dragging pans, a double click fits the whole image. */
export class LargePicture {
  private readonly canvas = document.createElement("canvas");
  private readonly svg = svgElement("svg", { preserveAspectRatio: "xMidYMid meet", role: "img" });
  private size: Size | null = null;
  private bitmap: ImageBitmap | null = null;
  private layer: CanvasImageSource | null = null;
  private regions: SVGGElement | null = null;
  private view: View = whole(1, 1);
  private frame = 0;
  private readonly pointers = new Map<number, { x: number; y: number }>();

  constructor(private readonly stage: HTMLElement) {
    stage.append(this.canvas, this.svg);
    stage.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.onPointerDown(event));
    stage.addEventListener("pointermove", (event) => this.onPointerMove(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      stage.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    stage.addEventListener("dblclick", () => this.showWhole());
    new ResizeObserver(() => this.paint()).observe(stage);
  }

  /** Show an image without regions, fitted; `bitmap` is null while it is loading. */
  show(size: Size, bitmap: ImageBitmap | null): void {
    this.size = size;
    this.layer = null;
    this.regions?.remove();
    this.regions = null;
    this.setBitmap(bitmap);
    this.showWhole();
  }

  setBitmap(bitmap: ImageBitmap | null): void {
    this.bitmap = bitmap;
    this.stage.dataset.picture = bitmap ? "ready" : "loading";
    this.paint();
  }

  /** Show the regions of a label; position and zoom stay, so that labels can be compared. */
  overlay(polygons: readonly Polygon[], classes: readonly TerrainClass[], description: string): void {
    this.layer = null;
    const drawn = drawRegions(polygons, classes);
    this.regions?.remove();
    this.svg.append(drawn);
    this.regions = drawn;
    this.svg.setAttribute("aria-label", description);
    this.paint();
  }

  /** Show a pixel overlay instead of regions; null while it is being computed. */
  overlayPixels(layer: CanvasImageSource | null, description: string): void {
    this.regions?.remove();
    this.regions = null;
    this.layer = layer;
    this.svg.setAttribute("aria-label", description);
    this.paint();
  }

  clear(): void {
    this.size = null;
    this.bitmap = this.layer = null;
    this.regions?.remove();
    this.regions = null;
    this.svg.removeAttribute("aria-label");
    this.paint();
  }

  showWhole(): void {
    if (this.size) this.setView(whole(this.size.width, this.size.height));
  }

  zoom(factor: number): void {
    const { x, y, width, height } = this.view;
    if (this.size) this.setView(zoomAt(this.view, x + width / 2, y + height / 2, factor, this.size.width, this.size.height));
  }

  /** Pan by a fraction of the visible area. */
  move(right: number, down: number): void {
    const { width, height } = this.view;
    if (this.size) this.setView(pan(this.view, right * width, down * height, this.size.width, this.size.height));
  }

  /** Paint the image and the pixel overlay; the browser paints the SVG regions. */
  paint(): void {
    cancelAnimationFrame(this.frame);
    const { clientWidth, clientHeight } = this.stage;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.size) return;
    const { scale, left, top } = this.place();
    context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
    context.imageSmoothingQuality = "medium";
    if (this.bitmap) context.drawImage(this.bitmap, 0, 0, this.size.width, this.size.height);
    if (!this.layer || this.stage.dataset.hidden === "true") return;
    context.imageSmoothingEnabled = scale * ratio < 1; // no smoothing
    context.drawImage(this.layer, 0, 0);
    context.imageSmoothingEnabled = true;
  }

  private place(): Place {
    const { x, y, width, height } = this.view;
    const { clientWidth, clientHeight } = this.stage;
    const scale = Math.min(clientWidth / width, clientHeight / height);
    return {
      scale,
      left: (clientWidth - scale * width) / 2 - scale * x,
      top: (clientHeight - scale * height) / 2 - scale * y,
    };
  }

  private setView(view: View): void {
    this.view = view;
    this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    this.stage.dataset.zoomed = String(this.size !== null && view.width < this.size.width);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  /** Return the image point at a window position. */
  private imagePoint(clientX: number, clientY: number): { x: number; y: number } {
    const box = this.stage.getBoundingClientRect();
    const { scale, left, top } = this.place();
    return { x: (clientX - box.left - left) / scale, y: (clientY - box.top - top) / scale };
  }

  private onWheel(event: WheelEvent): void {
    if (!this.size) return;
    event.preventDefault();
    const at = this.imagePoint(event.clientX, event.clientY);
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002));
    this.setView(zoomAt(this.view, at.x, at.y, factor, this.size.width, this.size.height));
  }

  private onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.stage.setPointerCapture(event.pointerId);
  }

  private onPointerMove(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before || !this.size) return;
    const { width, height } = this.size;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const middle = this.imagePoint((event.clientX + other.x) / 2, (event.clientY + other.y) / 2);
      if (was > 0) this.setView(zoomAt(this.view, middle.x, middle.y, is / was, width, height));
    } else {
      const { scale } = this.place();
      const dx = (before.x - event.clientX) / scale;
      const dy = (before.y - event.clientY) / scale;
      this.setView(pan(this.view, dx, dy, width, height));
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }
}
