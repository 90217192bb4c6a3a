/** What the editor of illustrations draws, in image pixels. */

export type Point = readonly [number, number];

/** Left, top, width, height. */
export type Box = readonly [number, number, number, number];

export type Captions = Readonly<Record<string, string>>;

export type Mark =
  | { readonly kind: "outline"; readonly points: readonly Point[]; readonly code: number | null; readonly captions: Captions }
  | { readonly kind: "arrow"; readonly points: readonly Point[]; readonly captions: Captions }
  | { readonly kind: "scale"; readonly points: readonly Point[]; readonly length_cm: number; readonly length_px: number };

/** What is undone and redone as a whole. */
export interface Drawing {
  readonly crop: Box;
  readonly marks: readonly Mark[];
}

export type Tool = "crop" | "outline" | "arrow" | "scale" | "move";

/** A point that can be moved: a corner of the crop box (0 to 3, from the upper left), or a mark's point. */
export type Handle = { readonly corner: number } | { readonly mark: number; readonly point: number };

export interface Config {
  readonly image: { readonly url: string; readonly width: number; readonly height: number; readonly bar: readonly Point[] | null };
  readonly classes: readonly { readonly code: number; readonly name: string; readonly color: string }[];
  readonly languages: readonly { readonly code: string; readonly name: string }[];
  readonly scale_url: string;
  readonly scales_cm: readonly number[];
  readonly usual_scale_cm: number;
  readonly shortest_px: number;
  readonly most_oblong: number;
  readonly max_marks: number;
  readonly max_points: number;
  readonly max_caption: number;
}
