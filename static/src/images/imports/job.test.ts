import { expect, it } from "vitest";
import { isActive, type Status } from "./job";

const TABLE: readonly [Status, boolean][] = [
  ["queued", true],
  ["running", true],
  ["stopping", true],
  ["stopped", false],
  ["complete", false],
  ["failed", false],
];

it.each(TABLE)("%s: active %s", (status, active) => {
  expect(isActive(status)).toBe(active);
});
