/** The keyboard cursor as an OpenLayers feature. */
import Feature from "ol/Feature";
import OlPoint from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import RegularShape from "ol/style/RegularShape";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";

const ARM = 16;

/**
 * Create a light crosshair with a dark edge, visible on any background, with an open center for
 * aiming.
 */
export function createCrosshair(light: string, dark: string): {
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
