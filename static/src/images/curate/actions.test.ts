import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actionOn, applied, batchesOf, reversed, withLabels } from "./actions";
import type { Picture } from "./types";

function picture(id: number, reason: string | null = null, labels = 0): Picture {
  const standing = { retired: reason !== null, retired_reason: reason ?? "" };
  return { id, product_id: `NLB_${id}`, thumb_url: "", display_url: "", sol: 1, duplicate_of: null, labels, quality: null, rover_mask: "product", ...standing };
}

const anyPictures = fc.uniqueArray(
  fc.tuple(fc.nat(50), fc.option(fc.constantFrom("dark", "blurry", "other"))).map(([id, reason]) => picture(id, reason)),
  { selector: (each) => each.id },
);

describe("retiring and restoring", () => {
  it("leaves pictures alone that stand so already", () => {
    const action = actionOn([picture(1), picture(2, "dark"), picture(3)], true, "blurry");
    expect(action.map((change) => change.id)).toEqual([1, 3]);
  });

  it("is one request", () => {
    expect(batchesOf(actionOn([picture(1), picture(3)], true, "dark"))).toEqual([{ ids: [1, 3], retire: true, reason: "dark" }]);
    expect(batchesOf(actionOn([picture(2, "dark"), picture(4, "other")], false, ""))).toEqual([
      { ids: [2, 4], retire: false, reason: "" },
    ]);
  });

  it("is no request when there is nothing to do", () => {
    expect(batchesOf(actionOn([picture(1)], false, ""))).toEqual([]);
  });

  it("gives each picture its own reason back when a restoring is undone", () => {
    const restored = actionOn([picture(2, "dark"), picture(4, "other"), picture(6, "dark")], false, "");
    expect(batchesOf(reversed(restored))).toEqual([
      { ids: [2, 6], retire: true, reason: "dark" },
      { ids: [4], retire: true, reason: "other" },
    ]);
  });

  it("undone, leaves everything as it was", () => {
    fc.assert(
      fc.property(anyPictures, fc.boolean(), (pictures, retire) => {
        const action = actionOn(pictures, retire, "blurry");
        const done = applied(pictures, action);
        expect(done.every((each) => each.retired === retire)).toBe(true);
        expect(applied(done, reversed(action))).toEqual(pictures);
      }),
    );
  });

  it("knows the pictures with labels", () => {
    expect(withLabels([picture(1, null, 3), picture(2)]).map((each) => each.id)).toEqual([1]);
  });
});
