import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extendTo, FRESH, moveTo, selectAll, selectNone, stepOf, toggle } from "./selection";

/** Eight images in rows of three: 0 1 2 / 3 4 5 / 6 7. */
describe("where a key leads", () => {
  it.each([
    ["ArrowRight", 0, 1],
    ["ArrowRight", 2, 3],
    ["ArrowRight", 7, null],
    ["ArrowLeft", 0, null],
    ["ArrowLeft", 3, 2],
    ["ArrowDown", 1, 4],
    ["ArrowDown", 5, 7],
    ["ArrowDown", 6, null],
    ["ArrowUp", 2, null],
    ["ArrowUp", 7, 4],
    ["Home", 5, 0],
    ["Home", 0, null],
    ["End", 1, 7],
    ["x", 1, null],
  ])("%s from %d", (key, from, expected) => {
    expect(stepOf(key, from, 3, 8)).toBe(expected);
  });

  it("never leaves the pictures", () => {
    const keys = fc.constantFrom("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End");
    const size = fc.record({ columns: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(keys, size, fc.nat(), (key, { columns, count }, seed) => {
        const to = stepOf(key, count > 0 ? seed % count : 0, columns, count);
        if (to !== null) {
          expect(to).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThan(count);
        }
      }),
    );
  });
});

describe("selecting", () => {
  const chosen = (marks: typeof FRESH): number[] => [...marks.selected].sort((a, b) => a - b);

  it("toggles one picture", () => {
    expect(chosen(toggle(FRESH, 3))).toEqual([3]);
    expect(chosen(toggle(toggle(FRESH, 3), 3))).toEqual([]);
  });

  it("extends and shrinks from where it started, and keeps what was selected before", () => {
    const start = moveTo(toggle(FRESH, 0), 4);
    expect(chosen(extendTo(start, 6))).toEqual([0, 4, 5, 6]);
    expect(chosen(extendTo(extendTo(start, 6), 5))).toEqual([0, 4, 5]);
    expect(chosen(extendTo(extendTo(start, 6), 3))).toEqual([0, 3, 4]);
  });

  it("keeps the selection when the focus moves on", () => {
    expect(moveTo(toggle(FRESH, 3), 5)).toMatchObject({ focus: 5, selected: new Set([3]) });
  });

  it("selects all, and none when all are selected", () => {
    expect(chosen(selectAll(FRESH, 3))).toEqual([0, 1, 2]);
    expect(chosen(selectAll(selectAll(FRESH, 3), 3))).toEqual([]);
    expect(chosen(selectNone(selectAll(FRESH, 3)))).toEqual([]);
  });
});
