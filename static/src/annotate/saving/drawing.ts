/**
 * The stored form of an unfinished drawing, on the device and on the server.
 *
 * A stored drawing may come from an older or newer page, or be damaged: readable parts are used.
 */
import { fromPolygons, toPolygons } from "../core/label";
import type { Label, Point, PolygonJson } from "../core/label";
import type { Sketch } from "../core/sketch";

/**
 * Version of the format. Version 1 had neither a version number nor a writer; 2 names the page that
 * saved it.
 */
export const FORMAT = 2;

/** The volunteer's drawing on one image so far. */
export interface Drawing {
  readonly label: Label;
  /** The unfinished shape. */
  readonly sketch: Sketch;
  /** When the volunteer first opened the image, as ISO time. */
  readonly startedAt: string;
}

/** A drawing with the page that saved it, and when. */
export interface Draft extends Drawing {
  /** Identifier of the page that saved it, followed by its save count. */
  readonly writer: string;
  readonly stroke: number;
  /** The server's version of the drawing or of its base; 0 if the server has none. */
  readonly version: number;
  /** ISO time. */
  readonly savedAt: string;
  /** Whether parts of it could not be read. */
  readonly damaged: boolean;
}

export interface DrawingJson {
  readonly format: number;
  readonly polygons: readonly PolygonJson[];
  readonly steps: readonly (readonly Point[])[];
  /** The tool of the unfinished shape, if it is not a new region. */
  readonly tool?: Sketch["tool"];
  /** The class of an unfinished new region, and whether it replaces others. */
  readonly sketch_class?: number;
  readonly paint_over?: boolean;
  readonly started_at: string;
}

export const isBlank = ({ label, sketch }: Drawing): boolean =>
  label.regions.length === 0 && sketch.steps.length === 0;

export function toJson({ label, sketch, startedAt }: Drawing): DrawingJson {
  const steps = sketch.steps.map((step) => [...step]);
  const json = { format: FORMAT, polygons: toPolygons(label), steps, started_at: startedAt };
  if (!steps.length) return json;
  if ((sketch.tool ?? "draw") !== "draw") return { ...json, tool: sketch.tool };
  const { code, paintOver } = sketch;
  return code === undefined ? json : { ...json, sketch_class: code, paint_over: paintOver ?? false };
}

/** Read a stored drawing of any format. Return null if nothing in it is readable. */
export function readDraft(raw: unknown): Draft | null {
  if (!isObject(raw) || !Array.isArray(raw.polygons)) return null;
  const format = raw.format ?? 1;
  const polygons = raw.polygons.filter(isPolygon);
  const steps = Array.isArray(raw.steps) ? raw.steps.filter(isRow) : [];
  const found = raw.polygons.length + (Array.isArray(raw.steps) ? raw.steps.length : 0);
  const lost = found - polygons.length - steps.length;
  if (lost && !polygons.length && !steps.length) return null;
  return {
    label: fromPolygons(polygons),
    sketch: { ...styleOf(raw), steps },
    startedAt: text(raw.started_at) || new Date().toISOString(),
    writer: text(raw.writer),
    stroke: count(raw.stroke),
    version: count(raw.version),
    savedAt: text(raw.saved_at),
    damaged: lost > 0 || typeof format !== "number" || format > FORMAT,
  };
}

/** Return the tool of the unfinished shape, or the class and option of a new region. */
function styleOf(raw: Record<string, unknown>): Omit<Sketch, "steps"> {
  if (raw.tool === "cut" || raw.tool === "split") return { tool: raw.tool };
  if (!Number.isInteger(raw.sketch_class)) return {};
  return { tool: "draw", code: raw.sketch_class as number, paintOver: raw.paint_over === true };
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function isPolygon(raw: unknown): raw is PolygonJson {
  return (
    isObject(raw) &&
    Number.isInteger(raw.class) &&
    Array.isArray(raw.rings) &&
    raw.rings.length > 0 &&
    raw.rings.every((ring) => isRow(ring) && ring.length >= 3)
  );
}

function isRow(raw: unknown): raw is Point[] {
  return Array.isArray(raw) && raw.every(isPoint);
}

function isPoint(raw: unknown): raw is Point {
  return Array.isArray(raw) && raw.length === 2 && raw.every(Number.isFinite);
}

const text = (raw: unknown): string => (typeof raw === "string" ? raw : "");
const count = (raw: unknown): number => (Number.isSafeInteger(raw) ? (raw as number) : 0);
