/** The view of the curation page: filter, bound, order, and page number. Pure. */

import type { Listing, Quality } from "./types";

export type Measure = keyof Quality;
export type FilterName = "all" | "dark" | "overexposed" | "blurry" | "rover" | "unmasked" | "terrain" | "duplicates" | "retired";

export interface Filter {
  readonly name: FilterName;
  /** The measure of the filter; null if it has none. */
  readonly measure: Measure | null;
  /** Images with at least ("min") or at most ("max") `bound` percent; null: no bound, only an order. */
  readonly side: "min" | "max";
  readonly bound: number | null;
  /** The initial order, the worst first. */
  readonly sort: string;
  /** The default reason for retiring its images. */
  readonly reason: string;
}

const filter = (
  name: FilterName,
  measure: Measure | null,
  side: "min" | "max",
  bound: number | null,
  sort: string,
  reason: string,
): Filter => ({ name, measure, side, bound, sort, reason });

export const FILTERS: readonly Filter[] = [
  filter("all", null, "min", null, "product_id", "other"),
  filter("dark", "dark_share", "min", 50, "-dark_share", "dark"),
  filter("overexposed", "saturated_share", "min", 5, "-saturated_share", "overexposed"),
  filter("blurry", "sharpness", "max", 20, "sharpness", "blurry"),
  filter("rover", "rover_share", "min", 30, "-rover_share", "rover"),
  filter("unmasked", null, "min", null, "product_id", "other"),
  filter("terrain", "terrain_share", "max", 20, "terrain_share", "terrain"),
  filter("duplicates", null, "min", null, "product_id", "duplicate"),
  filter("retired", null, "min", null, "product_id", "other"),
];

const ALL = FILTERS[0]!;

/** The orders to choose from; "-" is from high to low. */
export const SORTS: readonly string[] = [
  "product_id",
  "sol",
  "sharpness",
  "-sharpness",
  "contrast",
  "-dark_share",
  "-saturated_share",
  "-rover_share",
  "terrain_share",
];

export interface View {
  readonly filter: Filter;
  /** Percent; null for a filter without a bound. */
  readonly bound: number | null;
  readonly sort: string;
  /** Counts from 1. */
  readonly page: number;
}

/** Return the initial view of a filter; an unknown name gives all images. */
export function startOf(name: string): View {
  const chosen = FILTERS.find((each) => each.name === name) ?? ALL;
  return { filter: chosen, bound: chosen.bound, sort: chosen.sort, page: 1 };
}

/** Return the query string of the request for a view. */
export function questionOf(view: View): URLSearchParams {
  const { filter: chosen, bound, sort, page } = view;
  const question = new URLSearchParams({ sort, retired: chosen.name === "retired" ? "1" : "0", page: String(page) });
  if (chosen.name === "duplicates") question.set("duplicates", "1");
  if (chosen.name === "unmasked") question.set("rover_mask", "unknown");
  if (chosen.measure && bound !== null) question.set(`${chosen.side}_${chosen.measure}`, String(bound / 100));
  return question;
}

/**
 * Return the view as the query string of the page, for reload, bookmarks and history; only differences from the initial
 * view.
 */
export function addressOf(view: View): string {
  const start = startOf(view.filter.name);
  const parts = new URLSearchParams();
  if (view.filter !== ALL) parts.set("show", view.filter.name);
  if (view.bound !== start.bound && view.bound !== null) parts.set("bound", String(view.bound));
  if (view.sort !== start.sort) parts.set("sort", view.sort);
  if (view.page !== 1) parts.set("page", String(view.page));
  const text = parts.toString();
  return text && `?${text}`;
}

function wholeNumber(text: string | null, least: number, most: number): number | null {
  if (text === null || !/^\d{1,9}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** Return the view of a query string; invalid values are ignored. */
export function viewOf(search: string): View {
  const parts = new URLSearchParams(search);
  const start = startOf(parts.get("show") ?? "all");
  const sort = parts.get("sort") ?? "";
  return {
    filter: start.filter,
    bound: start.bound === null ? null : (wholeNumber(parts.get("bound"), 0, 100) ?? start.bound),
    sort: SORTS.includes(sort) ? sort : start.sort,
    page: wholeNumber(parts.get("page"), 1, 1e8) ?? 1,
  };
}

/**
 * Return the next page; null on the last.
 *
 * If images were retired on this page, later ones have moved up into it: then the same page is
 * returned again, so that none is skipped.
 */
export function pageAfter(listing: Listing, left: number): number | null {
  if (listing.page >= listing.pages) return null;
  return left > 0 ? listing.page : listing.page + 1;
}
