/** The masked areas of a picture, from its masks. */
import { readPng } from "../../shared/png";
import { bytesOf } from "../../shared/server";
import type { Masked, MaskKind } from "../core/geometry";
import type { Picture } from "../saving/task";
import { traceMaskOutlines } from "./mask_outlines";

export interface MaskedAreas {
  readonly masked: readonly Masked[];
  /** A mask could not be loaded; the server removes what is drawn under it. */
  readonly missing: boolean;
}

/** Load the masked areas. Never rejects, because a picture can be drawn on without its masks. */
export async function loadMasked(
  picture: Pick<Picture, "width" | "height" | "range_mask_url" | "rover_mask_url">,
  load: typeof bytesOf = bytesOf,
): Promise<MaskedAreas> {
  const areas = async (url: string | null, why: MaskKind): Promise<Masked[] | null> => {
    if (!url) return [];
    try {
      const { width, height, channels, bytes } = await readPng(await load(url));
      const fits = width === picture.width && height === picture.height && channels === 1;
      return fits ? traceMaskOutlines(bytes, { width, height }).map((rings) => ({ rings, why })) : null;
    } catch {
      return null;
    }
  };
  const found = await Promise.all([
    areas(picture.rover_mask_url, "rover"),
    areas(picture.range_mask_url, "beyond"),
  ]);
  return { masked: found.flatMap((each) => each ?? []), missing: found.includes(null) };
}
