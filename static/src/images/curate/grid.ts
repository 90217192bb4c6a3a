/** The images of a page as tiles: a list box with one tab stop. */

import type { Words } from "../../shared/translations";
import type { Marks } from "./selection";
import type { Picture } from "./types";
import type { Measure } from "./view";

export interface GridEvents {
  /** A tile was pressed; `extend` if with Shift. */
  readonly press: (at: number, extend: boolean) => void;
  readonly open: (at: number) => void;
  /** A tile received the focus by other means, such as the Tab key. */
  readonly focus: (at: number) => void;
}

const SVG = "http://www.w3.org/2000/svg";

function icon(path: string, className: string): HTMLElement {
  const holder = document.createElement("span");
  holder.className = className;
  holder.setAttribute("aria-hidden", "true");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  holder.append(svg);
  return holder;
}

function span(className: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

export class Grid {
  private tiles: HTMLElement[] = [];
  private readonly percent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent" });

  constructor(
    private readonly list: HTMLElement,
    private readonly words: Words,
    private readonly reasonName: (code: string) => string,
    private readonly events: GridEvents,
  ) {
    list.addEventListener("click", (event) => {
      const at = this.placeOf(event.target);
      if (at === null) return;
      if (event.target instanceof Element && event.target.closest(".tile-look")) this.events.open(at);
      else this.events.press(at, event.shiftKey);
    });
    list.addEventListener("mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // prevent text selection
    });
    list.addEventListener("focusin", (event) => {
      const at = this.placeOf(event.target);
      if (at !== null) this.events.focus(at);
    });
  }

  /** Return the number of columns; at least 1. */
  columns(): number {
    const top = this.tiles[0]?.offsetTop;
    const next = this.tiles.findIndex((tile) => tile.offsetTop !== top);
    return next < 0 ? Math.max(1, this.tiles.length) : next;
  }

  /** Show other images; `measure` is the measure to print on each. */
  fill(pictures: readonly Picture[], measure: Measure | null): void {
    this.tiles = pictures.map((picture, at) => this.tileOf(picture, at, measure));
    this.list.replaceChildren(...this.tiles);
  }

  /** Update the text and state of one tile. */
  renew(picture: Picture, at: number, measure: Measure | null): void {
    const tile = this.tiles[at];
    if (tile) this.describe(tile, picture, measure);
  }

  mark(marks: Marks): void {
    this.tiles.forEach((tile, at) => {
      tile.tabIndex = at === marks.focus ? 0 : -1;
      tile.setAttribute("aria-selected", String(marks.selected.has(at)));
    });
  }

  focus(at: number): void {
    const tile = this.tiles[at];
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: "nearest" });
  }

  private placeOf(target: EventTarget | null): number | null {
    const tile = target instanceof Element ? target.closest<HTMLElement>(".tile") : null;
    return tile ? Number(tile.dataset.at) : null;
  }

  private tileOf(picture: Picture, at: number, measure: Measure | null): HTMLElement {
    const tile = document.createElement("li");
    tile.className = "tile";
    tile.dataset.at = String(at);
    tile.dataset.image = String(picture.id);
    tile.setAttribute("role", "option");
    const image = document.createElement("img");
    Object.assign(image, { loading: "lazy", decoding: "async", alt: "", width: 256, height: 256, draggable: false });
    image.addEventListener("error", () => (tile.dataset.broken = "true"));
    image.src = picture.thumb_url;
    const frame = document.createElement("span");
    frame.className = "tile-picture";
    frame.append(image, icon("m4 10.5 4 4 8-9", "tile-check"), icon("M12 3h5v5M17 3l-6 6M8 17H3v-5M3 17l6-6", "tile-look"));
    const text = document.createElement("span");
    text.className = "tile-words";
    tile.append(frame, text);
    this.describe(tile, picture, measure);
    return tile;
  }

  private describe(tile: HTMLElement, picture: Picture, measure: Measure | null): void {
    const { words } = this;
    const facts: HTMLElement[] = [];
    if (picture.sol !== null) facts.push(span("number", words("sol", { sol: picture.sol })));
    if (measure && picture.quality) {
      facts.push(span("number tile-measure", words(`tile-${measure}`, { n: this.percent.format(picture.quality[measure]) })));
    }
    if (picture.labels > 0) {
      facts.push(span("badge number", words(picture.labels === 1 ? "labels-one" : "labels-many", { n: picture.labels })));
    }
    if (picture.duplicate_of) facts.push(span("badge", words("duplicate")));
    if (picture.retired) {
      const reason = picture.retired_reason;
      facts.push(span("badge busy", reason ? words("retired-because", { reason: this.reasonName(reason) }) : words("retired")));
    }
    const row = span("tile-facts", "");
    row.append(...facts);
    tile.querySelector(".tile-words")?.replaceChildren(span("mono tile-name", picture.product_id), row);
    tile.dataset.retired = String(picture.retired);
  }
}
