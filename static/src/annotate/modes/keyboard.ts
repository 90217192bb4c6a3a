/** Listens to the keyboard and says which command was called, and which is held or let go. */
import { callOf } from "./keys";
import type { Command, HeldCommand } from "./keys";

export interface KeyboardEvents {
  /** Whether the keys belong to something else now, such as a dialog. */
  isBusy(): boolean;
  /** `key` is the key without what is held with it. */
  call(command: Command, key: string): void;
  hold(command: HeldCommand, held: boolean, key: string): void;
}

/** Fields in which people type. */
const FIELDS = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const CONTROLS = "button, a, summary, input";

export function listenToKeys(events: KeyboardEvents): void {
  // By place on the keyboard: what a key is called may change while it is down, with Shift.
  const held = new Map<string, { command: HeldCommand; key: string }>();

  const letGo = (code: string): void => {
    const call = held.get(code);
    if (call && held.delete(code)) events.hold(call.command, false, call.key);
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    if (events.isBusy() || event.defaultPrevented || target.closest(FIELDS)) return;
    const call = callOf(event);
    if (!call || (target.closest(CONTROLS) && isForControls(event))) return;
    event.preventDefault();
    if (!call.hold) events.call(call.command, call.key);
    else if (!event.repeat) {
      held.set(event.code, call);
      events.hold(call.command, true, call.key);
    }
  });
  document.addEventListener("keyup", ({ code }) => letGo(code));
  // The key may come up in another window.
  window.addEventListener("blur", () => [...held.keys()].forEach(letGo));
}

/** Enter and the space bar press a focused control, arrows go through a row or along a slider. */
function isForControls({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && (key === " " || key === "Enter" || key.startsWith("Arrow"));
}
