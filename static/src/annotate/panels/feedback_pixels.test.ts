import fc from "fast-check";
import { expect, it } from "vitest";
import { EXTRA, MATCHED, MISSED, NOTHING, stencil, verdicts } from "./feedback_pixels";

/** RGBA pixels from pairs of reference and drawn codes. */
const pixelsOf = (pairs: readonly (readonly [number, number])[]): Uint8ClampedArray =>
  new Uint8ClampedArray(pairs.flatMap(([known, drawn]) => [known, drawn, 0, 255]));

it("distinguishes matched, missed and extra pixels, and ignores pixels without a reference", () => {
  const pixels = pixelsOf([[2, 2], [2, 255], [2, 0], [255, 2], [255, 255]]);
  expect([...verdicts(pixels)]).toEqual([MATCHED, MISSED, EXTRA, NOTHING, NOTHING]);
});

it("compares one class alone", () => {
  const pixels = pixelsOf([[2, 2], [2, 0], [0, 2], [0, 0], [255, 2]]);
  expect([...verdicts(pixels, 2)]).toEqual([MATCHED, MISSED, EXTRA, NOTHING, NOTHING]);
  expect([...verdicts(pixels, 0)]).toEqual([NOTHING, EXTRA, MISSED, MATCHED, NOTHING]);
});

it("gives every compared pixel one verdict over all classes", () => {
  const code = fc.constantFrom(0, 1, 2, 3, 255);
  fc.assert(
    fc.property(fc.array(fc.tuple(code, code)), (pairs) => {
      const pixels = pixelsOf(pairs);
      const found = verdicts(pixels);
      pairs.forEach(([known], place) => {
        expect(found[place] === NOTHING).toBe(known === 255);
        if (known === 255) return;
        expect(found[place] === MATCHED).toBe(verdicts(pixels, known)[place] === MATCHED);
      });
    }),
  );
});

it("makes a stencil that is opaque in the right places", () => {
  expect([...stencil(new Uint8Array([MATCHED, MISSED, MATCHED]), MATCHED)]).toEqual([
    0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255,
  ]);
});
