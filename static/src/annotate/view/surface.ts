/**
 * The drawing surface.
 *
 * Only this folder uses OpenLayers, and only this module knows that its y axis points up. All other
 * code uses image pixels with y down.
 */
import Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import OlMap from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import View from "ol/View";
import OlPolygon from "ol/geom/Polygon";
import DragPan from "ol/interaction/DragPan";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom";
import PinchZoom from "ol/interaction/PinchZoom";
import ImageLayer from "ol/layer/Image";
import VectorLayer from "ol/layer/Vector";
import VectorImageLayer from "ol/layer/VectorImage";
import Projection from "ol/proj/Projection";
import ImageStatic from "ol/source/ImageStatic";
import VectorSource from "ol/source/Vector";
import type { TerrainClass } from "../config";
import { regionArea } from "../core/geometry";
import type { Box, Size } from "../core/geometry";
import type { Label, Point, Region, Rings } from "../core/label";
import type { SketchView } from "../modes/draw";
import type { Pen, Tool } from "../modes/mode";
import { createCrosshair } from "./crosshair";
import { PenInput } from "./stroke_interaction";
import { Viewport } from "./viewport";
import { NO_SKETCH, SketchLayer } from "./sketch_layer";
import { createStyles, cssColor } from "./styles";

const FIT_PADDING = [8, 8, 8, 8];
const MAX_SCREEN_PIXELS_PER_PIXEL = 12;
const SMALLEST_PICTURE = 160;
/** The margin around a region that is zoomed to, as a share of the window; and the nearest zoom. */
const MARGIN_AROUND = 0.2;
const NEAREST = 4;
/** Minimum distance in screen pixels of a visible point from the edge. */
const EDGE = 56;

/** The visible part of the picture: its center in image pixels, and image pixels per CSS pixel. */
export interface Place {
  readonly center: Point;
  readonly resolution: number;
}

export class Surface {
  private size: Size = { width: 1, height: 1 };
  private readonly map: OlMap;
  /** The view of the picture. */
  readonly viewport: Viewport;
  private readonly picture = new ImageLayer<ImageStatic>({ className: "picture" });
  private readonly regions = new VectorSource<Feature<OlPolygon>>();
  private readonly features = new Map<Region, Feature<OlPolygon>>();
  private readonly sketch: SketchLayer;
  /** The selected region and regions being changed. They are few and redrawn in each frame. */
  private readonly changing = new VectorSource<Feature<OlPolygon>>();
  private selected: Feature<OlPolygon> | undefined;
  private highlighted: Feature<OlPolygon> | undefined;
  private readonly previewed = new Set<Feature<OlPolygon>>();
  private readonly cross = createCrosshair(cssColor("--chrome-text"), cssColor("--chrome-bg"));
  private readonly penInput: PenInput;
  private readonly regionLayer: VectorImageLayer<VectorSource<Feature<OlPolygon>>>;
  private readonly selectionLayer: VectorLayer<VectorSource<Feature<OlPolygon>>>;
  private readonly styles;
  private panHeld = false;
  private fittedAt = "";

  constructor(
    private readonly element: HTMLElement,
    classes: readonly TerrainClass[],
    pen: Pen,
  ) {
    this.styles = createStyles(classes);
    // Cached as an image while drawing: a hundred regions would slow down each stroke.
    this.regionLayer = new VectorImageLayer({
      source: this.regions,
      style: (feature, resolution) =>
        this.styles.region(feature.get("code") as number, sideOf(feature, resolution)),
      // A small region's outline stays whole where a large one surrounds it.
      renderOrder: (a, b) => (b.get("area") as number) - (a.get("area") as number),
    });
    this.selectionLayer = new VectorLayer({
      source: this.changing,
      style: (feature, resolution) => {
        const code = feature.get("code") as number;
        const side = sideOf(feature, resolution);
        if (feature === this.selected) return this.styles.selected(code, side);
        if (feature === this.highlighted) return this.styles.highlighted(code, side);
        return this.styles.region(code, side);
      },
      updateWhileInteracting: true,
    });
    this.sketch = new SketchLayer(this.styles, (point) => this.toCoordinate(point));
    this.penInput = new PenInput(pen, (event) => this.toPoint(event.coordinate));
    this.map = new OlMap({
      target: element,
      layers: [
        this.picture, this.regionLayer, this.selectionLayer, this.sketch.layer, this.cross.layer,
      ],
      controls: [],
      interactions: [
        new MouseWheelZoom(),
        new DragPan({ condition: (event) => this.mayPan(event) }),
        new PinchZoom(),
        this.penInput,
      ],
    });
    this.viewport = new Viewport(this.map, this.picture, [this.regionLayer, this.selectionLayer], this.styles);
    this.listen();
  }

