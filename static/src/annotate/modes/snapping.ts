/**
 * The next part of a shape under the hand: where the pointer sticks, and the border that is
 * followed to there.
 */
import type { Editor } from "../core/editor";
import type { Point } from "../core/label";
import { pointsOf } from "../core/sketch";
import { snapTo } from "../core/snap";
import type { Snap } from "../core/snap";
import { traceBetween } from "../core/trace";
import type { Trace } from "../core/trace";
import { SNAP_REACH, reachOf } from "./mode";

export interface Next {
  readonly point: Point;
  readonly snap: Snap | null;
  /** The border from the last point to this one, where there is one to follow. */
  readonly trace: Trace | null;
}

/** `suspended`: the key that lets go of borders is held. */
export function nextPart(
  editor: Editor,
  point: Point,
  coarse: boolean,
  resolution: number,
  suspended: boolean,
): Next {
  const snap = suspended ? null : stick(editor, point, coarse, resolution);
  const last = pointsOf(editor.sketch).at(-1);
  const trace = snap && last ? borderBetween(editor, last, snap.point) : null;
  return { point: snap?.point ?? point, snap, trace };
}

export function stick(
  { label, frame, options }: Editor,
  point: Point,
  coarse: boolean,
  resolution: number,
): Snap | null {
  return options.snap ? snapTo(point, reachOf(SNAP_REACH, coarse, resolution), label, frame) : null;
}

function borderBetween({ label, frame, options }: Editor, from: Point, to: Point): Trace | null {
  return options.follow ? traceBetween(from, to, label, frame) : null;
}

/**
 * The corners from the last point back to the first, where a border can be followed there that is
 * not part of the shape already.
 */
export function wayHome(editor: Editor, points: readonly Point[]): readonly Point[] {
  const trace = borderBetween(editor, points.at(-1)!, points[0]!);
  if (!trace) return [];
  const there = new Set(points.map(String));
  return trace.shorter.some((point) => there.has(String(point))) ? [] : trace.shorter;
}
