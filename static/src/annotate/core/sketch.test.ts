import { describe, expect, it } from "vitest";
import type { Point } from "./label";
import { NO_SKETCH, addStep, canFinish, isEmpty, pointsOf, takeBack } from "./sketch";

describe("sketch", () => {
  it("takes back a click as one point and a stroke as a whole", () => {
    const stroke: Point[] = [[1, 0], [2, 0], [3, 1]];
    const sketch = addStep(addStep(NO_SKETCH, [[0, 0]]), stroke);
    expect(pointsOf(sketch)).toHaveLength(4);
    expect(canFinish(sketch)).toBe(true);
    expect(pointsOf(takeBack(sketch))).toEqual([[0, 0]]);
    expect(canFinish(takeBack(sketch))).toBe(false);
    expect(isEmpty(takeBack(takeBack(sketch)))).toBe(true);
    expect(takeBack(NO_SKETCH)).toEqual(NO_SKETCH);
    expect(addStep(sketch, [])).toBe(sketch);
  });
});
