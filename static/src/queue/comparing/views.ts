/** What can be looked at of a label, as a ring through which one key goes round. Pure. */

import type { Candidate } from "../types";

/** A label by its place, 0 the one to rate; or a comparison of it with the others. */
export type View = number | "majority" | "difference" | "disagreement";

const COMPARISONS = ["majority", "difference", "disagreement"] as const;

/** The label to rate, the comparisons, then each other label; without others there is only the label. */
export function ringOf(candidate: Candidate): readonly View[] {
  if (candidate.others.length === 0) return [0];
  return [0, ...COMPARISONS, ...candidate.others.map((_, place) => place + 1)];
}

/** So many steps on from a view; one that is not in the ring stands at its start. */
export function stepFrom(ring: readonly View[], view: View, steps: number): View {
  const place = Math.max(0, ring.indexOf(view)) + steps;
  return ring[((place % ring.length) + ring.length) % ring.length]!;
}

/** A view, or back to the label where that view is shown already: the same key goes there and back. */
export function toggled(ring: readonly View[], shown: View, wanted: View): View {
  return shown === wanted || !ring.includes(wanted) ? 0 : wanted;
}
