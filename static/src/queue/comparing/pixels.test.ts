import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  differenceOf, disagreementOf, EXTRA, majorityOf, MISSED, NO_LABEL, NOTHING, OTHER_CLASS, rasterize, SAME,
} from "./pixels";
import type { Point, Polygon } from "../types";

const SIZE = { width: 9, height: 7 };
const CODES = [0, 1, 2, NO_LABEL];

/** Return codes as rows of text: a digit is a class, a dot is no label. */
function rows(codes: Uint8Array, width = SIZE.width): string[] {
  const text = [...codes].map((code) => (code === NO_LABEL ? "." : String(code))).join("");
  return text.match(new RegExp(`.{${width}}`, "g")) ?? [];
}

function box(code: number, left: number, top: number, right: number, bottom: number): Polygon {
  return { class: code, rings: [[[left, top], [right, top], [right, bottom], [left, bottom]]] };
}

/**
 * Return whether a point is inside by the even-odd rule; a center on an outline belongs to its upper
 * left side.
 */
function isInside([x, y]: Point, polygon: Polygon): boolean {
  let inside = false;
  for (const ring of polygon.rings) {
    ring.forEach((b, i) => {
      const a = ring[(i + ring.length - 1) % ring.length]!;
      const [upper, lower] = a[1] <= b[1] ? [a, b] : [b, a];
      if (upper[1] > y || lower[1] <= y) return;
      if (((y - upper[1]) * (lower[0] - upper[0])) / (lower[1] - upper[1]) + upper[0] < x) inside = !inside;
    });
  }
  return inside;
}

const point = fc.tuple(fc.integer({ min: -8, max: 44 }), fc.integer({ min: -8, max: 36 })).map(
  ([x, y]): Point => [x / 4, y / 4], // often on a center, a corner or an edge of a pixel
);
const polygon = fc.record({
  class: fc.constantFrom(0, 1, 2),
  rings: fc.array(fc.array(point, { minLength: 3, maxLength: 8 }), { minLength: 1, maxLength: 2 }),
});
const mask = fc.array(fc.constantFrom(...CODES), { minLength: 63, maxLength: 63 }).map((codes) => Uint8Array.from(codes));

describe("a label as pixels", () => {
  it("owns the pixels whose center is inside", () => {
    expect(rows(rasterize([box(1, 0.6, 0, 3.4, 2)], SIZE)).slice(0, 3)).toEqual([".11......", ".11......", "........."]);
  });

  it("gives a center on an outline to the side at its upper left", () => {
    expect(rows(rasterize([box(1, 0.5, 0.5, 2.5, 2.5)], SIZE)).slice(0, 3)).toEqual([".11......", ".11......", "........."]);
  });

  it("paints the earlier of two that overlap, keeps holes, and ends at the image", () => {
    const holed = { ...box(0, -5, -5, 99, 99), rings: [...box(0, -5, -5, 99, 99).rings, ...box(0, 4, 2, 6, 4).rings] };
    expect(rows(rasterize([box(2, 0, 0, 2, 2), holed], SIZE)).slice(0, 4)).toEqual([
      "220000000", "220000000", "0000..000", "0000..000",
    ]);
  });

  it("loses what the masks remove", () => {
    const removed = new Uint8Array(63);
    removed.fill(1, 0, 9);
    expect(rows(rasterize([box(1, 0, 0, 9, 2)], SIZE, removed)).slice(0, 2)).toEqual([".........", "111111111"]);
  });

  it("is empty without polygons", () => {
    expect(new Set(rasterize([], SIZE))).toEqual(new Set([NO_LABEL]));
  });

  it("is what the rule says, pixel by pixel", () => {
    fc.assert(
      fc.property(fc.array(polygon, { maxLength: 4 }), (polygons) => {
        const found = rasterize(polygons, SIZE);
        found.forEach((code, i) => {
          const center: Point = [(i % SIZE.width) + 0.5, Math.floor(i / SIZE.width) + 0.5];
          expect(code).toBe(polygons.find((each) => isInside(center, each))?.class ?? NO_LABEL);
        });
      }),
    );
  });
});

describe("the majority", () => {
  it("is what more than half say", () => {
    fc.assert(
      fc.property(fc.array(mask, { maxLength: 6 }), (labels) => {
        majorityOf(labels, SIZE).forEach((code, i) => {
          const has = (wanted: number): boolean => 2 * labels.filter((label) => label[i] === wanted).length > labels.length;
          expect(code).toBe([0, 1, 2].find(has) ?? NO_LABEL);
        });
      }),
    );
  });
});

describe("the difference", () => {
  it("says who has what", () => {
    const own = Uint8Array.from([NO_LABEL, 1, NO_LABEL, 1, 1]);
    const theirs = Uint8Array.from([NO_LABEL, 1, 1, NO_LABEL, 2]);
    expect([...differenceOf(own, theirs)]).toEqual([NOTHING, SAME, MISSED, EXTRA, OTHER_CLASS]);
  });
});

describe("the disagreement", () => {
  it("counts those who do not say what most say, saying nothing included", () => {
    fc.assert(
      fc.property(fc.array(mask, { minLength: 1, maxLength: 6 }), (labels) => {
        disagreementOf(labels, SIZE).forEach((n, i) => {
          const votes = CODES.map((code) => labels.filter((label) => label[i] === code).length);
          expect(n).toBe(labels.length - Math.max(...votes));
        });
      }),
    );
  });
});
