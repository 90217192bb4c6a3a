/** A worker that compares the labels of an image; it caches the rasterized labels for the next label of the image. */

import { bytesOf } from "../../shared/server";
import { readPng } from "../../shared/png";
import { differenceOf, disagreementOf, majorityOf, rasterize } from "./pixels";
import type { Picture, Polygon } from "../types";

export interface Drawn {
  /** Key of the label and its version. */
  readonly key: string;
  readonly polygons: readonly Polygon[];
}

export interface Question {
  readonly id: number;
  readonly image: Pick<Picture, "id" | "width" | "height" | "range_mask_url" | "rover_mask_url">;
  readonly label: Drawn;
  readonly others: readonly Drawn[];
}

/** One byte per pixel; see `pixels.ts`. */
export interface Comparison {
  readonly majority: Uint8Array<ArrayBuffer>;
  readonly difference: Uint8Array<ArrayBuffer>;
  readonly disagreement: Uint8Array<ArrayBuffer>;
}

export type Reply = { readonly id: number; readonly found: Comparison } | { readonly id: number; readonly error: string };

interface Known {
  readonly removed: Promise<Uint8Array | null>;
  readonly labels: Map<string, Uint8Array>;
}

/** Number of cached images: a few MB each. */
const KEPT_IMAGES = 4;
const known = new Map<number, Known>();

async function maskOf(url: string | null, pixels: number): Promise<Uint8Array | null> {
  if (!url) return null;
  const { bytes, channels } = await readPng(await bytesOf(url));
  if (channels !== 1 || bytes.length !== pixels) throw new Error(`The mask ${url} does not fit its picture.`);
  return bytes;
}

/** Return the union of rover mask and range mask. */
async function removedFrom({ width, height, range_mask_url, rover_mask_url }: Question["image"]): Promise<Uint8Array | null> {
  const [range, rover] = await Promise.all([range_mask_url, rover_mask_url].map((url) => maskOf(url, width * height)));
  return range && rover ? range.map((byte, i) => byte | rover[i]!) : (range ?? rover ?? null);
}

function knownOf(image: Question["image"]): Known {
  const kept = known.get(image.id) ?? { removed: removedFrom(image), labels: new Map<string, Uint8Array>() };
  known.delete(image.id);
  known.set(image.id, kept);
  for (const id of [...known.keys()].slice(0, -KEPT_IMAGES)) known.delete(id);
  return kept;
}

async function compare({ image, label, others }: Question): Promise<Comparison> {
  const kept = knownOf(image);
  const removed = await kept.removed.catch((error: unknown) => {
    known.delete(image.id); // so that it can be retried
    throw error;
  });
  const pixelsOf = ({ key, polygons }: Drawn): Uint8Array => {
    const pixels = kept.labels.get(key) ?? rasterize(polygons, image, removed);
    kept.labels.set(key, pixels);
    return pixels;
  };
  const own = pixelsOf(label);
  const theirs = others.map(pixelsOf);
  const majority = majorityOf(theirs, image);
  return {
    majority: majority as Uint8Array<ArrayBuffer>,
    difference: differenceOf(own, majority) as Uint8Array<ArrayBuffer>,
    disagreement: disagreementOf([own, ...theirs], image) as Uint8Array<ArrayBuffer>,
  };
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage(reply: Reply, transfer?: Transferable[]): void;
};

scope.onmessage = ({ data }) => {
  compare(data).then(
    (found) => scope.postMessage({ id: data.id, found }, Object.values(found).map((each: Uint8Array<ArrayBuffer>) => each.buffer)),
    (error: unknown) => scope.postMessage({ id: data.id, error: String(error) }),
  );
};
