/** The purposes of a drawn shape: a new region, a cut, or a split. */
import { addRegion, cutOut, split } from "../core/actions";
import { findTrimmingMasks } from "../core/clip";
import type { Editor } from "../core/editor";
import { contains } from "../core/geometry";
import type { MaskKind } from "../core/geometry";
import { splitRings } from "../core/split";
import type { Purpose } from "./draw";

/** The result of a finished shape. */
export interface Outcome {
  readonly tool: "draw" | "cut" | "split";
  /** Whether the shape changed the label. */
  readonly kept: boolean;
  /** The kinds of masked areas that removed a part of the shape. */
  readonly trimmed: ReadonlySet<MaskKind>;
}

type Tell = (outcome: Outcome) => void;

const NOTHING: ReadonlySet<MaskKind> = new Set();

export function drawing(editor: Editor, tell: Tell): Purpose {
  return {
    tool: "draw",
    isLine: false,
    keepsSelection: false,
    isComplete: () => false,
    finish: (points) => {
      const { code, frame, options } = editor;
      const kept = editor.finish(addRegion(code, points, frame, options.paintOver));
      tell({ tool: "draw", kept, trimmed: findTrimmingMasks(points, frame) });
    },
  };
}

/** Erase the shape from the selected region, or from all regions that it overlaps. */
export function cutting(editor: Editor, tell: Tell): Purpose {
  return {
    tool: "cut",
    isLine: false,
    keepsSelection: true,
    isComplete: () => false,
    finish: (points) => {
      const kept = editor.finish(cutOut(points, editor.selected));
      tell({ tool: "cut", kept, trimmed: NOTHING });
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
      tell({ tool: "split", kept, trimmed: NOTHING });
    },
  };
}
