import { describe, expect, it } from "vitest";
import { pace, rateText, remember, type Sample, WINDOW_MS } from "./job_rate";

const at = (seconds: number, done: number): Sample => ({ at: seconds * 1000, done });

describe("the pace of a job", () => {
  it.each([
    ["nothing seen", [], null],
    ["seen once", [at(0, 5)], null],
    ["seen for too short a time", [at(0, 5), at(1, 9)], null],
    ["no progress", [at(0, 5), at(9, 5)], null],
    ["ten a second, forty to go", [at(0, 20), at(4, 60)], { perSecond: 10, secondsLeft: 4 }],
    ["all done", [at(0, 20), at(4, 100)], { perSecond: 20, secondsLeft: 0 }],
  ])("%s", (_, samples, expected) => {
    expect(pace(samples, 100)).toEqual(expected);
  });

  it("forgets what is older than the window", () => {
    const samples = remember([at(0, 1), at(25, 2)], at(WINDOW_MS / 1000 + 1, 3));
    expect(samples).toEqual([at(25, 2), at(WINDOW_MS / 1000 + 1, 3)]);
  });

  it("starts afresh when the job does", () => {
    expect(remember([at(0, 50), at(1, 60)], at(2, 0))).toEqual([at(2, 0)]);
  });

  it("does not count what was made before the job went on", () => {
    expect(remember([at(0, 0)], at(1, 2000))).toEqual([at(1, 2000)]);
  });
});

describe("the pace as a sentence", () => {
  const words = (key: string, values: Readonly<Record<string, string | number>> = {}): string =>
    [key, ...Object.values(values)].join(" ");

  it.each([
    ["nothing yet", [at(0, 5)], 100, ""],
    ["seconds", [at(0, 20), at(4, 60)], 100, "rate 10 left-seconds 4"],
    ["never no seconds at all", [at(0, 20), at(4, 100)], 100, "rate 20 left-seconds 1"],
    ["minutes", [at(0, 20), at(4, 60)], 3060, "rate 10 left-minutes 5"],
    ["a slow job", [at(0, 20), at(8, 21)], 22, "rate 0.13 left-seconds 8"],
  ])("%s", (_, samples, total, expected) => {
    expect(rateText(samples, total, words, "en")).toBe(expected);
  });
});
