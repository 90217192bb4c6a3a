/** Listens to the keyboard and reports pressed, held and released commands. */
import { findCommand } from "./keys";
import type { Command, HeldCommand } from "./keys";

export interface KeyboardEvents {
  /** Return whether keys belong to something else, such as an open dialog. */
  isBusy(): boolean;
  /** Run a command. `key` is the key without modifiers. */
  call(command: Command, key: string): void;
  hold(command: HeldCommand, held: boolean, key: string): void;
}

/** Fields that accept text. */
const FIELDS = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const CONTROLS = "button, a, summary, input";

export function listenToKeys(events: KeyboardEvents): void {
  // By physical key: the value of `key` may change while Shift is held.
  const held = new Map<string, { command: HeldCommand; key: string }>();

  const letGo = (code: string): void => {
    const call = held.get(code);
    if (call && held.delete(code)) events.hold(call.command, false, call.key);
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    if (events.isBusy() || event.defaultPrevented || target.closest(FIELDS)) return;
    const call = findCommand(event);
    if (!call || (target.closest(CONTROLS) && isForControls(event))) return;
    // Let the browser copy selected text.
    if (call.command === "copy" && getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    if (!call.hold) events.call(call.command, call.key);
    else if (!event.repeat) {
      held.set(event.code, call);
      events.hold(call.command, true, call.key);
    }
  });
  document.addEventListener("keyup", ({ code }) => letGo(code));
  // The key may be released in another window.
  window.addEventListener("blur", () => [...held.keys()].forEach(letGo));
}

/**
 * Return whether a focused control needs the key: Enter and space press it, arrows move within it
 * and never the cross, whatever is held with them.
 */
function isForControls({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return key.startsWith("Arrow") || (!ctrlKey && !metaKey && (key === " " || key === "Enter"));
}
