/** The help dialog: all keys and gestures, generated from their table. */
import type { Say } from "../config";
import { COMMANDS, GESTURES, GROUPS, keysOf, type Needs } from "../modes/keys";

/** Keys with translated names: `keyname_<this>`. */
const NAMED: Record<string, string> = {
  " ": "space",
  Alt: "alt",
  Backspace: "backspace",
  Ctrl: "ctrl",
  Delete: "delete",
  Enter: "enter",
  Insert: "insert",
  Escape: "escape",
  PageDown: "page_down",
  PageUp: "page_up",
  Shift: "shift",
  Tab: "tab",
};
const DRAWN: Record<string, string> = { "-": "−" };
const ARROW_CAP = "← ↑ ↓ →";

/**
 * Fill the list once. Entries that need a keyboard or mouse are marked; a phone hides them until
 * they are requested or a keyboard is used.
 */
export function fillHelp(list: HTMLElement, all: HTMLElement, say: Say): void {
  const fingersOnly = matchMedia("(hover: none) and (pointer: coarse)").matches;
  for (const group of GROUPS) {
    const section = document.createElement("section");
    const title = document.createElement("h3");
    title.textContent = say(`keys_${group}`);
    const rows = document.createElement("dl");
    for (const gesture of GESTURES.filter((each) => each.group === group)) {
      const name = `gesture_${gesture.gesture}`;
      const how = gesture.gesture === "click" && fingersOnly ? "gesture_tap" : name;
      rows.append(row([say(how)], say(`${name}_does`), "needs" in gesture ? gesture.needs : null));
    }
    for (const { command, keys } of COMMANDS.filter((each) => each.group === group)) {
      rows.append(row(shown(keys, say), say(`key_${command}`), "keyboard"));
    }
    section.append(title, rows);
    list.append(section);
  }
  const showAll = (): void => list.classList.add("all");
  window.addEventListener("keydown", showAll, { once: true });
  all.addEventListener("click", () => {
    showAll();
    list.focus();
  });
}

function row(how: (string | Node)[], what: string, needs: Needs | null): HTMLElement {
  const element = document.createElement("div");
  if (needs) element.dataset.needs = needs;
  const term = document.createElement("dt");
  const meaning = document.createElement("dd");
  term.append(...how);
  meaning.textContent = what;
  element.append(term, meaning);
  return element;
}

/**
 * Return the keys of a command, with ranges for digits and grouped arrows: 1 – 9, Shift + ← ↑ ↓ →.
 */
function shown(keys: readonly string[], say: Say): (string | Node)[] {
  const arrows = keys.filter((chord) => chord.includes("Arrow"));
  if (arrows.length) return spaced(arrowRows(arrows).map((row) => chordOf(row, say)), " ");
  const long = keys.length > 4;
  const ends = long ? [keys[0]!, keys.at(-1)!] : keys;
  return spaced(ends.map((chord) => chordOf(keysOf(chord), say)), long ? " – " : " ");
}

/** Return one row per modifier, with all arrow keys grouped. */
function arrowRows(chords: readonly string[]): string[][] {
  const held = new Set(chords.map((chord) => keysOf(chord).slice(0, -1).join("+")));
  return [...held].map((each) => [...(each ? each.split("+") : []), ARROW_CAP]);
}

function spaced(parts: readonly Node[], between: string): (string | Node)[] {
  return parts.flatMap((part, place) => (place ? [between, part] : [part]));
}

function chordOf(keys: readonly string[], say: Say): HTMLElement {
  const element = document.createElement("span");
  element.className = "chord";
  element.append(
    ...spaced(keys.map((key) => keyCap(key, say)), " + "),
  );
  return element;
}

function keyCap(key: string, say: Say): HTMLElement {
  const cap = document.createElement("kbd");
  const name = NAMED[key];
  cap.textContent = name ? say(`keyname_${name}`) : (DRAWN[key] ?? key.toUpperCase());
  return cap;
}
