/** The image with the drawing on it, as SVG in image pixels. Draws what it is told; decides nothing. */

import { cornersOf, numbersOf } from "./model";
import type { Box, Config, Drawing, Mark, Point } from "./types";

const SVG = "http://www.w3.org/2000/svg";

export interface View {
  readonly drawing: Drawing;
  /** Whether the whole image is shown, to choose a part of it. */
  readonly isCropping: boolean;
  readonly showsHandles: boolean;
  readonly selected: number | null;
  /** Points of the unfinished mark, and the position of the pointer or the keyboard cross. */
  readonly sketch: readonly Point[];
  readonly hover: Point | null;
  readonly cross: Point | null;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

const pathOf = (points: readonly Point[], closed: boolean): string =>
  `M${points.map((point) => point.join(" ")).join("L")}${closed ? "Z" : ""}`;

export class Stage {
  private readonly image: SVGElement;
  private readonly layer: SVGElement;

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly config: Config,
  ) {
    const { url, width, height } = config.image;
    this.image = element("image", { href: url, width, height });
    this.layer = element("g", {});
    svg.replaceChildren(this.image, this.layer);
  }

  /** Image pixels per pixel of the screen. */
  get unit(): number {
    const scale = this.svg.getScreenCTM()?.a ?? 1;
    return scale > 0 ? 1 / scale : 1;
  }

  placeOf(event: { readonly clientX: number; readonly clientY: number }): Point {
    const matrix = this.svg.getScreenCTM();
    if (!matrix) return [0, 0];
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [at.x, at.y];
  }

  render(view: View): void {
    const { width, height, bar } = this.config.image;
    const box: Box = view.isCropping ? [0, 0, width, height] : view.drawing.crop;
    this.svg.setAttribute("viewBox", box.join(" "));
    this.svg.dataset.cropping = String(view.isCropping);
    const numbers = numbersOf(view.drawing.marks);
    const parts: SVGElement[] = [];
    if (bar && !view.isCropping) parts.push(element("path", { class: "own-bar", d: pathOf(bar, true) }));
    view.drawing.marks.forEach((mark, index) => parts.push(...this.mark(mark, numbers[index] ?? null, index === view.selected)));
    if (view.isCropping) parts.push(...this.frame(view.drawing.crop));
    if (view.sketch.length) {
      const line = view.hover ? [...view.sketch, view.hover] : view.sketch;
      parts.push(...this.cased(pathOf(line, false), "#ffffff"), ...view.sketch.map((point) => this.handle(point)));
    }
    if (view.showsHandles) {
      const points = view.isCropping ? cornersOf(view.drawing.crop) : view.drawing.marks.flatMap((mark) => mark.points);
      parts.push(...points.map((point) => this.handle(point)));
    }
    if (view.cross) parts.push(...this.cross(view.cross));
    this.layer.replaceChildren(...parts);
  }

  private mark(mark: Mark, number: number | null, isSelected: boolean): SVGElement[] {
    if (mark.kind === "outline") {
      const color = this.config.classes.find((each) => each.code === mark.code)?.color ?? "#ffffff";
      const parts = [element("path", { class: "area", d: pathOf(mark.points, true), fill: color })];
      parts.push(...this.cased(pathOf(mark.points, true), color, isSelected));
      return number === null ? parts : [...parts, ...this.badge(middleOf(mark.points), number)];
    }
    if (mark.kind === "arrow") {
      const [tail, tip] = mark.points as [Point, Point];
      const parts = this.cased(pathOf([tail, tip], false), "#ffffff", isSelected);
      parts.push(this.head(tail, tip));
      return number === null ? parts : [...parts, ...this.badge(tail, number)];
    }
    return this.scale(mark, isSelected);
  }

  private scale(mark: Mark & { kind: "scale" }, isSelected: boolean): SVGElement[] {
    const [[x, y]] = mark.points as [Point];
    const [half, tick] = [mark.length_px / 2, 6 * this.unit];
    const ends = [x - half, x + half];
    const lines = [`M${ends[0]} ${y}H${ends[1]}`, ...ends.map((end) => `M${end} ${y - tick}V${y + tick}`)].join("");
    const meters = mark.length_cm / 100;
    const text = element("text", { class: "scale-label", x, y: y + 22 * this.unit, "font-size": 14 * this.unit });
    text.textContent = Number.isInteger(meters) ? `${meters} m` : `${mark.length_cm} cm`;
    return [...this.cased(lines, "#ffffff", isSelected), text];
  }

  private cased(d: string, color: string, isSelected = false): SVGElement[] {
    return [
      element("path", { class: "casing", d, "data-selected": String(isSelected) }),
      element("path", { class: "line", d, stroke: color }),
    ];
  }

  private head(tail: Point, tip: Point): SVGElement {
    const size = 12 * this.unit;
    const degrees = (Math.atan2(tip[1] - tail[1], tip[0] - tail[0]) * 180) / Math.PI;
    const transform = `translate(${tip[0]} ${tip[1]}) rotate(${degrees}) scale(${size})`;
    return element("path", { class: "head", d: "M0.2 0L-1 0.6V-0.6Z", transform });
  }

  private badge([x, y]: Point, number: number): SVGElement[] {
    const text = element("text", { class: "number", x, y, "font-size": 13 * this.unit });
    text.textContent = String(number);
    return [element("circle", { class: "badge-disc", cx: x, cy: y, r: 11 * this.unit }), text];
  }

  private frame(crop: Box): SVGElement[] {
    const { width, height } = this.config.image;
    const around = pathOf(cornersOf([0, 0, width, height]), true) + pathOf(cornersOf(crop), true);
    return [element("path", { class: "outside", d: around }), ...this.cased(pathOf(cornersOf(crop), true), "#ffffff")];
  }

  private handle([x, y]: Point): SVGElement {
    return element("circle", { class: "handle", cx: x, cy: y, r: 6 * this.unit });
  }

  private cross([x, y]: Point): SVGElement[] {
    const arm = 14 * this.unit;
    return this.cased(`M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`, "#ffffff");
  }
}

/** Return the mean of the corners: near enough to place a number while drawing. */
function middleOf(points: readonly Point[]): Point {
  const sum = points.reduce<Point>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
