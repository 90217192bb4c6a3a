import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Listing } from "./types";
import { addressOf, FILTERS, pageAfter, questionOf, SORTS, startOf, type View, viewOf } from "./view";

describe("the question to the server", () => {
  it.each([
    ["all", "sort=product_id&retired=0&page=1"],
    ["dark", "sort=-dark_share&retired=0&page=1&min_dark_share=0.5"],
    ["overexposed", "sort=-saturated_share&retired=0&page=1&min_saturated_share=0.05"],
    ["blurry", "sort=sharpness&retired=0&page=1&max_sharpness=0.2"],
    ["rover", "sort=-rover_share&retired=0&page=1&min_rover_share=0.3"],
    ["terrain", "sort=terrain_share&retired=0&page=1&max_terrain_share=0.2"],
    ["duplicates", "sort=product_id&retired=0&page=1&duplicates=1"],
    ["retired", "sort=product_id&retired=1&page=1"],
  ])("%s", (name, expected) => {
    expect(questionOf(startOf(name)).toString()).toBe(expected);
  });
});

const anyView: fc.Arbitrary<View> = fc
  .record({
    filter: fc.constantFrom(...FILTERS),
    percent: fc.integer({ min: 0, max: 100 }),
    sort: fc.constantFrom(...SORTS),
    page: fc.integer({ min: 1, max: 9999 }),
  })
  .map(({ filter, percent, sort, page }) => ({ filter, bound: filter.bound === null ? null : percent, sort, page }));

describe("the view in the page's address", () => {
  it("comes back the same", () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(viewOf(addressOf(view))).toEqual(view);
      }),
    );
  });

  it("is empty for the first page of all pictures", () => {
    expect(addressOf(startOf("all"))).toBe("");
  });

  it.each(["", "?show=nonsense", "?page=0", "?page=-3", "?page=1e9", "?sort=evil", "?bound=7", "?page=999999999999"])(
    "%s is all pictures",
    (search) => {
      expect(viewOf(search)).toEqual(startOf("all"));
    },
  );

  it.each(["?show=dark&bound=101", "?show=dark&bound=x", "?show=dark&bound="])("%s keeps the filter's own bound", (search) => {
    expect(viewOf(search).bound).toBe(50);
  });
});

describe("the page after this one", () => {
  const listing = (page: number, pages: number): Listing => ({ count: 100 * pages, page, pages, images: [] });

  it.each([
    ["the next one", 1, 3, 0, 2],
    ["the same one again when pictures left it", 1, 3, 4, 1],
    ["none after the last", 3, 3, 0, null],
    ["none after the last, whatever left it", 3, 3, 4, null],
    ["none in an empty list", 1, 1, 0, null],
  ])("%s", (_, page, pages, left, expected) => {
    expect(pageAfter(listing(page, pages), left)).toBe(expected);
  });
});
