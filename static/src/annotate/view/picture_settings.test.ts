import { describe, expect, it } from "vitest";
import { NEUTRAL, cssFilter, saveSettings, loadSettings } from "./picture_settings";

class Store extends Map<string, string> {
  getItem(key: string): string | null {
    return this.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.set(key, value);
  }
}

const store = (): Storage => new Store() as unknown as Storage;

describe("picture settings", () => {
  it("leave the picture unchanged by default", () => {
    expect(cssFilter(NEUTRAL)).toBe("none");
    expect(cssFilter({ ...NEUTRAL, opacity: 30 })).toBe("none");
    const dark = { ...NEUTRAL, brightness: 180, contrast: 120, invert: true };
    expect(cssFilter(dark)).toBe("brightness(180%) contrast(120%) invert(1)");
  });

  it("are stored for each person", () => {
    const device = store();
    const bright = { ...NEUTRAL, brightness: 200, opacity: 50 };
    saveSettings(device, "7", bright);
    expect(loadSettings(device, "7")).toEqual(bright);
    expect(loadSettings(device, "8")).toEqual(NEUTRAL);
  });

  it.each(["no JSON", "null", "[]", '{"brightness": 1e9, "contrast": "x", "invert": "yes"}'])(
    "are neutral when %s was stored",
    (kept) => {
      const device = store();
      device.setItem("ai4mars.look.7", kept);
      expect(loadSettings(device, "7")).toEqual(NEUTRAL);
    },
  );

  it("are not stored where storage is forbidden", () => {
    const forbidden = {
      getItem: () => {
        throw new DOMException("no", "SecurityError");
      },
      setItem: () => {
        throw new DOMException("no", "SecurityError");
      },
    } as unknown as Storage;
    saveSettings(forbidden, "7", NEUTRAL);
    expect(loadSettings(forbidden, "7")).toEqual(NEUTRAL);
    expect(loadSettings(null, "7")).toEqual(NEUTRAL);
  });
});
