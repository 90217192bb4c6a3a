/**
 * Announcements for screen readers: short sentences in one polite live region.
 *
 * Changes in quick succession are announced once, with the final state.
 */
import type { Say } from "../config";
import type { Label } from "../core/label";
import { isEmpty, pointsOf } from "../core/sketch";
import type { Sketch } from "../core/sketch";

const PAUSE_MS = 350;

/** Topics of announcements. A later sentence replaces a waiting one with the same topic. */
export type Topic = "shapes" | "points" | "zoom" | "selection" | "cross" | "note";

export type Cause = "undo" | "redo" | null;

export interface Announcement {
  readonly name: string;
  readonly code?: number;
}

/** Return the name of the sentence that describes a change, and the class of the changed region. */
export function describeChange(before: Label, after: Label, why: Cause): Announcement | null {
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
  // An added region may also have changed its neighbors; announce only the added one.
  if (came.length > went.length) return { name: `${prefix}added`, code };
  if (came.length < went.length) return { name: `${prefix}removed`, code: went.at(-1)!.code };
  return { name: `${prefix}changed`, code };
}

export class Announcer {
  private label: Label = { regions: [] };
  private points = 0;
  private readonly waiting = new Map<Topic, string>();
  private timer = 0;

  constructor(
    private readonly say: Say,
    private readonly className: (code: number) => string,
    private readonly speak: (sentences: string) => void,
  ) {}

  /** Start from the content of a new picture, without announcing it. */
  reset(label: Label, sketch: Sketch): void {
    this.label = label;
    this.points = pointsOf(sketch).length;
    this.waiting.clear();
  }

  labelChanged(label: Label, why: Cause): void {
    const announcement = describeChange(this.label, label, why);
    this.label = label;
    if (!announcement) return;
    this.waiting.delete("points");
    this.announce("shapes", announcement.name, {
      class: announcement.code === undefined ? "" : this.className(announcement.code),
      count: label.regions.length,
    });
  }

  /** Announce an added or removed point of the sketch. Strokes are not announced. */
  sketchChanged(sketch: Sketch, aloud: boolean): void {
    const points = pointsOf(sketch).length;
    const before = this.points;
    this.points = points;
    if (!aloud || points === before) return;
    if (isEmpty(sketch)) this.announce("points", "said_dropped");
    else this.announce("points", points > before ? "said_point" : "said_point_back", { count: points });
  }

  announce(topic: Topic, name: string, values: Record<string, string | number> = {}): void {
    this.waiting.delete(topic);
    this.waiting.set(topic, this.say(name, values));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.speak([...this.waiting.values()].join(" "));
      this.waiting.clear();
    }, PAUSE_MS);
  }
}
