/** OpenLayers styles of regions, the sketch and its handles. */
import MultiPoint from "ol/geom/MultiPoint";
import type OlPolygon from "ol/geom/Polygon";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { TerrainClass } from "../config";
import { hatch } from "./patterns";

export interface SketchStyle {
  readonly area: Style;
  readonly line: Style[];
  /** Styles of the line from the last point to the pointer. */
  readonly ahead: Style[];
  readonly start: Style;
}

export type SketchKind = number | "cut" | "split";

export interface Styles {
  region(code: number): Style[];
  selected(code: number): Style[];
  highlighted(code: number): Style[];
  /** Return the sketch style of the class with that code, or of a tool. */
  sketch(look: SketchKind, closable: boolean): SketchStyle;
  /** Return the snap marker: a ring on a corner, a square on an edge. */
  snap(on: "corner" | "edge"): Style;
  /** Style of the point that a drag would move. */
  readonly handle: Style;
  /** Style of the selected corner. */
  readonly vertex: Style;
}

export function createStyles(classes: readonly TerrainClass[]): Styles {
  const casing = cssColor("--chrome-casing");
  const light = cssColor("--chrome-text");
  const white = new Fill({ color: light });
  const dot = (radius: number, color: string, width = 2): CircleStyle =>
    new CircleStyle({ radius, fill: white, stroke: new Stroke({ color, width }) });
  const danger = cssColor("--chrome-danger");
  const accent = cssColor("--chrome-accent");
  const colorOf = (look: SketchKind): string => {
    if (look === "cut") return danger;
    if (look === "split") return light;
    return classes.find((each) => each.code === look)?.color ?? light;
  };

  const square = new RegularShape({
    points: 4,
    radius: 8,
    angle: Math.PI / 4,
    stroke: new Stroke({ color: accent, width: 2.5 }),
    fill: new Fill({ color: casing }),
  });
  const onCorner = new Style({ image: dot(6, accent, 3) });
  const onEdge = new Style({ image: square });

  const looks = new Map<number, { plain: Style[]; selected: Style[]; highlighted: Style[] }>();
  for (const { code, color, pattern } of classes) {
    const fill = new Fill({ color: hatch(color, pattern, window.devicePixelRatio) });
    const corners = new Style({
      image: dot(4.5, casing, 1.5),
      geometry: (feature) =>
        new MultiPoint((feature.getGeometry() as OlPolygon).getCoordinates().flat()),
    });
    const outstanding = [
      new Style({ fill, stroke: new Stroke({ color: casing, width: 7 }) }),
      new Style({ stroke: new Stroke({ color: light, width: 4 }) }),
      new Style({ stroke: new Stroke({ color, width: 2 }) }),
    ];
    looks.set(code, {
      plain: [
        new Style({ fill, stroke: new Stroke({ color: casing, width: 4 }) }),
        new Style({ stroke: new Stroke({ color, width: 2 }) }),
      ],
      selected: [...outstanding, corners],
      highlighted: outstanding,
    });
  }

  const sketchOf = (look: SketchKind, closable: boolean): SketchStyle => {
    const color = colorOf(look);
    return {
      area: new Style({ fill: new Fill({ color: `${color}40` }) }),
      line: [
        new Style({ stroke: new Stroke({ color: casing, width: 4.5 }) }),
        new Style({ stroke: new Stroke({ color, width: 2.5 }) }),
      ],
      ahead: [
        new Style({ stroke: new Stroke({ color: casing, width: 4.5 }) }),
        new Style({ stroke: new Stroke({ color, width: 2.5, lineDash: [6, 5] }) }),
      ],
      // Only the first point is marked; it grows when the shape can be closed there.
      start: new Style({ image: dot(closable ? 8 : 5, color, closable ? 3 : 2) }),
    };
  };

  const sketches = new Map<string, SketchStyle>();
  return {
    region: (code) => looks.get(code)?.plain ?? [],
    selected: (code) => looks.get(code)?.selected ?? [],
    highlighted: (code) => looks.get(code)?.highlighted ?? [],
    sketch: (look, closable) => {
      const key = `${look} ${closable}`;
      const style = sketches.get(key) ?? sketchOf(look, closable);
      sketches.set(key, style);
      return style;
    },
    snap: (on) => (on === "corner" ? onCorner : onEdge),
    handle: new Style({ image: dot(7, casing, 2) }),
    vertex: new Style({ image: dot(7.5, accent, 4) }),
  };
}

/** Return a color of the page by the name of its CSS variable. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#fff";
}
