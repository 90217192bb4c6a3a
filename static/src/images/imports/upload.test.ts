import { describe, expect, it } from "vitest";
import { outcomeOf, percentSent } from "./upload";

const FORM = "http://mars.example/c/msl/imports/";

describe("what became of an upload", () => {
  it.each([
    ["led on to the import's own page", 200, "http://mars.example/c/msl/imports/7/", "taken"],
    ["the form again, with its errors", 200, FORM, "refused"],
    ["the form again, with a query", 200, `${FORM}?again=1`, "refused"],
    ["a bad request", 400, FORM, "refused"],
    ["more than the server takes", 413, FORM, "too-large"],
    ["no answer", 0, "", "failed"],
    ["not allowed any more", 403, FORM, "failed"],
    ["the server broke", 500, FORM, "failed"],
  ])("%s", (_, status, landed, expected) => {
    expect(outcomeOf(status, landed, FORM)).toBe(expected);
  });
});

describe("how much is away", () => {
  it.each([
    [0, 0, 0],
    [0, 10, 0],
    [999, 1000, 99],
    [1000, 1000, 100],
    [1001, 1000, 100],
  ])("%d of %d is %d percent", (loaded, total, expected) => {
    expect(percentSent(loaded, total)).toBe(expected);
  });
});
