/**
 * The view of the picture: crisp pixels, picture settings, masked areas, temporarily hidden
 * classes, ruler and pointer position. The surface itself shows the label.
 */
import Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import type OlMap from "ol/Map";
import LineString from "ol/geom/LineString";
import MultiPoint from "ol/geom/MultiPoint";
import type BaseLayer from "ol/layer/Base";
import type BaseVectorLayer from "ol/layer/BaseVector";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { Masked, Size } from "../core/geometry";
import type { Point } from "../core/label";
import { MaskedLayer } from "./masked_layer";
import { cssColor } from "./styles";
import type { Styles } from "./styles";

/** From this zoom on (screen pixels per image pixel), pixels are shown without smoothing. */
const CRISP_FROM = 3.5;

/** CSS pixels between the ruler and its length. */
const RULER_GAP = 10;

/** The position of a pointer. */
export interface Pointer {
  readonly point: Point;
  /** Position on the drawing surface in CSS pixels. */
  readonly place: readonly [number, number];
  readonly type: string;
  readonly pressed: boolean;
}

/** Any layer of regions. Its features have the property `code` of their class. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the engine's own generics
type RegionLayer = BaseVectorLayer<any, any, any>;

export class Viewport {
  readonly element: HTMLElement;
  private size: Size = { width: 1, height: 1 };
  private patternReach = -1;
  private hiddenCodes: ReadonlySet<number> = new Set();
  private readonly masked = new MaskedLayer((point) => this.toCoordinate(point));
  private readonly ruler = new Feature<LineString>();
  private readonly rulerNote = document.getElementById("ruler-note")!;

  constructor(
    private readonly map: OlMap,
    picture: BaseLayer,
    private readonly regionLayers: readonly RegionLayer[],
    private readonly styles: Pick<Styles, "setPatternReach">,
  ) {
    this.element = map.getTargetElement()!;
    map.getLayers().insertAt(1, this.masked.layer);
    map.addLayer(
      new VectorLayer({
        source: new VectorSource({ features: [this.ruler] }),
        style: rulerStyle(),
        updateWhileInteracting: true,
        updateWhileAnimating: true,
      }),
    );
    this.element.append(this.rulerNote);
    map.on("postrender", () => this.placeRulerNote());
    picture.on("prerender" as "change", (event) => {
      const { context } = event as unknown as { context: CanvasRenderingContext2D };
      const resolution = map.getView().getResolution() ?? 1;
      context.imageSmoothingEnabled = 1 / resolution < CRISP_FROM;
    });
    for (const layer of regionLayers) {
      const style = layer.getStyleFunction()!;
      layer.setStyle((feature: FeatureLike, resolution: number) =>
        this.hiddenCodes.has(feature.get("code") as number) ? [] : style(feature, resolution),
      );
    }
  }

  /** Start with a new picture, at first without masked areas. */
  open(size: Size): void {
    this.size = size;
    this.masked.show([]);
    this.showRuler(null);
  }

  showMasked(masked: readonly Masked[]): void {
    this.masked.show(masked);
  }

  /**
   * Set the CSS filter of the picture, the opacity (0..1) of the regions, and how far patterns
   * reach into them, percent.
   */
  adjust(filter: string, opacity: number, patternReach: number): void {
    this.element.style.setProperty("--picture-filter", filter);
    for (const layer of this.regionLayers) layer.setOpacity(opacity);
    if (patternReach === this.patternReach) return;
    this.patternReach = patternReach;
    this.styles.setPatternReach(patternReach);
    for (const layer of this.regionLayers) layer.changed();
  }

  hideClasses(codes: ReadonlySet<number>): void {
    this.hiddenCodes = codes;
    for (const layer of this.regionLayers) layer.changed();
  }

  showRuler(ends: readonly [Point, Point] | null): void {
    this.ruler.setGeometry(ends ? new LineString(ends.map((end) => this.toCoordinate(end))) : undefined);
  }

  /** Put the length beside the middle of the ruler: above it, within the visible area. */
  private placeRulerNote(): void {
    const note = this.rulerNote;
    const ends = this.ruler.getGeometry()?.getCoordinates().map((end) => this.map.getPixelFromCoordinate(end));
    if (!ends || note.hidden) return;
    const [[x0 = 0, y0 = 0], [x1 = 0, y1 = 0]] = ends as [number[], number[]];
    const length = Math.hypot(x1 - x0, y1 - y0);
    const turn = x1 < x0 ? -1 : 1;
    const [across, up] = length ? [(turn * (y1 - y0)) / length, (-turn * (x1 - x0)) / length] : [0, -1];
    const { offsetWidth, offsetHeight } = note;
    const away = RULER_GAP + (Math.abs(across) * offsetWidth + Math.abs(up) * offsetHeight) / 2;
    const within = (middle: number, size: number, room: number): number =>
      Math.round(Math.min(Math.max(middle - size / 2, 0), Math.max(room - size, 0)));
    const left = within((x0 + x1) / 2 + across * away, offsetWidth, this.element.clientWidth);
    const top = within((y0 + y1) / 2 + up * away, offsetHeight, this.element.clientHeight);
    note.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** Call the listener with the pointer position; with null when it left or a finger was lifted. */
  onPointer(listener: (pointer: Pointer | null) => void): void {
    const tell = (event: PointerEvent): void => {
      const box = this.element.getBoundingClientRect();
      const place = [event.clientX - box.left, event.clientY - box.top] as const;
      const coordinate = this.map.getCoordinateFromPixel([...place]);
      if (!coordinate) return;
      const [x, y] = coordinate as [number, number];
      const point: Point = [x, this.size.height - y];
      listener({ point, place, type: event.pointerType, pressed: event.buttons > 0 });
    };
    const gone = (event: PointerEvent): void => {
      if (event.type === "pointerup" && event.pointerType === "mouse") tell(event);
      else listener(null);
    };
    for (const type of ["pointerdown", "pointermove"] as const) {
      this.element.addEventListener(type, tell);
    }
    for (const type of ["pointerup", "pointercancel", "pointerleave"] as const) {
      this.element.addEventListener(type, gone);
    }
  }

  /** Call the listener after each rendered frame. */
  onFrame(listener: () => void): void {
    this.map.on("postrender", listener);
  }

  /** Return the canvases on the screen, from the picture up. */
  get canvases(): readonly HTMLCanvasElement[] {
    return [...this.element.querySelectorAll<HTMLCanvasElement>(".ol-layers canvas")];
  }

  private toCoordinate([x, y]: Point): [number, number] {
    return [x, this.size.height - y];
  }
}

function rulerStyle(): Style[] {
  const light = cssColor("--chrome-text");
  const casing = cssColor("--chrome-casing");
  const ends = (feature: { getGeometry(): unknown }): MultiPoint | undefined => {
    const line = feature.getGeometry() as LineString | undefined;
    return line && new MultiPoint(line.getCoordinates());
  };
  return [
    new Style({ stroke: new Stroke({ color: casing, width: 5 }) }),
    new Style({ stroke: new Stroke({ color: light, width: 2 }) }),
    new Style({
      geometry: ends as never,
      image: new CircleStyle({
        radius: 5,
        fill: new Fill({ color: cssColor("--chrome-accent") }),
        stroke: new Stroke({ color: casing, width: 2 }),
      }),
    }),
  ];
}
