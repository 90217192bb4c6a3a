import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, regionArea } from "../core/geometry";
import { traceMaskOutlines } from "./mask_outlines";

function maskOf(rows: readonly string[]): { mask: number[]; width: number; height: number } {
  const mask = rows.flatMap((row) => [...row].map((pixel) => (pixel === "#" ? 1 : 0)));
  return { mask, width: rows[0]!.length, height: rows.length };
}

const block = (width: number, height: number, is: (x: number, y: number) => boolean): string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (is(x, y) ? "#" : ".")).join(""),
  );

const STEPS = [-2, -1, 0, 1, 2];
const NEAR = STEPS.flatMap((dy) => STEPS.map((dx) => [dx, dy] as const));

describe("traceMaskOutlines", () => {
  it("finds nothing in an empty mask, and a rectangle in a full one", () => {
    const empty = maskOf(block(20, 10, () => false));
    expect(traceMaskOutlines(empty.mask, empty)).toEqual([]);
    const full = maskOf(block(20, 10, () => true));
    const [only] = traceMaskOutlines(full.mask, full);
    expect(only).toHaveLength(1);
    expect(new Set(only![0]!.map(String))).toEqual(new Set(["0,0", "20,0", "20,10", "0,10"]));
  });

  it("makes one rectangle of the rows above a cut", () => {
    const { mask, ...size } = maskOf(block(64, 64, (_, y) => y < 23));
    const outlines = traceMaskOutlines(mask, size);
    expect(outlines).toHaveLength(1);
    expect(outlines[0]!.map((ring) => ring.length)).toEqual([4]);
    expect(regionArea(outlines[0]!)).toBe(64 * 23);
  });

  it("keeps holes with the part around them, and parts inside of holes", () => {
    const ring = (x: number, y: number, from: number, to: number): boolean =>
      x >= from && x < to && y >= from && y < to;
    const { mask, ...size } = maskOf(
      block(60, 60, (x, y) => ring(x, y, 2, 58) && !ring(x, y, 10, 50) ? true : ring(x, y, 20, 40)),
    );
    const outlines = traceMaskOutlines(mask, size);
    expect(outlines.map((rings) => rings.length).sort()).toEqual([1, 2]);
    const areas = outlines.map(regionArea).sort((a, b) => a - b);
    expect(areas).toEqual([400, 56 * 56 - 40 * 40]);
  });

  it("drops specks and pinholes, and keeps parts apart that touch in a corner", () => {
    const speckled = maskOf(block(40, 40, (x, y) => (x % 8 < 3 && y % 8 < 3) || y > 30));
    expect(traceMaskOutlines(speckled.mask, speckled)).toHaveLength(1);
    const touching = maskOf(block(20, 20, (x, y) => (x < 10 ? y < 10 : y >= 10)));
    expect(traceMaskOutlines(touching.mask, touching).map(regionArea)).toEqual([100, 100]);
  });

  it("is never off by more than its tolerance and the specks", () => {
    const blob = fc.array(
      fc.record({
        x: fc.integer({ min: 0, max: 48 }),
        y: fc.integer({ min: 0, max: 48 }),
        radius: fc.integer({ min: 2, max: 14 }),
        on: fc.boolean(),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(blob, (discs) => {
        const is = (x: number, y: number): boolean =>
          discs.reduce(
            (on, disc) => (Math.hypot(x - disc.x, y - disc.y) <= disc.radius ? disc.on : on),
            false,
          );
        const { mask, width, height } = maskOf(block(48, 48, is));
        const outlines = traceMaskOutlines(mask, { width, height });
        // A pixel with only its like around, two pixels far, is on its side of all outlines.
        const wrong = block(width, height, (x, y) => {
          const value = mask[y * width + x]!;
          const sure = NEAR.every(([dx, dy]) => mask[(y + dy) * width + x + dx] === value);
          if (!sure || Math.min(x, y, width - 1 - x, height - 1 - y) < 2) return false;
          return outlines.some((rings) => contains(rings, [x + 0.5, y + 0.5])) !== (value === 1);
        });
        expect(wrong.join("")).not.toContain("#");
      }),
      { numRuns: 40 },
    );
  });
});
