import { describe, expect, it } from "vitest";
import helpTemplate from "../../../../templates/labeling/annotation/draw/keys.html?raw";
import { COMMANDS, GESTURES, GROUPS, findCommand, keysOf } from "./keys";

const press = (key: string, held: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}) =>
  findCommand({
    key,
    ctrlKey: held.ctrl ?? false,
    metaKey: false,
    altKey: held.alt ?? false,
    shiftKey: held.shift ?? false,
  });

describe("findCommand", () => {
  it.each([
    ["1", {}, "class"],
    ["9", {}, "class"],
    ["0", {}, "fit"],
    ["z", { ctrl: true }, "undo"],
    ["Z", { ctrl: true, shift: true }, "redo"],
    ["y", { ctrl: true }, "redo"],
    ["V", { shift: true }, "edit"],
    ["?", { shift: true }, "help"],
    ["Backspace", {}, "delete"],
    ["Enter", {}, "finish"],
    ["Enter", { ctrl: true }, "send"],
    [" ", {}, "pan"],
    ["1", { ctrl: true }, null],
    ["e", { alt: true }, null],
    ["Unidentified", {}, null],
  ])("%s %j", (key, held, command) => {
    expect(press(key, held)?.command ?? null).toBe(command);
  });

  it("returns which of several keys was pressed, and whether it has to be held", () => {
    expect(press("3")).toEqual({ command: "class", key: "3", hold: false });
    expect(press(" ")).toEqual({ command: "pan", key: " ", hold: true });
  });
});

describe("the table", () => {
  it("gives no two commands the same key", () => {
    const all = COMMANDS.flatMap((row) => [...row.keys]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("writes its keys in the form of the lookup", () => {
    for (const key of COMMANDS.flatMap((row) => [...row.keys])) {
      expect(key).toMatch(/^(Ctrl\+)?(Alt\+)?(Shift\+)?([^A-Z]|[A-Z][A-Za-z]+)$/);
    }
  });

  it("has a sentence for every command, gesture and group", () => {
    const needed = [
      ...COMMANDS.map((row) => `key_${row.command}`),
      ...GESTURES.flatMap(({ gesture }) => [`gesture_${gesture}`, `gesture_${gesture}_does`]),
      ...GROUPS.map((group) => `keys_${group}`),
    ];
    for (const name of needed) expect(helpTemplate).toContain(`data-string="${name}"`);
  });
});

describe("keysOf", () => {
  it.each([
    ["Ctrl+Shift+z", ["Ctrl", "Shift", "z"]],
    ["+", ["+"]],
    ["Ctrl++", ["Ctrl", "+"]],
    ["PageUp", ["PageUp"]],
  ])("%s", (chord, keys) => {
    expect(keysOf(chord)).toEqual(keys);
  });
});
