/** Formatting of measurements in the person's language. */
import type { Say, TerrainClass } from "../config";
import type { Size3 } from "./size";

/** Minimum size of an object of a class; null if the class has none. */
export interface Rule {
  readonly width: number;
  readonly height: number;
}

export function ruleOf(terrain: TerrainClass | undefined): Rule | null {
  const [width, height] = [terrain?.min_width_m ?? 0, terrain?.min_height_m ?? 0];
  return width || height ? { width, height } : null;
}

/** Return whether an object is large enough, compared in whole centimeters as displayed. */
export function meetsRule({ width, height }: Size3, rule: Rule): boolean {
  const cm = (meters: number): number => Math.round(100 * meters);
  return cm(width) >= cm(rule.width) && cm(height) >= cm(rule.height);
}

/** Format a length: in centimeters below ten meters. */
export function formatLength(meters: number, say: Say, language: string): string {
  if (meters >= 10) return say("meters", { number: numberIn(language, meters, 1) });
  return say("centimeters", { number: numberIn(language, 100 * meters, 0) });
}

/**
 * Format a distance as "12.4 m away", without decimals beyond 100 m, or beyond 10 m for estimates.
 */
export function formatDistance(
  meters: number | null,
  estimated: boolean,
  say: Say,
  language: string,
): string {
  if (meters === null) return say("distance_none");
  if (meters === Infinity) return say("distance_sky");
  const digits = meters >= 100 || (estimated && meters >= 10) ? 0 : 1;
  const name = estimated ? "distance_estimated" : "distance";
  return say(name, { meters: numberIn(language, meters, digits) });
}

/** Format an object's size, and say whether it meets the minimum size of its class. */
export function formatSize(
  size: Size3,
  estimated: boolean,
  terrain: TerrainClass,
  say: Say,
  language: string,
): { measures: string; verdict: string; obeyed: boolean } {
  const words = (meters: number): string => formatLength(meters, say, language);
  const rule = ruleOf(terrain)!;
  const obeyed = meetsRule(size, rule);
  const needs = rule.width && rule.height ? "both" : rule.width ? "width" : "height";
  const least = { width: words(rule.width), height: words(rule.height) };
  return {
    measures: say(estimated ? "size_estimated" : "size", {
      width: words(size.width),
      height: words(size.height),
    }),
    verdict: obeyed
      ? say("size_yes", { class: terrain.name })
      : say(`size_no_${needs}`, { class: terrain.name, ...least }),
    obeyed,
  };
}

function numberIn(language: string, value: number, digits: number): string {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}
