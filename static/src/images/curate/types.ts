/** Types of the curation API. */

/** All values are 0..1. */
export interface Quality {
  readonly dark_share: number;
  readonly saturated_share: number;
  readonly contrast: number;
  readonly sharpness: number;
  readonly rover_share: number;
  readonly terrain_share: number;
}

export interface Picture {
  readonly id: number;
  readonly product_id: string;
  readonly thumb_url: string;
  readonly display_url: string;
  readonly sol: number | null;
  /** Retired: kept, but shown to no labeler. */
  readonly retired: boolean;
  readonly retired_reason: string;
  /** The product id of an earlier near-duplicate. */
  readonly duplicate_of: string | null;
  readonly labels: number;
  readonly quality: Quality | null;
  /** The source of the rover mask; of an unknown one, labels may lie on the rover. */
  readonly rover_mask: "product" | "drawn" | "unknown";
}

/** One page of the list; pages count from 1. */
export interface Listing {
  readonly count: number;
  readonly page: number;
  readonly pages: number;
  readonly images: readonly Picture[];
}

export interface CurateConfig {
  readonly urls: { readonly list: string; readonly retire: string };
  readonly csrf_token: string;
}
