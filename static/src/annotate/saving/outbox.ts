/** The drawing page's outbox: labels, skips, and pictures with nothing to label. */
import { Outbox } from "../../shared/delivery/outbox";
import type { Exclusively, Round } from "../../shared/delivery/outbox";
import { keysOf, readJson } from "../../shared/storage";
import { readParcel } from "./queued_upload";
import type { Deliver, Parcel } from "./queued_upload";
import { reasonOf } from "./reasons";
import type { Answer } from "./task";

export type LabelOutbox = Outbox<Parcel, Answer>;
export type Delivery = Round<Parcel, Answer>;

/** Return the storage key of a person's finished uploads, also used as the name of the lock. */
export const placeOf = (owner: string): string => `ai4mars.outbox.${owner}`;

export function createOutbox(
  storage: Storage,
  owner: string,
  api: { readonly deliver: Deliver },
  exclusively?: Exclusively,
): LabelOutbox {
  const cargo = {
    prefix: `${placeOf(owner)}.`,
    idOf: ({ id }: Parcel) => id,
    read: readParcel,
    order: (a: Parcel, b: Parcel) => a.queued_at.localeCompare(b.queued_at),
    isDue: ({ refused }: Parcel) => !refused,
    send: (parcel: Parcel) => api.deliver(parcel),
    // Any other refused upload concerns a closed picture and can be dropped.
    afterRefusal: (parcel: Parcel, error: Parameters<typeof reasonOf>[0]) =>
      parcel.kind === "label" ? { ...parcel, refused: reasonOf(error) } : null,
  };
  const outbox = new Outbox<Parcel, Answer>(storage, cargo, exclusively);
  adoptOldList(storage, owner, outbox);
  return outbox;
}

/** Import the list of labels that older pages stored under one key. */
function adoptOldList(storage: Storage, owner: string, outbox: LabelOutbox): void {
  const list = readJson(storage, placeOf(owner));
  if (!Array.isArray(list)) return;
  const parcels = list.flatMap((raw) => readParcel(raw) ?? []);
  if (parcels.map((parcel) => outbox.put(parcel)).every(Boolean)) storage.removeItem(placeOf(owner));
}

/** Return how many finished labels of other people wait on this device. */
export function waitingOfOthers(storage: Storage, owner: string): number {
  const own = `${placeOf(owner)}.`;
  return keysOf(storage, placeOf("")).filter((key) => !key.startsWith(own)).length;
}
