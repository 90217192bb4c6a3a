import { expect, it } from "vitest";
import { stepOf } from "./keys";

it.each([
  ["ArrowRight", false, { do: "go", rel: "next" }],
  ["ArrowLeft", false, { do: "go", rel: "prev" }],
  ["ArrowRight", true, { do: "go", rel: "prev" }],
  ["ArrowLeft", true, { do: "go", rel: "next" }],
  ["0", false, { do: "show", view: "0" }],
  ["3", false, { do: "show", view: "3" }],
  ["P", false, { do: "show", view: "none" }],
  ["n", false, { do: "write" }],
  ["x", false, null],
  ["F1", false, null],
])("%s (right to left: %s)", (key, rtl, step) => {
  expect(stepOf(key, rtl)).toEqual(step);
});
