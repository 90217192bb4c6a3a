/** Types of the review API. */

export type Point = readonly [x: number, y: number];

/** A region: the class code and its rings in image pixels (x right, y down), the outline first, then holes. */
export interface Polygon {
  readonly class: number;
  readonly rings: readonly (readonly Point[])[];
}

export interface Picture {
  readonly id: number;
  readonly product_id: string;
  readonly width: number;
  readonly height: number;
  readonly display_url: string;
  readonly thumbnail_url: string;
  /** Masks that are removed from labels: beyond the range limit, and the rover. `null` if there is no such mask. */
  readonly range_mask_url: string | null;
  readonly rover_mask_url: string | null;
  readonly sol: number | null;
  readonly rover: string;
}

/** A label of an image. */
export interface ReviewedLabel {
  readonly id: string;
  /** Incremented by each correction. */
  readonly version: number;
  readonly polygons: readonly Polygon[];
  /** Its labeler; hidden where that could influence a rating. */
  readonly labeler?: string;
  readonly labeler_id?: number;
  /** Its agreement score; null if it has none, or while it is hidden. */
  readonly score?: number | null;
}

/** Another label of the same image; `agreement` is the Jaccard index of the two, if computed. */
export interface OtherLabel extends ReviewedLabel {
  readonly agreement?: number | null;
}

/** The labeler's history in the campaign. */
export interface LabelerRecord {
  readonly labels: number;
  readonly thrown_out: number;
  readonly mean_score: number | null;
  readonly ratings: number;
  readonly mean_rating: number | null;
}

export interface Flag {
  readonly reviewer: string;
  readonly note: string;
}

/** Facts that could influence a rating: scores and labeler. */
export interface LabelFacts {
  readonly labeler: string;
  readonly labeler_id: number;
  /** Null without an agreement score; `rank` 1 is the lowest agreement. */
  readonly score: number | null;
  readonly rank: number | null;
  /** Mean IoU with the others by class code. */
  readonly class_agreements: Readonly<Record<string, number>>;
  /** Active ratings. */
  readonly ratings: number;
  readonly record: LabelerRecord;
}

/** The label to rate. */
export interface QueuedLabel extends ReviewedLabel {
  readonly image: Picture;
  readonly flag: Flag | null;
  /** Null if they come with the response to the rating. */
  readonly facts: LabelFacts | null;
}

export interface Candidate {
  readonly label: QueuedLabel;
  readonly others: readonly OtherLabel[];
}

/** The response of the queue: `label` is null when no label remains. */
export interface QueueAnswer {
  readonly label: QueuedLabel | null;
  readonly others?: readonly OtherLabel[];
  readonly remaining: number;
  readonly rated: number;
  readonly scored?: number;
  /** Hide scores and labelers until the rating. */
  readonly hide_record?: boolean;
}

export interface TerrainClass {
  readonly code: number;
  readonly name: string;
  readonly color: string;
}

export interface PageConfig {
  readonly campaign: { readonly slug: string; readonly name: string; readonly classes: readonly TerrainClass[] };
  /** Id of the account. */
  readonly reviewer: number;
  /** Id of the account's labeler; null if it has none, and then its session cannot be renewed. */
  readonly labeler: number | null;
  /** URLs; `flag` has the label id `nil` as a placeholder. */
  readonly urls: Readonly<
    Record<"next" | "ratings" | "withdraw" | "release" | "hold" | "flag" | "session" | "page" | "bulk" | "bulk_page" | "worker", string>
  >;
  readonly nil: string;
  readonly csrf_token: string;
}

export interface ReviewConfig extends PageConfig {
  /** The filter, as appended to `next`; empty for the whole queue. */
  readonly query: string;
  /** Above this number, remaining labels are not counted. */
  readonly many: number;
}

export type RatingValue = 1 | 2 | 3 | 4 | 5;

/** A reviewer's rating of a label. */
export interface Verdict {
  readonly value: RatingValue;
  readonly reasons: readonly string[];
  readonly comment: string;
}
