/**
 * How the picture is seen: crisp pixels, its look, masked areas, classes that are hidden for a
 * moment, the ruler, and what the pointer is over. The label itself is the surface's business.
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
import { token } from "./styles";

/** From so many screen pixels for one of the picture on, its pixels are shown as they are. */
const CRISP_FROM = 3.5;

/** Where a pointer is. */
export interface Pointer {
  readonly point: Point;
  /** Place on the drawing surface, CSS pixels. */
  readonly place: readonly [number, number];
  readonly type: string;
  readonly pressed: boolean;
}

/** Any layer of regions; features carry their class's `code`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the engine's own generics
type RegionLayer = BaseVectorLayer<any, any, any>;

export class Viewport {
  readonly element: HTMLElement;
  private size: Size = { width: 1, height: 1 };
  private hiddenCodes: ReadonlySet<number> = new Set();
  private readonly masked = new MaskedLayer((point) => this.toCoordinate(point));
  private readonly ruler = new Feature<LineString>();

  constructor(
    private readonly map: OlMap,
    picture: BaseLayer,
    private readonly regionLayers: readonly RegionLayer[],
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

  /** A new picture, without masked areas so far. */
  open(size: Size): void {
    this.size = size;
    this.masked.show([]);
    this.showRuler(null);
  }

  showMasked(masked: readonly Masked[]): void {
    this.masked.show(masked);
  }

  /** How the picture looks, as a CSS filter, and how opaque the regions are, 0..1. */
  adjust(filter: string, opacity: number): void {
    this.element.style.setProperty("--picture-filter", filter);
    for (const layer of this.regionLayers) layer.setOpacity(opacity);
  }

  hideClasses(codes: ReadonlySet<number>): void {
    this.hiddenCodes = codes;
    for (const layer of this.regionLayers) layer.changed();
  }

  showRuler(ends: readonly [Point, Point] | null): void {
    this.ruler.setGeometry(ends ? new LineString(ends.map((end) => this.toCoordinate(end))) : undefined);
  }

  /** Tells where the pointer is; null when it has left, or a finger was lifted. */
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

  /** Called after each frame that was drawn. */
  onFrame(listener: () => void): void {
    this.map.on("postrender", listener);
  }

  /** What is drawn on the screen, from the picture up. */
  get canvases(): readonly HTMLCanvasElement[] {
    return [...this.element.querySelectorAll<HTMLCanvasElement>(".ol-layers canvas")];
  }

  private toCoordinate([x, y]: Point): [number, number] {
    return [x, this.size.height - y];
  }
}

function rulerStyle(): Style[] {
  const light = token("--chrome-text");
  const casing = token("--chrome-casing");
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
        fill: new Fill({ color: token("--chrome-accent") }),
        stroke: new Stroke({ color: casing, width: 2 }),
      }),
    }),
  ];
}
