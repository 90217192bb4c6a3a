/** A finished upload: what it contains, and how it is sent. */
import type { Ask, More } from "../../shared/delivery/connection";
import { Unreachable } from "../../shared/server";
import type { PolygonJson } from "../core/label";
import type { Answer, Task } from "./task";

/** The same id for every attempt, so that the server stores it once. */
export interface QueuedUpload {
  readonly id: string;
  /** "nothing": the image has nothing to label. */
  readonly kind: "label" | "skip" | "nothing";
  /** The task as the server sent it, enough to reopen it. `null` in uploads of older pages. */
  readonly task: Task | null;
  readonly image: number;
  readonly polygons: readonly PolygonJson[];
  readonly started_at: string;
  /** When it was finished, as ISO time. */
  readonly queued_at: string;
  /** The server's refusal, which only the volunteer can resolve. */
  readonly refused?: { readonly status: number; readonly code: string; readonly reason: string };
}

export interface UploadUrls {
  readonly labels: string;
  readonly skip: string;
  readonly nothing: string;
  readonly correct: string;
}

export type Deliver = (upload: QueuedUpload) => Promise<Answer>;

/** Return the header that assigns an offered image to the visitor. */
export const offerHeader = (offer: string | null | undefined): More =>
  offer ? { headers: { "X-Offer": offer } } : {};

/** Return the function that sends an upload. `offered`: returns the offer of an image, if any. */
export function createDelivery(
  ask: Ask,
  urls: UploadUrls,
  offered: (image: number) => string | undefined = () => undefined,
): Deliver {
  const post = async (url: string, body: unknown, more?: More): Promise<ParcelAnswer> =>
    (await ask("POST", url, body, more)) ?? {};

  return async (upload) => {
    const { id, image, kind, polygons, started_at, task } = upload;
    const more = offerHeader(task?.offer ?? offered(image));
    if (kind === "skip") {
      await post(urls.skip.replace("{id}", String(image)), {}, more);
      return {};
    }
    if (kind === "nothing") {
      const answer = await post(urls.nothing.replace("{id}", String(image)), {}, more);
      if (answer.image !== image) throw new Unreachable("server", "This is no answer.");
      return answer;
    }
    const { corrects } = task ?? {};
    const answer = corrects
      ? await post(urls.correct.replace("{id}", corrects.id), {
        id, polygons, base_version: corrects.version,
      })
      : await post(urls.labels, { id, image, polygons, started_at }, more);
    // Another server, such as a hotel's sign-in page, has not stored the label.
    if (answer.id !== (corrects?.id ?? id)) {
      throw new Unreachable("server", "This is no answer to a label.");
    }
    return answer;
  };
}

interface ParcelAnswer extends Answer {
  readonly id?: string;
  readonly image?: number;
}

/** Read a stored upload of any version of the page. Return null if it is invalid. */
export function readQueuedUpload(raw: unknown): QueuedUpload | null {
  const upload = raw as Partial<QueuedUpload> | null;
  if (typeof upload?.id !== "string" || !Number.isInteger(upload.image)) return null;
  return {
    kind: "label",
    task: null,
    polygons: [],
    started_at: "",
    queued_at: "",
    ...upload,
  } as QueuedUpload;
}

/** Return a random UUID. Browsers withhold `crypto.randomUUID` on plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
