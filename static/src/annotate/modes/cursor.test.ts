import { describe, expect, it } from "vitest";
import type { Point } from "../core/label";
import { Cursor, CursorSteps } from "./cursor";

describe("CursorSteps", () => {
  const walking = (gap: number): CursorSteps => {
    let time = 0;
    return new CursorSteps(() => (time += gap));
  };

  it("moves the same distance on screen at every zoom, in whole image pixels", () => {
    expect(walking(1000).step("ArrowRight", "near", 1)).toEqual([8, 0]);
    expect(walking(1000).step("ArrowUp", "near", 2)).toEqual([0, -16]);
    expect(walking(1000).step("ArrowLeft", "near", 0.08)).toEqual([-1, 0]);
    expect(walking(1000).step("ArrowDown", "far", 0.5)).toEqual([0, 24]);
  });

  it("gets faster while a key is held, to a limit, and starts again after a pause", () => {
    const counter = walking(30);
    const steps = Array.from({ length: 60 }, () => counter.step("ArrowRight", "near", 1)[0]);
    expect(steps[0]).toBe(8);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(40);
    expect(counter.step("ArrowLeft", "near", 1)).toEqual([-8, 0]);
  });

  it("never goes faster pixel by pixel", () => {
    const counter = walking(10);
    for (let press = 0; press < 50; press += 1) {
      expect(counter.step("ArrowRight", "pixel", 3)).toEqual([1, 0]);
    }
  });
});

describe("Cursor", () => {
  const onScreen = (): { cursor: Cursor; seen: (Point | null)[] } => {
    const seen: (Point | null)[] = [];
    const surface = {
      resolution: 1,
      center: [50.4, 40.2] as Point,
      showCross: (point: Point | null) => void seen.push(point),
      keepInView: () => {},
    };
    return { cursor: new Cursor(() => surface, () => ({ width: 100, height: 80 }), () => {}), seen };
  };

  it("appears first, in the center of the visible area, and then moves", () => {
    const { cursor, seen } = onScreen();
    cursor.move([8, 0]);
    cursor.move([8, 0]);
    expect(seen).toEqual([[50, 40], [58, 40]]);
  });

  it("stays on the image", () => {
    const { cursor } = onScreen();
    cursor.goTo([300, -20]);
    expect(cursor.point).toEqual([100, 0]);
  });

  it("is hidden when a pointer is used", () => {
    const { cursor, seen } = onScreen();
    cursor.goTo([3, 3]);
    cursor.hide();
    cursor.hide();
    expect(cursor.point).toBeNull();
    expect(seen).toEqual([[3, 3], null]);
  });
});
