import { expect, it } from "vitest";
import { labelToCorrect } from "./correction";

it.each([
  ["?correct=5b0c", "5b0c"],
  ["?campaign=x&correct=5b0c", "5b0c"],
  ["?correct=", ""],
  ["", null],
])("%s asks to correct %s", (query, label) => {
  expect(labelToCorrect(query)).toBe(label);
});
