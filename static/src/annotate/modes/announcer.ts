/**
 * Says what happened, for those who do not see it: plain sentences for one polite live region.
 *
 * What comes in quick succession is said once, as it is at the end.
 */
import type { Say } from "../config";
import type { Label } from "../core/label";
import { isEmpty, pointsOf } from "../core/sketch";
import type { Sketch } from "../core/sketch";

const PAUSE_MS = 350;

/** Sentences about the same thing: the later one replaces the earlier one that waits. */
export type Topic = "shapes" | "points" | "zoom" | "selection" | "cross" | "note";

export type Why = "undo" | "redo" | null;

export interface Told {
  readonly name: string;
  readonly code?: number;
}

/** What became of the label: the name of the sentence, and the class of the region it is about. */
export function tellChange(before: Label, after: Label, why: Why): Told | null {
  const came = after.regions.filter((region) => !before.regions.includes(region));
  const went = before.regions.filter((region) => !after.regions.includes(region));
  if (!came.length && !went.length) return null;
  const prefix = why ? `said_${why}_` : "said_";
  if (!went.length) return { name: `${prefix}added`, code: came[0]!.code };
  if (!came.length) return { name: `${prefix}removed`, code: went[0]!.code };
  const sameOutlines = came.length === went.length && came.every((region, index) =>
    region.rings === went[index]!.rings);
  if (sameOutlines) return { name: `${prefix}class`, code: came[0]!.code };
  const code = came.at(-1)!.code;
  // A new region that took something from its neighbors is a new region all the same.
  if (came.length > went.length) return { name: `${prefix}added`, code };
  if (came.length < went.length) return { name: `${prefix}removed`, code: went.at(-1)!.code };
  return { name: `${prefix}changed`, code };
}

export class Narrator {
  private label: Label = { regions: [] };
  private points = 0;
  private readonly waiting = new Map<Topic, string>();
  private timer = 0;

  constructor(
    private readonly say: Say,
    private readonly className: (code: number) => string,
    private readonly speak: (sentences: string) => void,
  ) {}

  /** A new picture: what is on it is where everything starts. */
  reset(label: Label, sketch: Sketch): void {
    this.label = label;
    this.points = pointsOf(sketch).length;
    this.waiting.clear();
  }

  labelChanged(label: Label, why: Why): void {
    const told = tellChange(this.label, label, why);
    this.label = label;
    if (!told) return;
    this.waiting.delete("points");
    this.tell("shapes", told.name, {
      class: told.code === undefined ? "" : this.className(told.code),
      count: label.regions.length,
    });
  }

  /** A point of the shape under the hand came or went; strokes are not counted out. */
  sketchChanged(sketch: Sketch, aloud: boolean): void {
    const points = pointsOf(sketch).length;
    const before = this.points;
    this.points = points;
    if (!aloud || points === before) return;
    if (isEmpty(sketch)) this.tell("points", "said_dropped");
    else this.tell("points", points > before ? "said_point" : "said_point_back", { count: points });
  }

  tell(topic: Topic, name: string, values: Record<string, string | number> = {}): void {
    this.waiting.delete(topic);
    this.waiting.set(topic, this.say(name, values));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.speak([...this.waiting.values()].join(" "));
      this.waiting.clear();
    }, PAUSE_MS);
  }
}
