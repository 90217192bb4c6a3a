/**
 * The name under which this device stores a labeler's drawings.
 *
 * It is the labeler's number. A visitor without saved work has no number until the first save.
 * Drawings stored before that keep their name, and the device maps the number to it.
 */
import { keep, keysOf } from "../../shared/storage";
import type { Config } from "../config";

const outboxKey = (labeler: number): string => `ai4mars.owner.${labeler}`;

export function findOwner(
  storage: Storage,
  { id, device_name }: Pick<Config["labeler"], "id" | "device_name">,
): string {
  if (id === null) return device_name ?? "nobody";
  const remembered = storage.getItem(outboxKey(id));
  if (remembered) return remembered;
  // The response to the first save was lost.
  if (device_name && hasWork(storage, device_name)) {
    rememberOwner(storage, id, device_name);
    return device_name;
  }
  return String(id);
}

/** Record that the visitor has become this labeler. */
export function rememberOwner(storage: Storage, labeler: number, owner: string): void {
  if (storage.getItem(outboxKey(labeler)) === null) keep(storage, outboxKey(labeler), owner);
}

function hasWork(storage: Storage, owner: string): boolean {
  return ["draft", "outbox"].some((kind) => keysOf(storage, `ai4mars.${kind}.${owner}.`).length > 0);
}
