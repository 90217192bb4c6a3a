/** OpenLayers styles of regions, the sketch and its handles. */
import MultiPoint from "ol/geom/MultiPoint";
import OlPolygon from "ol/geom/Polygon";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { RenderFunction } from "ol/style/Style";
import type { Coordinate } from "ol/coordinate";
import type { TerrainClass } from "../config";
import { fadingHatch, hatch } from "./patterns";

export interface SketchStyle {
  readonly area: Style;
  readonly line: Style[];
  /** Styles of the line from the last point to the pointer. */
  readonly ahead: Style[];
  readonly start: Style;
}

export type SketchKind = number | "cut" | "split";

export interface Styles {
  /** Return the style of a region of a class. `side`: of a square of its area, CSS pixels. */
  region(code: number, side: number): Style[];
  selected(code: number, side: number): Style[];
  highlighted(code: number, side: number): Style[];
  /** Set how far patterns reach from the border into a region: 0 not at all, 100 everywhere. */
  setPatternReach(percent: number): void;
  /** Return the sketch style of the class with that code, or of a tool. */
  sketch(look: SketchKind, closable: boolean): SketchStyle;
  /** Return the snap marker: a ring on a corner, a square on an edge. */
  snap(on: "corner" | "edge"): Style;
  /** Style of the point that a drag would move. */
  readonly handle: Style;
  /** Style of the selected corner. */
  readonly vertex: Style;
}

interface Outline {
  readonly color: string;
  readonly width: number;
}

type Outlined = "plain" | "outstanding";
/** The styles of a class: hatched all over, and hatched along the border. */
type Looks = Record<Outlined, { readonly whole: Style[]; readonly faded: Style[] }>;

const CSS_PIXELS_PER_PERCENT = 0.8;
/** A region is small if a square of its area has a side of less than so many reaches of its pattern. */
const SMALL = 2.5;

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

  const corners = new Style({
    image: dot(4.5, casing, 1.5),
    geometry: (feature) =>
      new MultiPoint((feature.getGeometry() as OlPolygon).getCoordinates().flat()),
    zIndex: 2,
  });
  const ratio = window.devicePixelRatio;
  let reach = 0;
  let looks = new Map<number, Looks>();
  const outlines = (look: Outlined, color: string): Outline[] => ({
    plain: [{ color: casing, width: 4 }, { color, width: 2 }],
    outstanding: [{ color: casing, width: 7 }, { color: light, width: 4 }, { color, width: 2 }],
  })[look];
  const looksOf = ({ color, pattern }: TerrainClass): Looks => {
    // Of a small region, all is near the border. It is filled as one, which takes less time.
    const whole = new Fill({ color: hatch(color, pattern, ratio) });
    const fade = fadingHatch(color, pattern, ratio, reach);
    const of = (look: Outlined): { whole: Style[]; faded: Style[] } => ({
      whole: outlines(look, color).map((stroke, place) => new Style({
        ...(place === 0 && { fill: whole }), stroke: new Stroke(stroke), zIndex: 1,
      })),
      faded: [new Style({ renderer: fadedRenderer(fade, outlines(look, color)), zIndex: 0 })],
    });
    return { plain: of("plain"), outstanding: of("outstanding") };
  };
  const setPatternReach = (percent: number): void => {
    reach = percent < 100 ? percent * CSS_PIXELS_PER_PERCENT : Infinity;
    looks = new Map(classes.map((each) => [each.code, looksOf(each)]));
  };
  setPatternReach(100);
  const styleOf = (look: Outlined, code: number, side: number): Style[] => {
    const found = looks.get(code)?.[look];
    if (!found) return [];
    return reach > 0 && side < SMALL * reach ? found.whole : found.faded;
  };

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
    region: (code, side) => styleOf("plain", code, side),
    selected: (code, side) => [...styleOf("outstanding", code, side), corners],
    highlighted: (code, side) => styleOf("outstanding", code, side),
    setPatternReach,
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

/** Return a renderer that fills a polygon with a fading hatch and draws its outlines. */
function fadedRenderer(
  fade: ReturnType<typeof fadingHatch>, outlines: readonly Outline[],
): RenderFunction {
  return (coordinates, { context: pen, geometry, pixelRatio, resolution }) => {
    const rings = coordinates as Coordinate[][];
    pen.beginPath();
    for (const ring of rings) {
      ring.forEach(([x = 0, y = 0], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
    }
    const [x = 0, y = 0] = geometry instanceof OlPolygon ? geometry.getOrientedFlatCoordinates() : [];
    const [left = 0, top = 0] = rings[0]?.[0] ?? [];
    const scale = pixelRatio / resolution;
    fade(pen, [left - x * scale, top + y * scale]);
    pen.lineJoin = pen.lineCap = "round";
    for (const { color, width } of outlines) {
      pen.strokeStyle = color;
      pen.lineWidth = width * pixelRatio;
      pen.stroke();
    }
  };
}

/** Return a color of the page by the name of its CSS variable. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#fff";
}
