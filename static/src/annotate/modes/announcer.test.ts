import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Label, Region } from "../core/label";
import { NO_SKETCH, addStep } from "../core/sketch";
import { Announcer, describeChange } from "./announcer";

const region = (code: number, x = 0): Region => ({
  code,
  rings: [[[x, 0], [x + 5, 0], [x, 5]]],
});
const label = (...regions: Region[]): Label => ({ regions });

describe("describeChange", () => {
  const [sand, soil] = [region(2), region(0, 10)];
  it.each([
    ["a new shape", label(), label(sand), null, { name: "said_added", code: 2 }],
    ["one more", label(sand), label(sand, soil), null, { name: "said_added", code: 0 }],
    ["a deleted shape", label(sand, soil), label(soil), null, { name: "said_removed", code: 2 }],
    ["an undone shape", label(sand), label(), "undo", { name: "said_undo_removed", code: 2 }],
    ["an undone deletion", label(), label(sand), "undo", { name: "said_undo_added", code: 2 }],
    ["another class", label(sand), label({ ...sand, code: 3 }), null, { name: "said_class", code: 3 }],
    ["moved corners", label(sand), label(region(2, 1)), "redo", { name: "said_redo_changed", code: 2 }],
    [
      "a shape painted over another",
      label(sand),
      label(region(2, 3), soil),
      null,
      { name: "said_added", code: 0 },
    ],
    ["nothing", label(sand), label(sand), null, null],
  ] as const)("%s", (_, before, after, why, announcement) => {
    expect(describeChange(before, after, why)).toEqual(announcement);
  });
});

describe("Announcer", () => {
  let said: string[] = [];
  const say = (name: string, values = {}): string => [name, ...Object.values(values)].join(" ");
  const announcer = (): Announcer => new Announcer(say, (code) => `c${code}`, (text) => said.push(text));

  beforeEach(() => {
    said = [];
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("announces quickly added points once, with the final count", () => {
    const teller = announcer();
    let sketch = NO_SKETCH;
    for (const x of [1, 2, 3]) {
      sketch = addStep(sketch, [[x, x]]);
      teller.sketchChanged(sketch, true);
    }
    vi.runAllTimers();
    expect(said).toEqual(["said_point 3"]);
  });

  it("announces the finished shape, not the removed points", () => {
    const teller = announcer();
    teller.sketchChanged(addStep(NO_SKETCH, [[1, 1], [2, 2], [3, 1]]), true);
    teller.sketchChanged(NO_SKETCH, true);
    teller.labelChanged(label(region(2)), null);
    vi.runAllTimers();
    expect(said).toEqual(["said_added c2 1"]);
  });

  it("does not announce points set by pointer, nor the content of a new picture", () => {
    const teller = announcer();
    teller.sketchChanged(addStep(NO_SKETCH, [[1, 1]]), false);
    teller.reset(label(region(2)), NO_SKETCH);
    teller.labelChanged(label(), null);
    vi.runAllTimers();
    expect(said).toEqual(["said_removed c2 0"]);
  });
});
