/** Simplified outlines, for a label that is too large to send. */
import { simplify } from "../core/geometry";
import type { PolygonJson } from "../core/label";

const LARGEST_TOLERANCE = 8;

const pointsIn = (polygons: readonly PolygonJson[]): number =>
  polygons.reduce((sum, { rings }) => sum + rings.reduce((n, ring) => n + ring.length, 0), 0);

/** Return polygons with at most half the points, limited by a deviation of 8 pixels. */
export function simplifyToHalf(polygons: readonly PolygonJson[]): PolygonJson[] {
  const enough = pointsIn(polygons) / 2;
  let smaller = [...polygons];
  for (let tolerance = 0.5; tolerance <= LARGEST_TOLERANCE; tolerance *= 2) {
    smaller = polygons.map((polygon) => ({
      ...polygon,
      rings: polygon.rings.map((ring) => {
        const fewer = simplify(ring, tolerance);
        return fewer.length >= 3 ? fewer : ring;
      }),
    }));
    if (pointsIn(smaller) <= enough) break;
  }
  return smaller;
}
