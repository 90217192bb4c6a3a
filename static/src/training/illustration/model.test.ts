import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { begun, changed, fitted, handleAt, inside, numbersOf, redone, undone, withCorner, withHandle, withMark } from "./model";
import type { Box, Drawing, Mark } from "./types";

const limits = { shortest_px: 64, most_oblong: 3, image: { width: 1024, height: 768 } };
const anyBox = fc.tuple(fc.integer({ min: -50, max: 1100 }), fc.integer({ min: -50, max: 900 }), fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 1200 }));
const outline: Mark = { kind: "outline", points: [[100, 100], [200, 100], [200, 200]], code: 0, captions: {} };
const drawing: Drawing = { crop: [50, 50, 600, 400], marks: [outline] };

function isAllowed([left, top, width, height]: Box): boolean {
  const within = left >= 0 && top >= 0 && left + width <= 1024 && top + height <= 768;
  return within && Math.min(width, height) >= 64 && Math.max(width, height) <= 3 * Math.min(width, height);
}

describe("the part that is shown", () => {
  it("stays in the image and in shape, whatever is typed or dragged", () => {
    fc.assert(
      fc.property(anyBox, fc.nat(3), fc.integer({ min: -99, max: 1200 }), fc.integer({ min: -99, max: 1200 }), (box, corner, x, y) => {
        const fit = fitted(box, limits);
        expect(isAllowed(fit)).toBe(true);
        expect(isAllowed(withCorner(fit, corner, [x, y], limits))).toBe(true);
      }),
    );
  });

  it("keeps the opposite corner", () => {
    expect(withCorner([100, 100, 300, 200], 0, [150, 120], limits)).toEqual([150, 120, 250, 180]);
    expect(withCorner([100, 100, 300, 200], 2, [500, 400], limits)).toEqual([100, 100, 400, 300]);
  });
});

describe("marks", () => {
  it("have the nearest point as handle", () => {
    expect(handleAt(drawing, [198, 103], 12, false)).toEqual({ mark: 0, point: 1 });
    expect(handleAt(drawing, [150, 150], 12, false)).toBeNull();
    expect(handleAt(drawing, [52, 449], 12, true)).toEqual({ corner: 3 });
  });

  it("are moved within the part that is shown", () => {
    const result = withHandle(drawing, { mark: 0, point: 1 }, [900, 20], limits);
    expect(result.marks[0]!.points[1]).toEqual([650, 50]);
    expect(inside(drawing.crop, [0, 0])).toEqual([50, 50]);
  });

  it("are numbered where they have a caption", () => {
    const told: Mark = { ...outline, captions: { en: "A plate" } };
    const scale: Mark = { kind: "scale", points: [[1, 1]], length_cm: 50, length_px: 20 };
    expect(numbersOf([outline, told, scale, told])).toEqual([null, 1, null, 2]);
    expect(numbersOf([{ ...outline, captions: { en: "  " } }])).toEqual([null]);
  });
});

describe("undo", () => {
  it("goes back and forth", () => {
    const more = withMark(drawing, outline);
    const history = changed(begun(drawing), more);
    expect(undone(history).now).toBe(drawing);
    expect(redone(undone(history)).now).toBe(more);
    expect(undone(begun(drawing)).now).toBe(drawing);
    expect(changed(history, more)).toBe(history);
  });
});
