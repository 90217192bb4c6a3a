import { describe, expect, it } from "vitest";
import { type Progress, rateAll, undoAll } from "./batches";

describe("many at once", () => {
  const answers = [
    { rated: 2, refused: 0, remaining: 3, ratings: [1, 2] },
    { rated: 2, refused: 1, remaining: 1, ratings: [3, 4] },
    { rated: 0, refused: 1, remaining: 0, ratings: [] },
  ];

  async function run(goesOn: () => boolean): Promise<Progress[]> {
    const left = [...answers];
    const told: Progress[] = [];
    await rateAll(async () => left.shift()!, (progress) => told.push(progress), goesOn);
    return told;
  }

  it("goes on until nothing is left, and adds up", async () => {
    const told = await run(() => true);
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toEqual({ rated: 4, refused: 1, remaining: 0, ratings: [1, 2, 3, 4] });
  });

  it("can be stopped between two batches", async () => {
    expect(await run(() => false)).toEqual([{ rated: 2, refused: 0, remaining: 3, ratings: [1, 2] }]);
  });

  it("is taken back batch by batch, and what failed is known", async () => {
    const ratings = Array.from({ length: 250 }, (_, n) => n);
    const undone: number[] = [];
    const left: number[] = [];
    await undoAll(ratings, async (batch) => void undone.push(...batch), (rest) => left.push(rest.length));
    expect(undone.sort((a, b) => a - b)).toEqual(ratings);
    expect(left).toEqual([150, 50, 0]);
  });
});
