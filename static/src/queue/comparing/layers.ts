/** Comparisons drawn on canvases in the colors of the page and of the campaign's classes. */

import { colorOf, heat, paint, type Palette } from "./palette";
import { EXTRA, MISSED, OTHER_CLASS, SAME, type Size } from "./pixels";
import type { TerrainClass } from "../types";
import type { View } from "./views";
import type { Comparison } from "./worker";

const ALPHA = 150;

export class Layers {
  private readonly token: (name: string) => string;
  /** The canvases of a comparison, created on first use. */
  private readonly made = new WeakMap<Uint8Array, HTMLCanvasElement>();

  constructor(private readonly classes: readonly TerrainClass[]) {
    const style = getComputedStyle(document.documentElement);
    this.token = (name) => style.getPropertyValue(name);
  }

  /** Return the canvas of a view; `labels` are all labels of the image. */
  of(view: Exclude<View, number>, found: Comparison, size: Size, labels: number): HTMLCanvasElement {
    const values = found[view];
    const known = this.made.get(values);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = size.width;
    canvas.height = size.height;
    canvas.getContext("2d")?.putImageData(new ImageData(paint(values, this.palette(view, labels)), size.width), 0, 0);
    this.made.set(values, canvas);
    return canvas;
  }

  private palette(view: Exclude<View, number>, labels: number): Palette {
    if (view === "majority") return new Map(this.classes.map(({ code, color }) => [code, colorOf(color, ALPHA)]));
    if (view === "disagreement") {
      return heat(labels, colorOf(this.token("--heat-cold"), 90), colorOf(this.token("--heat-hot"), 210));
    }
    return new Map([
      [SAME, colorOf(this.token("--chrome-text"), 70)],
      [MISSED, colorOf(this.token("--chrome-warn"), 190)],
      [EXTRA, colorOf(this.token("--chrome-danger"), 190)],
      [OTHER_CLASS, colorOf(this.token("--chrome-focus"), 190)],
    ]);
  }
}
