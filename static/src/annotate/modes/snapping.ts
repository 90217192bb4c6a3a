/** The next part of a sketch: the snapped pointer position, and the border followed to it. */
import type { Editor } from "../core/editor";
import type { Point } from "../core/label";
import { pointsOf } from "../core/sketch";
import { snapTo } from "../core/snap";
import type { Snap } from "../core/snap";
import { traceBetween } from "../core/trace";
import type { Trace } from "../core/trace";
import { SNAP_REACH, reachInPixels } from "./mode";

export interface Next {
  readonly point: Point;
  readonly snap: Snap | null;
  /** The border from the last point to this one, or null if there is none to follow. */
  readonly trace: Trace | null;
}

/** Return the next part of the sketch. `suspended`: the key that turns off snapping is held. */
export function nextPart(
  editor: Editor,
  point: Point,
  coarse: boolean,
  resolution: number,
  suspended: boolean,
): Next {
  const snap = suspended ? null : snapPoint(editor, point, coarse, resolution);
  const last = pointsOf(editor.sketch).at(-1);
  const trace = snap && last ? borderBetween(editor, last, snap.point) : null;
  return { point: snap?.point ?? point, snap, trace };
}

export function snapPoint(
  { label, frame, options }: Editor,
  point: Point,
  coarse: boolean,
  resolution: number,
): Snap | null {
  return options.snap ? snapTo(point, reachInPixels(SNAP_REACH, coarse, resolution), label, frame) : null;
}

function borderBetween({ label, frame, options }: Editor, from: Point, to: Point): Trace | null {
  return options.follow ? traceBetween(from, to, label, frame) : null;
}

/**
 * Return the corners from the last point back to the first along a common border, or none if there
 * is no border or the shape already contains it.
 */
export function cornersToStart(editor: Editor, points: readonly Point[]): readonly Point[] {
  const trace = borderBetween(editor, points.at(-1)!, points[0]!);
  if (!trace) return [];
  const there = new Set(points.map(String));
  return trace.shorter.some((point) => there.has(String(point))) ? [] : trace.shorter;
}
