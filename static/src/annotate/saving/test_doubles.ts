/** Test doubles for storage and server. */
import { Refused, Unreachable } from "../../shared/server";
import { PageStorage } from "../../shared/storage";
import type { Drawing } from "./drawing";
import type { QueuedUpload } from "./queued_upload";
import type { Answer, Task } from "./task";

/** Device storage, shared by tabs, that may be full. */
export class DeviceStorage extends PageStorage {
  full = false;

  override setItem(key: string, value: string): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    super.setItem(key, value);
  }

  keys(): string[] {
    return Array.from({ length: this.length }, (_, place) => this.key(place)!);
  }
}

/** A server that is up, down, or refuses some images. It stores each label once. */
export class LabelServer {
  up = true;
  /** Stores an upload but loses the response. */
  dropsAnswers = false;
  readonly refusing = new Map<number, Refused>();
  readonly stored = new Map<string, QueuedUpload>();
  readonly requests: string[] = [];

  async deliver(upload: QueuedUpload): Promise<Answer> {
    this.requests.push(upload.id);
    await Promise.resolve();
    if (!this.up) throw new Unreachable("network");
    const no = this.refusing.get(upload.image);
    if (no) throw no;
    this.stored.set(upload.id, upload);
    if (this.dropsAnswers) throw new Unreachable("network");
    return upload.kind === "label" ? { labels_sent: this.stored.size, version: 1 } : {};
  }
}

export function task(image: number, fields: Partial<Task> = {}): Task {
  const url = (kind: string): string => `/images/${image}/${kind}/`;
  return {
    assignment: 100 + image,
    role: "crowd",
    draft: null,
    image: {
      id: image,
      product_id: `frame ${image}`,
      width: 64,
      height: 48,
      display_url: url("display"),
      thumbnail_url: url("thumbnail"),
      range_map_url: null,
      range_mask_url: null,
      rover_mask_url: null,
      sol: null,
      rover: "curiosity",
      range_source: "none",
      range_map_source: "none",
      camera_model: null,
      up: [0, 0, -1],
      scale_bar: null,
    },
    ...fields,
  };
}

export function upload(image: number, fields: Partial<QueuedUpload> = {}): QueuedUpload {
  return {
    id: `label-${image}`,
    kind: "label",
    task: task(image),
    image,
    polygons: [{ class: 1, rings: [[[0, 0], [9, 0], [9, 9]]] }],
    started_at: "2024-01-01T00:00:00Z",
    queued_at: `2024-01-01T00:00:${String(image).padStart(2, "0")}Z`,
    ...fields,
  };
}

/** Return a drawing with one triangle that extends `size` pixels to the right. */
export function drawing(size = 5): Drawing {
  return {
    label: { regions: [{ code: 2, rings: [[[0, 0], [size, 0], [size, 5]]] }] },
    sketch: { steps: [[[1, 2]], [[3, 4], [5, 6]]] },
    startedAt: "2024-01-01T00:00:00Z",
  };
}
