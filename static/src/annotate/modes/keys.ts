/**
 * All keys and gestures of the drawing page in one table. Key handling and the help dialog both use
 * it.
 *
 * To add a command: add a line below, its sentence `key_<command>` in annotation/draw/keys.html,
 * and its action in main.ts (required by the type checker). Keys are ignored while typing in a
 * field or while a dialog is open.
 */

/** Sections of the help dialog, in this order. Each has the title `keys_<group>`. */
export const GROUPS = ["draw", "change", "look", "cross", "send"] as const;
export type Group = (typeof GROUPS)[number];

interface Entry {
  readonly command: string;
  /**
   * Modifiers `Ctrl+`, `Alt+`, `Shift+` in this order, then the key, with letters in lower case.
   * Ctrl means the command key on a Mac. A key without `Shift+` also matches with Shift, unless
   * that has its own line.
   */
  readonly keys: readonly string[];
  readonly group: Group;
  /** Active as long as the key is held. */
  readonly hold?: true;
}

const ARROWS = ["ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight"] as const;
const withArrows = (held: string): string[] => ARROWS.map((arrow) => held + arrow);

export const COMMANDS = [
  { command: "draw", keys: ["d"], group: "draw" },
  { command: "class", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], group: "draw" },
  { command: "finish", keys: ["Enter"], group: "draw" },
  { command: "cancel", keys: ["Escape"], group: "draw" },
  { command: "turn", keys: ["t"], group: "draw" },
  { command: "let-go", keys: ["Shift"], group: "draw", hold: true },
  { command: "fill", keys: ["f"], group: "draw" },
  { command: "paint-over", keys: ["o"], group: "draw" },
  { command: "snap", keys: ["n"], group: "draw" },
  { command: "follow", keys: ["b"], group: "draw" },
  { command: "undo", keys: ["Ctrl+z"], group: "draw" },
  { command: "redo", keys: ["Ctrl+y", "Ctrl+Shift+z"], group: "draw" },
  { command: "edit", keys: ["e", "v"], group: "change" },
  { command: "cut", keys: ["c"], group: "change" },
  { command: "split", keys: ["s"], group: "change" },
  { command: "merge", keys: ["m"], group: "change" },
  { command: "copy", keys: ["Ctrl+c"], group: "change" },
  { command: "paste", keys: ["Ctrl+v"], group: "change" },
  { command: "duplicate", keys: ["Ctrl+d"], group: "change" },
  { command: "delete", keys: ["Delete", "Backspace"], group: "change" },
  { command: "next-region", keys: ["j", "PageDown"], group: "change" },
  { command: "previous-region", keys: ["k", "PageUp"], group: "change" },
  { command: "next-corner", keys: ["."], group: "change" },
  { command: "previous-corner", keys: [","], group: "change" },
  { command: "add-corner", keys: ["Insert", "i"], group: "change" },
  { command: "pan", keys: [" "], group: "look", hold: true },
  { command: "zoom-in", keys: ["+", "="], group: "look" },
  { command: "zoom-out", keys: ["-"], group: "look" },
  { command: "fit", keys: ["0"], group: "look" },
  { command: "hide", keys: ["h"], group: "look" },
  { command: "hide-all", keys: ["q"], group: "look", hold: true },
  {
    command: "hide-class",
    keys: ["Shift+1", "Shift+2", "Shift+3", "Shift+4", "Shift+5", "Shift+6", "Shift+7", "Shift+8", "Shift+9"],
    group: "look",
    hold: true,
  },
  { command: "look", keys: ["l"], group: "look" },
  { command: "magnifier", keys: ["x"], group: "look" },
  { command: "ruler", keys: ["r"], group: "look" },
  { command: "cross", keys: ARROWS, group: "cross" },
  { command: "cross-far", keys: withArrows("Shift+"), group: "cross" },
  { command: "cross-pixel", keys: [...withArrows("Alt+"), ...withArrows("Ctrl+")], group: "cross" },
  { command: "send", keys: ["Ctrl+Enter"], group: "send" },
  { command: "guide", keys: ["g"], group: "send" },
  { command: "about", keys: ["w"], group: "send" },
  { command: "help", keys: ["?"], group: "send" },
] as const satisfies readonly Entry[];

type Row = (typeof COMMANDS)[number];
/** A command that runs when its key goes down. */
export type Command = Exclude<Row, { hold: true }>["command"];
/** A command that is active while its key is held. */
export type HeldCommand = Extract<Row, { hold: true }>["command"];

/** The device that a gesture requires, if touch is not enough. */
export type Needs = "keyboard" | "mouse";

/** Pointer gestures. `gesture_<name>` describes the gesture, `gesture_<name>_does` its effect. */
export const GESTURES = [
  { gesture: "drag", group: "draw" },
  { gesture: "click", group: "draw" },
  { gesture: "close", group: "draw" },
  { gesture: "enter", group: "cross", needs: "keyboard" },
  { gesture: "enter_again", group: "cross", needs: "keyboard" },
  { gesture: "space_arrows", group: "cross", needs: "keyboard" },
  { gesture: "trace", group: "draw" },
  { gesture: "points", group: "change" },
  { gesture: "alt_click", group: "change", needs: "keyboard" },
  { gesture: "wheel", group: "look", needs: "mouse" },
  { gesture: "two_fingers", group: "look" },
  { gesture: "pen", group: "look" },
] as const satisfies readonly { gesture: string; group: Group; needs?: Needs }[];

export type KeyPress = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> & {
  /** The physical key, needed because Shift changes the character of digit keys. */
  readonly code?: string;
};

/** A command with the key (without modifiers) that triggered it. */
export type CommandCall =
  | { readonly command: Command; readonly key: string; readonly hold: false }
  | { readonly command: HeldCommand; readonly key: string; readonly hold: true };

const ROWS = new Map<string, Row>(
  COMMANDS.flatMap((row) => row.keys.map((key): [string, Row] => [key, row])),
);

/** Return the command of a key press, or null. */
export function findCommand(press: KeyPress): CommandCall | null {
  const digit = press.shiftKey ? /^Digit([1-9])$/.exec(press.code ?? "")?.[1] : undefined;
  const key = digit ?? (press.key.length === 1 ? press.key.toLowerCase() : press.key);
  const held = `${press.ctrlKey || press.metaKey ? "Ctrl+" : ""}${press.altKey ? "Alt+" : ""}`;
  const row =
    (press.shiftKey && ROWS.get(`${held}Shift+${key}`)) || ROWS.get(held + key);
  if (!row) return null;
  return { command: row.command, key, hold: "hold" in row } as CommandCall;
}

/** Return whether a command draws, changes the drawing, or takes up something to do so. */
export function isDrawingCommand(command: Command): boolean {
  const group = COMMANDS.find((row) => row.command === command)?.group;
  return group === "draw" || group === "change" || command === "ruler";
}

/** Split a chord into keys: `Ctrl+Shift+z` gives Ctrl, Shift, z. */
export function keysOf(chord: string): string[] {
  const held = ["Ctrl", "Alt", "Shift"].filter((each) => chord.includes(`${each}+`));
  return [...held, chord.slice(held.join("+").length + (held.length ? 1 : 0))];
}
