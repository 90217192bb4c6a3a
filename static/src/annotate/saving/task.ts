/** What the server gives to draw on, and what it says to what was drawn. */
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
  /** Where what is beyond the limit is known from: "product", "released", "estimated", "none". */
  readonly range_source: string;
  readonly range_mask_url: string | null;
  readonly rover_mask_url: string | null;
  readonly range_map_url: string | null;
  /** Where distances are known from, in the same words. */
  readonly range_map_source: string;
  readonly camera_model: CameraModel | null;
  /** Away from the planet, in the camera's frame. */
  readonly up: Vector;
  readonly scale_bar: { readonly width_m: number; readonly width_px: number } | null;
}

/** A picture that was given to this volunteer. */
export interface Task {
  /** Null where it is only offered so far. */
  readonly assignment: number | null;
  /** Of a visitor who has saved nothing yet: a token that goes with what is saved of the picture. */
  readonly offer?: string | null;
  readonly image: Picture;
  /** "expert" for a picture of the gold set. */
  readonly role: string;
  /** The drawing as the server has it, in any format. */
  readonly draft: unknown;
  /** The label that was sent before and is corrected now. */
  readonly corrects?: SentLabel;
}

/** A label as the server has it. */
export interface SentLabel {
  readonly id: string;
  readonly version: number;
  readonly polygons: readonly PolygonJson[];
}

export interface Next {
  /** The one to draw on now, then those to load ahead; empty when nothing is left. */
  readonly tasks: readonly Task[];
  readonly labelsSent: number;
}

/** What the server says to a delivered parcel. */
export interface Answer {
  readonly labels_sent?: number;
  /** Of a picture with a reference answer: how well it was drawn. */
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
  /** It comes again until it is passed. */
  readonly must_pass: boolean;
  readonly may_repeat: boolean;
  /** Mean of the classes' intersections over unions, 0..1. */
  readonly score: number;
  readonly classes: readonly ClassFeedback[];
  /** How much of the answer is shown: nothing, where it was drawn on, or all; and why, if not all. */
  readonly answer?: "none" | "drawn" | "all";
  readonly note?: string;
  /** A picture of both masks: red the answer's codes, green the drawn ones. */
  readonly codes: string;
}
