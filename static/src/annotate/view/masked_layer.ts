/** Masked areas in OpenLayers, with a hatch for each kind. */
import Feature from "ol/Feature";
import OlPolygon from "ol/geom/Polygon";
import VectorImageLayer from "ol/layer/VectorImage";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { Masked, MaskKind } from "../core/geometry";
import type { Point } from "../core/label";
import { cssColor } from "./styles";

const TILE = 12;
/** Hatch lines in units of one tile: horizontal for too far away, crossed for the rover. */
const LINES: Record<MaskKind, readonly (readonly [number, number, number, number])[]> = {
  beyond: [[0, 0.5, 1, 0.5]],
  rover: [[-0.5, 0.5, 0.5, -0.5], [0, 1, 1, 0], [0.5, 1.5, 1.5, 0.5], [0, 0, 1, 1]],
};

export class MaskedLayer {
  private readonly source = new VectorSource<Feature<OlPolygon>>();
  readonly layer: VectorImageLayer<VectorSource<Feature<OlPolygon>>>;

  constructor(private readonly toCoordinate: (point: Point) => [number, number]) {
    const styles: Record<MaskKind, Style> = { beyond: styleOf("beyond"), rover: styleOf("rover") };
    this.layer = new VectorImageLayer({
      source: this.source,
      style: (feature) => styles[feature.get("why") as MaskKind],
    });
  }

  show(masked: readonly Masked[]): void {
    this.source.clear();
    for (const { rings, why } of masked) {
      const closed = rings.map((ring) => [...ring, ring[0]!].map(this.toCoordinate));
      this.source.addFeature(new Feature({ geometry: new OlPolygon(closed), why }));
    }
  }
}

function styleOf(why: MaskKind): Style {
  return new Style({
    fill: new Fill({ color: hatchOf(why) }),
    stroke: new Stroke({ color: cssColor("--chrome-mask-edge"), width: 1, lineDash: [4, 4] }),
  });
}

function hatchOf(why: MaskKind): CanvasPattern {
  const ratio = window.devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(TILE * ratio);
  const pen = tile.getContext("2d")!;
  pen.scale(tile.width, tile.height);
  if (why === "rover") {
    // Far ground is dark in the picture itself; the rover is not, and its deck is bright.
    pen.fillStyle = cssColor("--chrome-mask-dim");
    pen.fillRect(0, 0, 1, 1);
  }
  pen.strokeStyle = cssColor("--chrome-mask");
  pen.lineWidth = 1 / TILE;
  for (const [x0, y0, x1, y1] of LINES[why]) {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }
  return pen.createPattern(tile, "repeat")!;
}
