/** The purposes of a drawn shape: a new region, a cut, or a split. */
import { addCopy, cutOut, split } from "../core/actions";
import type { Action } from "../core/actions";
import { clipToFreeArea, commonArea, findTrimmingMasks } from "../core/clip";
import type { Editor } from "../core/editor";
import { MIN_AREA, contains, regionArea, ringArea } from "../core/geometry";
import type { Frame, MaskKind } from "../core/geometry";
import type { Label, Region, Ring } from "../core/label";
import { dropLeftovers, tidied } from "../core/leftovers";
import type { IsSmall } from "../core/leftovers";
import { resolveSelfIntersections } from "../core/self_intersections";
import { splitRings } from "../core/split";
import type { Purpose } from "./draw";

/** Why nothing of a drawn shape was kept. */
export type Refusal = "taken" | "outside" | "masked" | "small" | "no target";

/** The result of a finished shape. */
export interface Outcome {
  readonly tool: "draw" | "cut" | "split";
  /** Why the shape did not change the label; null if it did. */
  readonly refusal: Refusal | null;
  /** The kinds of masked areas that removed a part of the shape. */
  readonly trimmed: ReadonlySet<MaskKind>;
  /** The number of small leftover pieces that were dropped. */
  readonly dropped: number;
  /** Cover the larger region that most of the shape lies on; null if it does not. */
  readonly paintOver: (() => void) | null;
}

type Tell = (outcome: Outcome) => void;

const PLAIN = { refusal: null, trimmed: new Set<MaskKind>(), dropped: 0, paintOver: null };

/** The share of a shape on a larger region of another class from which painting over is offered. */
const MOSTLY = 0.5;

/** Add the shape as a region. Keep its outline if it finds only labeled ground. */
export function drawing(editor: Editor, tell: Tell, isSmall: IsSmall): Purpose {
  return {
    tool: "draw",
    isLine: false,
    keepsSelection: false,
    isComplete: () => false,
    finish: (points, over = editor.options.paintOver) =>
      place({ code: editor.code, rings: [points] }, editor, tell, isSmall, over),
  };
}

/** Add a region, and return whether that is settled; false if it finds only labeled ground. */
export function place(region: Region, editor: Editor, tell: Tell, isSmall: IsSmall, over: boolean): boolean {
  const { frame, label } = editor;
  const ring = region.rings[0]!;
  const after = tidied(addCopy(region, frame, over), isSmall)(label);
  const refusal = after === label ? refusalOf(ring, frame) : null;
  if (refusal !== "taken") editor.finish(...stepsTo(after, label));
  const paintOver = (): void => {
    const painted = tidied(addCopy(region, frame, true), isSmall)(label);
    editor.apply(...stepsTo(painted, label));
    tell({ ...PLAIN, tool: "draw", dropped: countLeftovers(painted, label) });
  };
  tell({
    tool: "draw",
    refusal,
    trimmed: findTrimmingMasks(ring, frame),
    dropped: countLeftovers(after, label),
    paintOver: !over && !refusal && liesOnLarger(region.code, ring, label, frame) ? paintOver : null,
  });
  return refusal !== "taken";
}

/** Return the actions of a tidied label: drop its leftovers in a step of their own. */
export function stepsTo(after: Label, before: Label): Action[] {
  return after === before ? [() => before] : [() => after, dropLeftovers];
}

export function countLeftovers(after: Label, before: Label): number {
  return after === before ? 0 : (after.leftovers?.length ?? 0);
}

function refusalOf(ring: Ring, frame: Frame): Refusal {
  const loops = resolveSelfIntersections(ring);
  if (loops.reduce((sum, loop) => sum + ringArea(loop), 0) < MIN_AREA) return "small";
  if (!clipToFreeArea([ring], [], { ...frame, masked: [] }).length) return "outside";
  return clipToFreeArea([ring], [], frame).length ? "taken" : "masked";
}

/** Return whether at least half of a drawn ring lies on one larger region of another class. */
function liesOnLarger(code: number, ring: Ring, { regions }: Label, frame: Frame): boolean {
  const area = clipToFreeArea([ring], [], frame).reduce((sum, rings) => sum + regionArea(rings), 0);
  const loops = resolveSelfIntersections(ring);
  return regions.some(({ code: other, rings }) =>
    other !== code && regionArea(rings) > area && commonArea(loops, rings) >= MOSTLY * area);
}

/** Erase the shape from the selected region, or from all regions that it overlaps. */
export function cutting(editor: Editor, tell: Tell, isSmall: IsSmall): Purpose {
  return {
    tool: "cut",
    isLine: false,
    keepsSelection: true,
    isComplete: () => false,
    finish: (points) => {
      const { label, selected } = editor;
      const after = tidied(cutOut(points, selected), isSmall)(label);
      editor.finish(...stepsTo(after, label));
      const refusal = after === label ? "no target" : null;
      tell({ ...PLAIN, tool: "cut", refusal, dropped: countLeftovers(after, label) });
      return true;
    },
  };
}

/** Split the selected region, or all regions that the line crosses. */
export function splitting(editor: Editor, tell: Tell): Purpose {
  return {
    tool: "split",
    isLine: true,
    keepsSelection: true,
    // The line is complete once it has left every region that it splits.
    isComplete: (points) => {
      const { label, selected } = editor;
      const targets = selected ? [selected] : label.regions;
      const divided = targets.filter(({ rings }) => splitRings(rings, points));
      return divided.length > 0 && !divided.some(({ rings }) => contains(rings, points.at(-1)!));
    },
    finish: (points) => {
      const kept = editor.finish(split(points, editor.selected));
      tell({ ...PLAIN, tool: "split", refusal: kept ? null : "no target" });
      return true;
    },
  };
}
