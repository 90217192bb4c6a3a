import { describe, expect, it } from "vitest";
import { colorOf, heat, paint } from "./palette";

describe("colors", () => {
  it("are read from the tokens", () => {
    expect(colorOf(" #0A1b2C", 99)).toEqual([10, 27, 44, 99]);
    expect(colorOf("#fa0", 1)).toEqual([255, 170, 0, 1]);
    expect(colorOf("tomato", 5)).toEqual([0, 0, 0, 5]);
  });

  it("are painted by value, and nothing where a value has none", () => {
    const painted = paint(Uint8Array.from([0, 2, 255]), new Map([[2, [1, 2, 3, 4]], [255, [9, 9, 9, 9]]] as const));
    expect([...painted]).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9, 9]);
  });

  it("grow hotter until half of the labels differ", () => {
    const colors = heat(8, [0, 0, 0, 0], [200, 100, 0, 255]);
    expect([...colors.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(colors.get(2)).toEqual([100, 50, 0, 128]);
    expect(colors.get(4)).toEqual([200, 100, 0, 255]);
    expect(colors.get(7)).toEqual(colors.get(4));
    expect(heat(1, [0, 0, 0, 0], [1, 1, 1, 1]).size).toBe(0);
  });
});
