import { expect, it } from "vitest";
import { fill } from "./translations";

it.each([
  ["no names", {}, "no names"],
  ["{done} of {total}", { done: 3, total: "1,200" }, "3 of 1,200"],
  ["{n} and {n}", { n: 2 }, "2 and 2"],
  ["a {missing} value stays", {}, "a {missing} value stays"],
])("fills %s", (sentence, values, expected) => {
  expect(fill(sentence, values)).toBe(expected);
});
