/**
 * What is set on the page and not part of a drawing: undo history, place and zoom, tool, class.
 *
 * It is kept in the storage of the tab, so it outlives a reload, Back and a switch of the language,
 * and never takes the space of drawings.
 */
import type { Drawing, Options } from "../core/editor";
import type { History } from "../core/history";
import { EMPTY_LABEL, toPolygons } from "../core/label";
import { NO_SKETCH } from "../core/sketch";
import type { Tool } from "../modes/mode";
import type { Place } from "../view/surface";
import { keep, readJson } from "../../shared/storage";
import type { Drawing as StoredDrawing } from "./drawing";
import { historyFromJson, historyToJson } from "./history_json";
import type { HistoryJson } from "./history_json";

/** What applies to all pictures. */
export interface PageSettings {
  readonly code: number;
  readonly options: Options;
  readonly hidden: boolean;
  readonly settingsOpen: boolean;
}

/** What belongs to one picture. */
export interface PictureState {
  /** The visible part; null for the whole picture. */
  readonly place: Place | null;
  readonly hiddenCodes: readonly number[];
  readonly tool: Tool;
  /** The index of the selected region, or -1. */
  readonly selected: number;
  readonly history: History<Drawing> | null;
}

interface StateJson {
  readonly format: number;
  readonly settings: PageSettings;
  readonly pictures: readonly (readonly [number, Omit<PictureState, "history">, HistoryJson | null])[];
}

const FORMAT = 1;
/** Pictures whose state is kept. A person may correct one and then return to another. */
const PICTURES = 3;
/** Characters; browsers allow a tab about five million. */
const MOST = 3_000_000;
const STEPS = [200, 50, 10, 0];

export class PageState {
  /** The settings of the previous page in this tab; null if there was none. */
  readonly settings: PageSettings | null = null;
  private readonly pictures = new Map<number, PictureState>();

  constructor(private readonly storage: Storage, private readonly key: string) {
    try {
      const kept = readJson(storage, key) as StateJson | null;
      if (kept?.format !== FORMAT) return;
      for (const [image, state, history] of kept.pictures) {
        this.pictures.set(image, { ...state, history: history && historyFromJson(history) });
      }
      this.settings = kept.settings;
    } catch {
      // Unreadable: the page starts as for the first time.
      this.pictures.clear();
    }
  }

  /** Return the state of a picture that was open before. */
  find(image: number): PictureState | null {
    return this.pictures.get(image) ?? null;
  }

  remember(image: number, state: PictureState): void {
    this.pictures.delete(image);
    this.pictures.set(image, state);
    const [oldest] = this.pictures.keys();
    if (this.pictures.size > PICTURES) this.pictures.delete(oldest!);
  }

  /** Store everything, with as many steps of undo as there is room for. */
  save(settings: PageSettings): void {
    for (const most of STEPS) {
      const pictures = [...this.pictures].map(([image, { history, ...state }]) =>
        [image, state, most && history ? historyToJson(history, most) : null] as const);
      const value = JSON.stringify({ format: FORMAT, settings, pictures } satisfies StateJson);
      if (value.length <= MOST && keep(this.storage, this.key, value)) return;
    }
  }
}

/** Return the history if its present state is this drawing, so that nothing else is ever opened. */
export function historyOf(
  state: PictureState | null,
  { label = EMPTY_LABEL, sketch = NO_SKETCH }: Partial<StoredDrawing>,
): History<Drawing> | null {
  const { history } = state ?? {};
  if (!history) return null;
  const content = (drawing: Drawing): string =>
    JSON.stringify([toPolygons(drawing.label), drawing.sketch.steps, drawing.sketch.tool ?? "draw"]);
  const same = content(history.present) === content({ label, sketch });
  return same ? history : null;
}
