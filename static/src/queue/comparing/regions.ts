/** Draw the regions of a label as SVG, in image pixels. */

import type { Polygon, TerrainClass } from "../types";

const SVG = "http://www.w3.org/2000/svg";

export function svgElement<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function pathData(polygon: Polygon): string {
  return polygon.rings
    .map((ring) => `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`)
    .join("");
}

/** Draw regions as paths: a translucent fill, and an outline with a dark edge for contrast. */
export function drawRegions(polygons: readonly Polygon[], classes: readonly TerrainClass[]): SVGGElement {
  const group = svgElement("g", { class: "regions" });
  for (const polygon of polygons) {
    const color = classes.find((each) => each.code === polygon.class)?.color ?? "currentColor";
    const d = pathData(polygon);
    group.append(
      svgElement("path", { class: "casing", d, "fill-rule": "evenodd", fill: "none" }),
      svgElement("path", { class: "region", d, "fill-rule": "evenodd", fill: color, stroke: color }),
    );
  }
  return group;
}

/** Return a thumbnail of one label. */
export function thumbnail(
  picture: { readonly width: number; readonly height: number; readonly thumbnail_url: string },
  polygons: readonly Polygon[],
  classes: readonly TerrainClass[],
): SVGSVGElement {
  const { width, height, thumbnail_url } = picture;
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMid meet", "aria-hidden": "true" });
  svg.append(svgElement("image", { href: thumbnail_url, width, height, preserveAspectRatio: "none" }), drawRegions(polygons, classes));
  return svg;
}
