import { expect, it } from "vitest";
import { isActive, mayResume, mayStop, type Status } from "./job";

const TABLE: readonly [Status, boolean, boolean, boolean][] = [
  ["queued", true, true, false],
  ["running", true, true, false],
  ["stopping", true, false, false],
  ["stopped", false, false, true],
  ["complete", false, false, false],
  ["failed", false, false, true],
];

it.each(TABLE)("%s: active %s, may stop %s, may resume %s", (status, active, stop, resume) => {
  expect([isActive(status), mayStop(status), mayResume(status)]).toEqual([active, stop, resume]);
});
