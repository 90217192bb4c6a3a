/** The views of a label, as a ring that one key cycles through. Pure. */

import type { Candidate } from "../types";

/** A label by index (0 is the one to rate), or a comparison with the others. */
export type View = number | "majority" | "difference" | "disagreement";

const COMPARISONS = ["majority", "difference", "disagreement"] as const;

/** Return the ring: the label to rate, the comparisons, then the other labels. Without others it has only the label. */
export function ringOf(candidate: Candidate): readonly View[] {
  if (candidate.others.length === 0) return [0];
  return [0, ...COMPARISONS, ...candidate.others.map((_, place) => place + 1)];
}

/** Return the view a number of steps ahead; a view outside the ring counts as its start. */
export function stepFrom(ring: readonly View[], view: View, steps: number): View {
  const place = Math.max(0, ring.indexOf(view)) + steps;
  return ring[((place % ring.length) + ring.length) % ring.length]!;
}

/** Return the view, or the label if that view is already shown: one key toggles it. */
export function toggled(ring: readonly View[], shown: View, wanted: View): View {
  return shown === wanted || !ring.includes(wanted) ? 0 : wanted;
}
