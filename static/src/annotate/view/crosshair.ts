/** The cross that the arrow keys move, as the drawing engine shows it. */
import Feature from "ol/Feature";
import OlPoint from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";

const ARM = 16;

/** A light cross with a dark edge stands out on every ground; its middle is open, to aim. */
export function createCross(light: string, dark: string): {
  layer: VectorLayer;
  show(coordinate: [number, number] | null): void;
} {
  const mark = new Feature<OlPoint>();
  mark.setStyle([
    plus(new Stroke({ color: dark, width: 5 })),
    plus(new Stroke({ color: light, width: 2 })),
    ring(new Stroke({ color: dark, width: 4 })),
    ring(new Stroke({ color: light, width: 1.5 })),
  ]);
  const layer = new VectorLayer({
    source: new VectorSource({ features: [mark] }),
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    zIndex: 20,
  });
  return {
    layer,
    show: (coordinate) => mark.setGeometry(coordinate ? new OlPoint(coordinate) : undefined),
  };
}

function plus(stroke: Stroke): Style {
  return new Style({ image: new RegularShape({ points: 4, radius: ARM, radius2: 0, stroke }) });
}

function ring(stroke: Stroke): Style {
  return new Style({ image: new CircleStyle({ radius: 6, stroke }) });
}
