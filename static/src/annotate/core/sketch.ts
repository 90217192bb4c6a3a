/**
 * The sketch: a shape being drawn, as a list of steps, before it becomes a region.
 *
 * A click adds a step with one point, or with the part of a border that leads to it. A freehand
 * stroke adds a step with many points. Undo removes one step.
 */
import type { Point } from "./label";

export interface Sketch {
  /** The tool that the sketch belongs to; "draw" if missing. */
  readonly tool?: "draw" | "cut" | "split";
  /** The class of a new region; the class in use if missing. */
  readonly code?: number;
  /** Whether a new region replaces existing ones; the option in use if missing. */
  readonly paintOver?: boolean;
  readonly steps: readonly (readonly Point[])[];
}

export const NO_SKETCH: Sketch = { steps: [] };

export function addStep(sketch: Sketch, points: readonly Point[]): Sketch {
  return points.length ? { ...sketch, steps: [...sketch.steps, points] } : sketch;
}

export function removeLastStep(sketch: Sketch): Sketch {
  return { ...sketch, steps: sketch.steps.slice(0, -1) };
}

export function pointsOf(sketch: Sketch): Point[] {
  return sketch.steps.flat();
}

export function isEmpty(sketch: Sketch): boolean {
  return sketch.steps.length === 0;
}

/** Return whether the sketch has enough points: three for an area, two for a line. */
export function canFinish(sketch: Sketch, least = 3): boolean {
  return pointsOf(sketch).length >= least;
}
