import { describe, expect, it } from "vitest";
import type { Point } from "./label";
import { NO_SKETCH, addStep, canFinish, isEmpty, pointsOf, removeLastStep } from "./sketch";

describe("sketch", () => {
  it("undoes a click as one point and a stroke as a whole", () => {
    const stroke: Point[] = [[1, 0], [2, 0], [3, 1]];
    const sketch = addStep(addStep(NO_SKETCH, [[0, 0]]), stroke);
    expect(pointsOf(sketch)).toHaveLength(4);
    expect(canFinish(sketch)).toBe(true);
    expect(pointsOf(removeLastStep(sketch))).toEqual([[0, 0]]);
    expect(canFinish(removeLastStep(sketch))).toBe(false);
    expect(isEmpty(removeLastStep(removeLastStep(sketch)))).toBe(true);
    expect(removeLastStep(NO_SKETCH)).toEqual(NO_SKETCH);
    expect(addStep(sketch, [])).toBe(sketch);
  });
});
