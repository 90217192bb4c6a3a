/**
 * Under which name this device keeps what a labeler draws.
 *
 * A labeler's number; but a visitor who has saved nothing yet has none, and gets one with the first
 * save. What was kept until then stays where it is: the device remembers the name for the number.
 */
import { keep, keysOf } from "../../shared/storage";
import type { Config } from "../config";

const placeOf = (labeler: number): string => `ai4mars.owner.${labeler}`;

export function ownerOf(
  storage: Storage,
  { id, device_name }: Pick<Config["labeler"], "id" | "device_name">,
): string {
  if (id === null) return device_name ?? "nobody";
  const remembered = storage.getItem(placeOf(id));
  if (remembered) return remembered;
  // The answer to the first save got lost.
  if (device_name && hasWork(storage, device_name)) {
    rememberOwner(storage, id, device_name);
    return device_name;
  }
  return String(id);
}

/** The visitor has become this labeler. */
export function rememberOwner(storage: Storage, labeler: number, owner: string): void {
  if (storage.getItem(placeOf(labeler)) === null) keep(storage, placeOf(labeler), owner);
}

function hasWork(storage: Storage, owner: string): boolean {
  return ["draft", "outbox"].some((kind) => keysOf(storage, `ai4mars.${kind}.${owner}.`).length > 0);
}
