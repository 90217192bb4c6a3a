/** The API of the curation page; no other module sends requests. */

import { ask } from "../../shared/server";
import type { Batch } from "./actions";
import type { Listing, CurateConfig } from "./types";
import { questionOf, type View } from "./view";

export interface CurateApi {
  list(view: View, signal: AbortSignal): Promise<Listing>;
  retire(batch: Batch): Promise<void>;
}

export function curateApi(config: CurateConfig): CurateApi {
  return {
    async list(view, signal) {
      const url = `${config.urls.list}?${questionOf(view)}`;
      return (await ask(url, { headers: { Accept: "application/json" }, signal })) as Listing;
    },
    async retire(batch) {
      await ask(config.urls.retire, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": config.csrf_token },
        body: JSON.stringify(batch),
      });
    },
  };
}
