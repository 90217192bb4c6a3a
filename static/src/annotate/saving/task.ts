/** Tasks from the server, and its responses to uploads. */
import type { PolygonJson } from "../core/label";
import type { CameraModel } from "../measure/camera";
import type { Vector } from "../measure/vectors";

export interface Picture {
  readonly id: number;
  readonly product_id: string;
  readonly width: number;
  readonly height: number;
  readonly display_url: string;
  readonly thumbnail_url: string;
  readonly sol: number | null;
  readonly rover: string;
  /** Source of the range limit: "product", "released", "estimated", "none". */
  readonly range_source: string;
  readonly range_mask_url: string | null;
  readonly rover_mask_url: string | null;
  readonly range_map_url: string | null;
  /** Source of the distances, with the same values. */
  readonly range_map_source: string;
  readonly camera_model: CameraModel | null;
  /** Unit vector pointing up, in the camera's frame. */
  readonly up: Vector;
  readonly scale_bar: { readonly width_m: number; readonly width_px: number } | null;
}

/** A picture assigned to this volunteer. */
export interface Task {
  /** Null while the picture is only offered. */
  readonly assignment: number | null;
  /**
   * For a visitor without saved work: a token sent along when something of the picture is saved.
   */
  readonly offer?: string | null;
  readonly image: Picture;
  /** "expert" for a picture of the gold set. */
  readonly role: string;
  /** The drawing stored on the server, in any format. */
  readonly draft: unknown;
  /** The sent label being corrected. */
  readonly corrects?: SentLabel;
}

/** A label as stored on the server. */
export interface SentLabel {
  readonly id: string;
  readonly version: number;
  readonly polygons: readonly PolygonJson[];
}

export interface Next {
  /** The current task, followed by those to prefetch; empty if there are none. */
  readonly tasks: readonly Task[];
  readonly labelsSent: number;
  /** When there are no tasks: how many pictures were skipped. */
  readonly skipped?: number;
  /** When there are no tasks: other projects with pictures for this person. */
  readonly others?: readonly OtherProject[];
}

export interface OtherProject {
  readonly name: string;
  readonly url: string;
}

/** The server's response to an upload. */
export interface Answer {
  readonly labels_sent?: number;
  /** The version of the label; missing if the drawing became no label. */
  readonly version?: number;
  /** Feedback on a picture with a reference answer. */
  readonly answer_feedback?: AnswerFeedback;
}

export interface ClassFeedback {
  readonly code: number;
  readonly name: string;
  readonly color: string;
  readonly pattern: string;
  /** Intersection over union, 0..1. */
  readonly iou: number;
  readonly words: readonly string[];
}

export interface AnswerFeedback {
  readonly title: string;
  readonly passed: boolean;
  /** The picture is repeated until it is passed. */
  readonly must_pass: boolean;
  readonly may_repeat: boolean;
  /** Mean intersection over union of the classes, 0..1. */
  readonly score: number;
  readonly classes: readonly ClassFeedback[];
  /**
   * How much of the answer is shown: none, only the drawn parts, or all. Also the reason if not
   * all.
   */
  readonly answer?: "none" | "drawn" | "all";
  readonly note?: string;
  /** An image of both masks: red holds the answer's codes, green the drawn codes. */
  readonly codes: string;
}
