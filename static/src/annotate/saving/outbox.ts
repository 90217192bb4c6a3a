/** The drawing page's outbox: labels, skips, and pictures with nothing to label. */
import { Outbox } from "../../shared/delivery/outbox";
import type { Exclusively, Round } from "../../shared/delivery/outbox";
import { keysOf, readJson } from "../../shared/storage";
import { readQueuedUpload } from "./queued_upload";
import type { Deliver, QueuedUpload } from "./queued_upload";
import { refusalOf } from "./reasons";
import type { Answer } from "./task";

export type LabelOutbox = Outbox<QueuedUpload, Answer>;
export type Delivery = Round<QueuedUpload, Answer>;

/** Return the storage key of a person's finished uploads, also used as the name of the lock. */
export const outboxKey = (owner: string): string => `ai4mars.outbox.${owner}`;

export function createOutbox(
  storage: Storage,
  owner: string,
  api: { readonly deliver: Deliver },
  exclusively?: Exclusively,
): LabelOutbox {
  const cargo = {
    prefix: `${outboxKey(owner)}.`,
    idOf: ({ id }: QueuedUpload) => id,
    read: readQueuedUpload,
    order: (a: QueuedUpload, b: QueuedUpload) => a.queued_at.localeCompare(b.queued_at),
    isDue: ({ refused }: QueuedUpload) => !refused,
    send: (upload: QueuedUpload) => api.deliver(upload),
    // Any other refused upload concerns a closed picture and can be dropped.
    afterRefusal: (upload: QueuedUpload, error: Parameters<typeof refusalOf>[0]) =>
      upload.kind === "label" ? { ...upload, refused: refusalOf(error) } : null,
  };
  const outbox = new Outbox<QueuedUpload, Answer>(storage, cargo, exclusively);
  adoptOldList(storage, owner, outbox);
  return outbox;
}

/** Import the list of labels that older pages stored under one key. */
function adoptOldList(storage: Storage, owner: string, outbox: LabelOutbox): void {
  const list = readJson(storage, outboxKey(owner));
  if (!Array.isArray(list)) return;
  const parcels = list.flatMap((raw) => readQueuedUpload(raw) ?? []);
  if (parcels.map((upload) => outbox.put(upload)).every(Boolean)) storage.removeItem(outboxKey(owner));
}

/** Return how many finished labels of other people wait on this device. */
export function countOthersWaiting(storage: Storage, owner: string): number {
  const own = `${outboxKey(owner)}.`;
  return keysOf(storage, outboxKey("")).filter((key) => !key.startsWith(own)).length;
}
