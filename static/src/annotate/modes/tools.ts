/** The tools of the drawing page: the active one, and what its commands do. */
import { fillRest, hasConnectedRegions, merge } from "../core/actions";
import type { Editor } from "../core/editor";
import { copyAt, copyBeside } from "../core/copies";
import { MIN_AREA, regionArea } from "../core/geometry";
import type { Label, Point, Region, Rings } from "../core/label";
import { dropLeftovers, tidied } from "../core/leftovers";
import { NO_SKETCH, isEmpty } from "../core/sketch";
import { DrawMode } from "./draw";
import type { DrawSurface } from "./draw";
import { EditMode } from "./edit";
import type { EditSurface } from "./edit";
import type { Mode, Pen, Tool } from "./mode";
import { countLeftovers, cutting, drawing, place, splitting, stepsTo } from "./purposes";
import type { Outcome } from "./purposes";

export interface ToolsPage {
  /** Show a warning, given the name of a sentence in the template. */
  warn(sentence: string): void;
  finished(outcome: Outcome): void;
  /** Say how many small leftover pieces were dropped. */
  dropped(count: number): void;
  showTurn(can: boolean): void;
  /** Return whether a piece is too small to be left over as a region. */
  isSmall(rings: Rings): boolean;
}

export interface ToolsSurface extends DrawSurface, EditSurface {
  useTool(tool: Tool): void;
}

export class Tools {
  private readonly edit: EditMode;
  private readonly modes: Record<Tool, Mode>;
  private readonly drawing: readonly DrawMode[];
  private current: Tool = "draw";
  private copied: Region | null = null;

  constructor(
    private readonly editor: Editor,
    private readonly surface: () => ToolsSurface,
    private readonly page: ToolsPage,
    private readonly onChange: () => void,
  ) {
    const tell = (outcome: Outcome): void => page.finished(outcome);
    const turnable = (can: boolean): void => page.showTurn(can);
    const isSmall = (rings: Rings): boolean => page.isSmall(rings);
    const draw = new DrawMode(editor, surface, drawing(editor, tell, isSmall), turnable, onChange);
    const cut = new DrawMode(editor, surface, cutting(editor, tell, isSmall), turnable);
    const split = new DrawMode(editor, surface, splitting(editor, tell), turnable);
    this.edit = new EditMode(editor, surface);
    this.drawing = [draw, cut, split];
    this.modes = { draw, cut, split, edit: this.edit };
  }

  get tool(): Tool {
    return this.current;
  }

  get mode(): Mode {
    return this.modes[this.current];
  }

  /** The pen that passes input to the active tool. */
  readonly pen: Pen = {
    takes: (point: Point, coarse: boolean) => this.mode.takes(point, coarse),
    tap: (point, coarse, removing) => this.mode.tap(point, coarse, removing),
    strokeStart: (point) => this.mode.strokeStart(point),
    strokeMove: (point) => this.mode.strokeMove(point),
    strokeEnd: (coarse) => this.mode.strokeEnd(coarse),
    strokeCancel: () => this.mode.strokeCancel(),
    hover: (point) => this.mode.hover(point),
  };

  use(tool: Tool): void {
    if (tool === this.current) return;
    this.mode.exit();
    this.current = tool;
    this.surface().useTool(tool);
    this.mode.enter();
    this.onChange();
  }

  /** Switch to the tool of an unfinished shape that undo or a draft restored. */
  resume(): void {
    const { sketch } = this.editor;
    const tool = sketch.tool ?? "draw";
    if (isEmpty(sketch) || tool === this.current) return;
    this.mode.strokeCancel();
    this.mode.hover(null);
    this.current = tool;
    this.surface().useTool(tool);
    this.mode.enter();
    this.onChange();
  }

  /** Update the tool after a change of the label, the sketch, the class or the options. */
  refresh(): void {
    if (this.mode instanceof DrawMode) this.mode.refresh();
  }

  turn(): void {
    if (this.mode instanceof DrawMode) this.mode.turn();
  }

  suspendSnapping(suspended: boolean): void {
    for (const mode of [this.edit, ...this.drawing]) mode.suspend(suspended);
  }

  get canFinish(): boolean {
    return this.mode instanceof DrawMode && this.mode.canFinish;
  }

  /** Return whether an outline was kept that can only be painted over what is there. */
  get isRefused(): boolean {
    return this.mode instanceof DrawMode && this.mode.isRefused;
  }

  /** Finish the unfinished shape, or paint the kept outline over what is there. */
  finish(): void {
    if (this.mode instanceof DrawMode && this.mode.isRefused) this.mode.paintOver();
    else this.mode.finish();
  }

  /** Keep the selected region for pasting. */
  copy(): boolean {
    const { selected } = this.editor;
    if (!selected) this.page.warn("copy_what");
    else this.copied = selected;
    this.onChange();
    return selected !== null;
  }

  get canPaste(): boolean {
    return this.copied !== null;
  }

  /** Paste the copied region at a point, or beside the last copy. */
  paste(at: Point | null): void {
    if (!this.copied) this.page.warn("paste_what");
    else this.copied = this.addCopyOf(this.copied, at);
  }

  duplicate(): void {
    const { selected } = this.editor;
    if (selected) this.addCopyOf(selected, null);
    else this.page.warn("copy_what");
  }

  /** Add a copy and select it, or keep its outline if there is only labeled ground. */
  private addCopyOf(region: Region, at: Point | null): Region {
    const { editor, page } = this;
    this.use("draw");
    editor.setSketch(NO_SKETCH);
    editor.select(null);
    editor.useClass(region.code);
    const { label, frame, options } = editor;
    const copy = at ? copyAt(region, at, frame) : copyBeside(region, label, frame);
    const isSmall = (rings: Rings): boolean => page.isSmall(rings);
    const tell = (outcome: Outcome): void => page.finished(outcome);
    if (place(copy, editor, tell, isSmall, options.paintOver)) this.use("edit");
    else this.drawing[0]!.keep(copy.rings[0]!);
    return copy;
  }

  get canMerge(): boolean {
    const { selected, label } = this.editor;
    return selected !== null && hasConnectedRegions(selected, label);
  }

  merge(): void {
    const { selected } = this.editor;
    if (!selected) this.page.warn("merge_what");
    else if (!this.editor.apply(merge(selected))) this.page.warn("merge_nothing");
  }

  /** Fill what is not labeled, but for small pieces, which are dropped in a step of their own. */
  fill(): void {
    const { editor, page } = this;
    if (!isEmpty(editor.sketch)) this.mode.finish();
    if (this.isRefused) this.mode.cancel();
    const { code, frame, label } = editor;
    const filled = tidied(fillRest(code, frame), (rings) => page.isSmall(rings))(label);
    if (filled === label) page.warn("fill_nothing");
    else if (areaOf(dropLeftovers(filled)) - areaOf(label) < MIN_AREA) page.warn("fill_small");
    else {
      editor.apply(...stepsTo(filled, label));
      page.dropped(countLeftovers(filled, label));
    }
  }
}

function areaOf({ regions }: Label): number {
  return regions.reduce((sum, { rings }) => sum + regionArea(rings), 0);
}
