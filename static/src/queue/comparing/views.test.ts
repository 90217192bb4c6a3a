import { describe, expect, it } from "vitest";
import type { Candidate } from "../types";
import { ringOf, stepFrom, toggled } from "./views";

const alone = { others: [] } as unknown as Candidate;
const withTwo = { others: [{}, {}] } as unknown as Candidate;

describe("what can be looked at", () => {
  it("is the label, the comparisons and each other label", () => {
    expect(ringOf(withTwo)).toEqual([0, "majority", "difference", "disagreement", 1, 2]);
    expect(ringOf(alone)).toEqual([0]);
  });

  it("is gone through in a ring, both ways", () => {
    const ring = ringOf(withTwo);
    expect(stepFrom(ring, 0, 1)).toBe("majority");
    expect(stepFrom(ring, 2, 1)).toBe(0);
    expect(stepFrom(ring, 0, -1)).toBe(2);
    expect(stepFrom(ringOf(alone), 0, 1)).toBe(0);
    let view = stepFrom(ring, 0, 1);
    for (let n = 1; n < ring.length; n++) view = stepFrom(ring, view, 1);
    expect(view).toBe(0);
  });

  it("is reached and left with one key", () => {
    expect(toggled(ringOf(withTwo), 0, "difference")).toBe("difference");
    expect(toggled(ringOf(withTwo), "difference", "difference")).toBe(0);
    expect(toggled(ringOf(alone), 0, "difference")).toBe(0);
  });
});
