/**
 * The shape under the hand, before it becomes a region: a row of steps. A click is a step of one
 * point (or of the border that was followed to it), a freehand stroke a step of many; taking back
 * removes one step.
 */
import type { Point } from "./label";

export interface Sketch {
  /** What the shape is drawn for; a region if nothing is said. */
  readonly tool?: "draw" | "cut" | "split";
  readonly steps: readonly (readonly Point[])[];
}

export const NO_SKETCH: Sketch = { steps: [] };

export function addStep(sketch: Sketch, points: readonly Point[]): Sketch {
  return points.length ? { ...sketch, steps: [...sketch.steps, points] } : sketch;
}

export function takeBack(sketch: Sketch): Sketch {
  return { ...sketch, steps: sketch.steps.slice(0, -1) };
}

export function pointsOf(sketch: Sketch): Point[] {
  return sketch.steps.flat();
}

export function isEmpty(sketch: Sketch): boolean {
  return sketch.steps.length === 0;
}

/** Three points make an area, two a line. */
export function canFinish(sketch: Sketch, least = 3): boolean {
  return pointsOf(sketch).length >= least;
}
