/**
 * Rays of the rovers' cameras: the direction that a pixel looks in. The models and names match
 * terrain/camera.py, whose tests compare both.
 *
 * All vectors are in the rover's frame: x forward, y right, z down, meters. The center of the first
 * pixel is (0.5, 0.5), as everywhere in the project.
 */
import type { Point } from "../core/label";
import { add, cross, dot, length, minus, times, unit } from "./vectors";
import type { Vector } from "./vectors";

/** A CAHV, CAHVOR or CAHVORE model as the server writes it (CameraModel.to_json). */
export interface CameraModel {
  readonly model_type: "CAHV" | "CAHVOR" | "CAHVORE";
  readonly c: Vector;
  readonly a: Vector;
  readonly h: Vector;
  readonly v: Vector;
  readonly o?: Vector;
  readonly r?: Vector;
  readonly e?: Vector;
  readonly linearity?: number;
}

export interface Ray {
  /** Meters. The camera's center; for a fisheye, the pupil of this ray. */
  readonly origin: Vector;
  /** Of length 1. */
  readonly direction: Vector;
}

/** sample = x - 0.5, line = y - 0.5, because models count pixel centers from 0. */
const SAMPLE_OF_X = -0.5;
const MAX_NEWTON_STEPS = 30;
const NEWTON_TOLERANCE = 1e-14;
/** Below this angle from the axis (radians) the fisheye equations are 0/0 and equal CAHV's. */
const ON_AXIS = 1e-8;

/**
 * Return the ray of a pixel (Y. Yakimovsky and R. Cunningham 1978; K. Di and R. Li 2004; D. Gennery
 * 2006).
 */
export function rayOf(camera: CameraModel, [x, y]: Point): Ray {
  const { a, h, v, c } = camera;
  const sample = x + SAMPLE_OF_X;
  const line = y + SAMPLE_OF_X;
  // The pixel's column plane (normal h - x a) and row plane (normal v - y a) cross in the ray.
  const crossing = unit(cross(minus(h, times(sample, a)), minus(v, times(line, a))));
  const seen = dot(crossing, a) < 0 ? times(-1, crossing) : crossing;
  if (camera.model_type === "CAHV") return { origin: c, direction: seen };
  const o = unit(camera.o!);
  const along = dot(seen, o);
  const across = minus(seen, times(along, o));
  const off = length(across);
  const outward = times(1 / (off || 1), across);
  const chi = undistort(off / along, camera.r!);
  if (camera.model_type === "CAHVOR") {
    return { origin: c, direction: unit(add(o, times(chi, outward))) };
  }
  const theta = angleOf(chi, camera.linearity ?? 1);
  const [e0, e1, e2] = camera.e!;
  const pupil = e0 + e1 * theta ** 2 + e2 * theta ** 4;
  const overSine = Math.abs(theta) < ON_AXIS ? 1 : theta / Math.sin(theta);
  return {
    origin: add(c, times((overSine - 1) * pupil, o)),
    direction: add(times(Math.sin(theta), outward), times(Math.cos(theta), o)),
  };
}

/** Horizontal focal length in pixels, |A x H|. */
export function focalLength({ a, h }: CameraModel): number {
  return length(cross(a, h));
}

/** Return the point on a pixel's ray at a range measured from the camera's center. */
export function placeAt(camera: CameraModel, pixel: Point, range: number): Vector {
  const { origin, direction } = rayOf(camera, pixel);
  const start = minus(origin, camera.c);
  // |start + t direction| = range; start is 0 but for a fisheye.
  const along = dot(start, direction);
  const t = -along + Math.sqrt(Math.max(0, along ** 2 - dot(start, start) + range ** 2));
  return add(origin, times(t, direction));
}

/** Solves (1 + r0) chi + r1 chi^3 + r2 chi^5 = seen for chi, by Newton's method. */
function undistort(seen: number, [r0, r1, r2]: Vector): number {
  let chi = seen;
  for (let step = 0; step < MAX_NEWTON_STEPS; step++) {
    const error = (1 + r0) * chi + r1 * chi ** 3 + r2 * chi ** 5 - seen;
    const change = error / (1 + r0 + 3 * r1 * chi ** 2 + 5 * r2 * chi ** 4);
    chi -= change;
    if (!(Math.abs(change) > NEWTON_TOLERANCE)) break;
  }
  return chi;
}

/** Angle from the optical axis (radians) of the lens's own tangent chi. */
function angleOf(chi: number, linearity: number): number {
  if (linearity > 1e-15) return Math.atan(linearity * chi) / linearity;
  if (linearity < -1e-15) return Math.asin(linearity * chi) / linearity;
  return chi;
}
