/** The range and camera data of a picture. */
import { readPng } from "../../shared/png";
import { bytesOf } from "../../shared/server";
import type { Picture } from "../saving/task";
import type { CameraModel } from "./camera";
import { toRangeMap } from "./range_map";
import type { RangeMap } from "./range_map";
import type { Vector } from "./vectors";

/** A picture's range map and, if available, its camera; without a camera there are no lengths. */
export interface RangeData {
  readonly range: RangeMap;
  readonly camera: CameraModel | null;
  readonly up: Vector;
  readonly estimated: boolean;
}

/** Load the range data. Return null if the picture has none or it cannot be loaded. */
export async function loadRangeData(
  picture: Pick<Picture, "range_map_url" | "range_map_source" | "camera_model" | "up">,
  load: typeof bytesOf = bytesOf,
): Promise<RangeData | null> {
  if (!picture.range_map_url) return null;
  try {
    const range = toRangeMap(await readPng(await load(picture.range_map_url)));
    const { camera_model: camera, up, range_map_source } = picture;
    return { range, camera, up, estimated: range_map_source === "estimated" };
  } catch {
    return null;
  }
}
