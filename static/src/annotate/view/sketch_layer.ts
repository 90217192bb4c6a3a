/** The layer with the sketch, the snap marker, and draggable points. */
import Feature from "ol/Feature";
import LineString from "ol/geom/LineString";
import OlPoint from "ol/geom/Point";
import OlPolygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import type { Point } from "../core/label";
import type { SketchView } from "../modes/draw";
import type { Styles } from "./styles";

export const NO_SKETCH: SketchView = {
  points: [], ahead: [], snap: null, tool: "draw", code: 0, isLine: false,
};

export class SketchLayer {
  readonly layer: VectorLayer<VectorSource<Feature>>;
  private readonly area = new Feature<OlPolygon>();
  private readonly line = new Feature<LineString>();
  private readonly ahead = new Feature<LineString>();
  private readonly start = new Feature<OlPoint>();
  private readonly snap = new Feature<OlPoint>();
  private readonly vertex = new Feature<OlPoint>();
  private readonly handle = new Feature<OlPoint>();

  constructor(
    private readonly styles: Styles,
    private readonly toCoordinate: (point: Point) => [number, number],
  ) {
    this.vertex.setStyle(styles.vertex);
    this.handle.setStyle(styles.handle);
    const { area, line, ahead, start, vertex, handle, snap } = this;
    this.layer = new VectorLayer({
      source: new VectorSource<Feature>({
        features: [area, line, ahead, start, vertex, handle, snap],
      }),
      updateWhileInteracting: true,
      updateWhileAnimating: true,
    });
  }

  /**
   * Show the points of the sketch, the line from the last one to the pointer, and the snap marker.
   */
  show({ points, ahead, snap, tool, code, isLine }: SketchView): void {
    const path = points.map(this.toCoordinate);
    const beyond = ahead.map(this.toCoordinate);
    const outline = [...path, ...beyond];
    const isArea = !isLine && path.length > 0 && outline.length > 2;
    const last = path.at(-1);
    this.area.setGeometry(isArea ? new OlPolygon([[...outline, outline[0]!]]) : undefined);
    this.line.setGeometry(last ? new LineString(path) : undefined);
    this.ahead.setGeometry(last && beyond.length ? new LineString([last, ...beyond]) : undefined);
    this.start.setGeometry(last ? new OlPoint(path[0]!) : undefined);
    this.snap.setGeometry(snap ? this.pointAt(snap.point) : undefined);
    const style = this.styles.sketch(tool === "draw" ? code : tool, !isLine && points.length >= 3);
    this.area.setStyle(style.area);
    this.line.setStyle(style.line);
    this.ahead.setStyle(style.ahead);
    this.start.setStyle(style.start);
    if (snap) this.snap.setStyle(this.styles.snap(snap.on));
  }

  /** Highlight the point that a press would drag. */
  showHandle(point: Point | null): void {
    this.handle.setGeometry(point ? this.pointAt(point) : undefined);
  }

  /** Show the selected corner. */
  showVertex(point: Point | null): void {
    this.vertex.setGeometry(point ? this.pointAt(point) : undefined);
  }

  private pointAt(point: Point): OlPoint {
    return new OlPoint(this.toCoordinate(point));
  }
}
