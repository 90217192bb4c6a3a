/** What shapes are drawn for: to become a region, to cut something out, to split what is there. */
import { addRegion, cutOut, split } from "../core/actions";
import { findTrimmingMasks } from "../core/clip";
import type { Editor } from "../core/editor";
import { contains } from "../core/geometry";
import type { Why } from "../core/geometry";
import { splitRings } from "../core/split";
import type { Purpose } from "./draw";

/** What became of a finished shape. */
export interface Outcome {
  readonly tool: "draw" | "cut" | "split";
  /** Whether it changed anything. */
  readonly kept: boolean;
  /** The masked areas that took a part of it. */
  readonly trimmed: ReadonlySet<Why>;
}

type Tell = (outcome: Outcome) => void;

const NOTHING: ReadonlySet<Why> = new Set();

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

/** Erases from the selected region, or from all that the shape touches. */
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

/** Divides the selected region, or all that the line crosses. */
export function splitting(editor: Editor, tell: Tell): Purpose {
  return {
    tool: "split",
    isLine: true,
    keepsSelection: true,
    // Once through and out of all that it divides, the line has done its work.
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
