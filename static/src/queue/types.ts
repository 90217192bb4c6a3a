/** What the reviewers' pages exchange with the server. */

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
  /** What labels lose: beyond the range limit, on the rover. `null` where there is no such mask. */
  readonly range_mask_url: string | null;
  readonly rover_mask_url: string | null;
  readonly sol: number | null;
  readonly rover: string;
}

/** A labeler's label of an image. */
export interface ReviewedLabel {
  readonly id: string;
  /** Grows when its labeler corrects it. */
  readonly version: number;
  readonly polygons: readonly Polygon[];
  /** Who drew it; not told where that could lead a rating. */
  readonly labeler?: string;
  readonly labeler_id?: number;
  /** Its agreement score; null when it has none, and not told where that could lead a rating. */
  readonly score?: number | null;
}

/** Another label of the same image; `agreement` is the Jaccard of the two, where it was computed. */
export interface OtherLabel extends ReviewedLabel {
  readonly agreement?: number | null;
}

/** What its labeler has done in the campaign so far. */
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

/** What could lead the rating of a label: its scores, and who drew it. */
export interface LabelFacts {
  readonly labeler: string;
  readonly labeler_id: number;
  /** Null when it has no agreement score; `rank` 1 is the one that agrees least. */
  readonly score: number | null;
  readonly rank: number | null;
  /** Mean IoU with the others by class code. */
  readonly class_agreements: Readonly<Record<string, number>>;
  /** Ratings that stand. */
  readonly ratings: number;
  readonly record: LabelerRecord;
}

/** The label to rate. */
export interface QueuedLabel extends ReviewedLabel {
  readonly image: Picture;
  readonly flag: Flag | null;
  /** Null where they come with the answer to the rating. */
  readonly facts: LabelFacts | null;
}

export interface Candidate {
  readonly label: QueuedLabel;
  readonly others: readonly OtherLabel[];
}

/** The answer of the queue: `label` is null when nothing is left to review. */
export interface QueueAnswer {
  readonly label: QueuedLabel | null;
  readonly others?: readonly OtherLabel[];
  readonly remaining: number;
  readonly rated: number;
  readonly scored?: number;
  /** Scores and who drew it are shown after the rating only. */
  readonly hide_record?: boolean;
}

export interface TerrainClass {
  readonly code: number;
  readonly name: string;
  readonly color: string;
}

export interface PageConfig {
  readonly campaign: { readonly slug: string; readonly name: string; readonly classes: readonly TerrainClass[] };
  /** Number of the account. */
  readonly reviewer: number;
  /** Number of the account's labeler; null where it has none yet, and then its session cannot be renewed. */
  readonly labeler: number | null;
  /** `flag` is the address of the label `nil`. */
  readonly urls: Readonly<
    Record<"next" | "ratings" | "withdraw" | "release" | "hold" | "flag" | "session" | "page" | "bulk" | "bulk_page" | "worker", string>
  >;
  readonly nil: string;
  readonly csrf_token: string;
}

export interface ReviewConfig extends PageConfig {
  /** What was asked for, as it is added to `next`; empty for the whole queue. */
  readonly query: string;
  /** Where the counting of what is left ends. */
  readonly many: number;
}

export type RatingValue = 1 | 2 | 3 | 4 | 5;

/** What a reviewer says of a label. */
export interface Verdict {
  readonly value: RatingValue;
  readonly reasons: readonly string[];
  readonly comment: string;
}
