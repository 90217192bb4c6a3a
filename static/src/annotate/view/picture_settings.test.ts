import { describe, expect, it } from "vitest";
import { NEUTRAL, filterOf, keepLook, recallLook } from "./picture_settings";

class Store extends Map<string, string> {
  getItem(key: string): string | null {
    return this.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.set(key, value);
  }
}

const store = (): Storage => new Store() as unknown as Storage;

describe("a look", () => {
  it("leaves the picture alone until something is changed", () => {
    expect(filterOf(NEUTRAL)).toBe("none");
    expect(filterOf({ ...NEUTRAL, opacity: 30 })).toBe("none");
    const dark = { ...NEUTRAL, brightness: 180, contrast: 120, invert: true };
    expect(filterOf(dark)).toBe("brightness(180%) contrast(120%) invert(1)");
  });

  it("is remembered for each person", () => {
    const device = store();
    const bright = { ...NEUTRAL, brightness: 200, opacity: 50 };
    keepLook(device, "7", bright);
    expect(recallLook(device, "7")).toEqual(bright);
    expect(recallLook(device, "8")).toEqual(NEUTRAL);
  });

  it.each(["no JSON", "null", "[]", '{"brightness": 1e9, "contrast": "x", "invert": "yes"}'])(
    "is neutral when %s was kept",
    (kept) => {
      const device = store();
      device.setItem("ai4mars.look.7", kept);
      expect(recallLook(device, "7")).toEqual(NEUTRAL);
    },
  );

  it("is not remembered where that is forbidden", () => {
    const forbidden = {
      getItem: () => {
        throw new DOMException("no", "SecurityError");
      },
      setItem: () => {
        throw new DOMException("no", "SecurityError");
      },
    } as unknown as Storage;
    keepLook(forbidden, "7", NEUTRAL);
    expect(recallLook(forbidden, "7")).toEqual(NEUTRAL);
    expect(recallLook(null, "7")).toEqual(NEUTRAL);
  });
});