  private listen(): void {
    this.map.on("change:size", () => {
      if (this.fittedAt && this.fittedAt === this.whereabouts()) this.fit();
    });
    this.map.on("postrender", () => this.publishView());
    // Drawing takes the keyboard away from buttons, but needs no focus (and no frame) of its own;
    // and a middle button that pans must not also start the browser's scrolling.
    this.element.addEventListener("mousedown", (event) => {
      event.preventDefault();
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    });
    this.element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /**
   * Show a picture at a place, or fitted to the window. Resolve when it is visible; reject if it
   * cannot be loaded.
   */
  async show(url: string, size: Size, place: Place | null = null): Promise<void> {
    const image = new Image();
    image.src = url;
    await image.decode();
    this.size = size;
    this.viewport.open(size);
    const extent = [0, 0, size.width, size.height];
    const projection = new Projection({ code: "image-pixels", units: "pixels", extent });
    this.picture.setSource(new ImageStatic({ url, imageExtent: extent, projection }));
    this.map.setView(
      new View({
        projection,
        extent,
        constrainOnlyCenter: true,
        enableRotation: false,
        center: [size.width / 2, size.height / 2],
        resolution: 1,
        minResolution: 1 / MAX_SCREEN_PIXELS_PER_PIXEL,
        maxResolution: Math.max(size.width, size.height) / SMALLEST_PICTURE,
      }),
    );
    this.fit();
    if (!place) return;
    this.map.getView().setResolution(place.resolution);
    this.map.getView().setCenter(this.toCoordinate(place.center));
  }

  /** Return the visible part; null while the whole picture is fitted to the window. */
  get place(): Place | null {
    if (this.fittedAt === this.whereabouts()) return null;
    return { center: this.center, resolution: this.resolution };
  }

  clear(): void {
    this.picture.setSource(null);
    this.showLabel({ regions: [] }, null);
    this.showSketch(NO_SKETCH);
  }

  fit(): void {
    this.map.updateSize();
    this.map.getView().fit([0, 0, this.size.width, this.size.height], { padding: FIT_PADDING });
    this.fittedAt = this.whereabouts();
  }

  /** Zoom to a part of the picture, not nearer than is of use. */
  zoomTo({ left, top, right, bottom }: Box): void {
    const { clientWidth, clientHeight } = this.element;
    const margin = MARGIN_AROUND * Math.min(clientWidth, clientHeight);
    this.map.getView().fit([left, this.size.height - bottom, right, this.size.height - top], {
      padding: [margin, margin, margin, margin],
      minResolution: 1 / NEAREST,
      duration: animationMs(),
    });
  }

  /** Go to a place; with null, show the whole picture. */
  goTo(place: Place | null): void {
    if (!place) {
      this.fit();
      return;
    }
    const { resolution, center } = place;
    this.map.getView().animate({ resolution, center: this.toCoordinate(center), duration: animationMs() });
  }

  /** Zoom by a number of doublings, around a point if one is given. */
  zoomBy(steps: number, about: Point | null = null): void {
    const view = this.map.getView();
    const zoom = view.getZoom();
    if (zoom === undefined) return;
    const anchor = about ? this.toCoordinate(about) : undefined;
    view.animate({ zoom: zoom + steps, duration: animationMs(), ...(anchor && { anchor }) });
  }

  /** Return the image point at the center of the visible area. */
  get center(): Point {
    return this.toPoint(this.map.getView().getCenter() ?? [0, 0]);
  }

  /** Pan the picture by screen pixels. */
  panBy([dx, dy]: Point): void {
    const view = this.map.getView();
    const [x = 0, y = 0] = view.getCenter() ?? [];
    view.setCenter([x + dx * this.resolution, y - dy * this.resolution]);
  }

  /** Pan the picture just enough to make a point visible, away from the edge. */
  keepInView(point: Point): void {
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    const [x, y] = point.map((value, axis) => (value - this.center[axis]!) / this.resolution);
    this.panBy([beyond(x!, width / 2 - EDGE), beyond(y!, height / 2 - EDGE)]);
  }

  showCross(point: Point | null): void {
    this.cross.show(point && this.toCoordinate(point));
    this.element.dataset.cross = point ? point.join(",") : "";
  }

  /** Return the image pixels per CSS pixel of the screen. */
  get resolution(): number {
    return this.map.getView().getResolution() ?? 1;
  }

  useTool(tool: Tool): void {
    this.element.dataset.tool = tool;
  }

  /** While held, every drag pans the picture, whatever the tool. */
  holdPan(held: boolean): void {
    this.panHeld = held;
    this.penInput.setActive(!held);
    this.element.toggleAttribute("data-pan", held);
  }

  hideRegions(hidden: boolean): void {
    this.regionLayer.setVisible(!hidden);
    this.selectionLayer.setVisible(!hidden);
  }

  /** Show the regions. Only added, removed or selected regions are redrawn. */
  showLabel(label: Label, selected: Region | null, vertex: Point | null = null): void {
    this.preview(new Map());
    const current = new Set(label.regions);
    for (const [region, feature] of this.features) {
      if (current.has(region)) continue;
      this.putBack(feature);
      this.regions.removeFeature(feature);
      this.features.delete(region);
      if (feature === this.highlighted) this.highlighted = undefined;
    }
    for (const region of label.regions) {
      if (this.features.has(region)) continue;
      const feature = new Feature({
        geometry: this.toGeometry(region.rings),
        code: region.code,
        area: regionArea(region.rings),
      });
      this.features.set(region, feature);
      this.regions.addFeature(feature);
    }
    this.hold(selected ? this.features.get(selected) : undefined);
    this.sketch.showVertex(vertex);
  }

  private hold(feature: Feature<OlPolygon> | undefined): void {
    const held = this.selected;
    if (held === feature) return;
    this.selected = feature;
    if (held && held !== this.highlighted) this.putBack(held);
    if (feature) this.moveToChanging(feature);
  }

  /** Make one region stand out. */
  highlight(region: Region | null): void {
    const feature = region ? this.features.get(region) : undefined;
    const before = this.highlighted;
    this.highlighted = feature;
    this.element.toggleAttribute("data-highlight", feature !== undefined);
    if (before && before !== this.selected && !this.previewed.has(before)) this.putBack(before);
    if (feature) this.moveToChanging(feature);
    this.changing.changed();
  }

  /** Show regions with changed rings until the next call. */
  preview(changes: ReadonlyMap<Region, Rings>): void {
    const features = new Map(
      [...changes].map(([region, rings]) => [this.features.get(region)!, rings]),
    );
    for (const [region, feature] of this.features) {
      if (!this.previewed.has(feature) || features.has(feature)) continue;
      this.previewed.delete(feature);
      feature.setGeometry(this.toGeometry(region.rings));
      if (feature !== this.selected && feature !== this.highlighted) this.putBack(feature);
    }
    for (const [feature, rings] of features) {
      this.previewed.add(feature);
      this.moveToChanging(feature);
      feature.setGeometry(this.toGeometry(rings));
    }
  }

  /** Move one region from the layer of all regions to the layer of regions being changed. */
  private moveToChanging(feature: Feature<OlPolygon>): void {
    if (this.changing.hasFeature(feature)) return;
    this.regions.removeFeature(feature);
    this.changing.addFeature(feature);
  }

  private putBack(feature: Feature<OlPolygon>): void {
    if (!this.changing.hasFeature(feature)) return;
    this.changing.removeFeature(feature);
    this.regions.addFeature(feature);
  }

  /** Highlight the point that a press would drag. */
  showHandle(point: Point | null): void {
    this.element.toggleAttribute("data-grip", point !== null);
    this.sketch.showHandle(point);
  }

  showSketch(view: SketchView): void {
    this.sketch.show(view);
  }

  private mayPan(event: MapBrowserEvent): boolean {
    const pointer = event.originalEvent as PointerEvent;
    const fingers = event.activePointers?.length ?? 0;
    if (pointer.button === 1 || this.panHeld || fingers > 1) return true;
    const isPalm = pointer.pointerType === "touch" && this.penInput.hasPen;
    return isPalm || this.element.dataset.tool === "edit";
  }

  private toGeometry(rings: Rings): OlPolygon {
    return new OlPolygon(
      rings.map((ring) => [...ring, ring[0]!].map((point) => this.toCoordinate(point))),
    );
  }

  private toPoint([x = 0, y = 0]: readonly number[]): Point {
    return [x, this.size.height - y];
  }

  private toCoordinate([x, y]: Point): [number, number] {
    return [x, this.size.height - y];
  }

  private whereabouts(): string {
    const view = this.map.getView();
    return `${view.getResolution()} ${String(view.getCenter())}`;
  }

  /**
   * Publish the position of image pixels in data attributes: page = x0 + scale * x inside the
   * element.
   */
  private publishView(): void {
    const origin = this.picture.getSource()
      ? this.map.getPixelFromCoordinate(this.toCoordinate([0, 0]))
      : null;
    if (!origin) return;
    const numbers = [origin[0]!, origin[1]!, 1 / this.resolution];
    this.element.dataset.view = numbers.map((value) => value.toFixed(4)).join(",");
  }
}

/** Return the side of a square with the region's area, CSS pixels. */
function sideOf(feature: FeatureLike, resolution: number): number {
  return Math.sqrt(feature.get("area") as number) / resolution;
}

function animationMs(): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 140;
}

/** Return how far a value lies outside -bound .. bound, with its sign. */
function beyond(value: number, bound: number): number {
  const most = Math.max(bound, 0);
  return value - Math.min(Math.max(value, -most), most);
}
