/**
 * The corners of the selected region, one after the other, for those who change a shape by keys:
 * choose one, move it, put one in after it, take it out.
 */
import type { Editor } from "../core/editor";
import { clamp } from "../core/geometry";
import type { Label, Point, Region } from "../core/label";
import {
  borderAt, cornerAfter, cornerAt, cornerPoint, insertCorner, moveCorner, removeCorner,
} from "../core/corners";

/** One corner on its way: many presses of an arrow key are one step of the history. */
interface Move {
  readonly region: Region;
  readonly from: Point;
  readonly to: Point;
  /** The label as the move left it; another one: somebody did something else since. */
  readonly label: Label;
}

export class Corners {
  private underWay: Move | null = null;

  constructor(private readonly editor: Editor) {}

  /** The chosen corner; null when there is none. */
  get point(): Point | null {
    const { selected, selectedVertex } = this.editor;
    return selected && selectedVertex && cornerPoint(selected, selectedVertex);
  }

  letGo(): void {
    this.rest();
    if (this.editor.selectedVertex) this.editor.selectVertex(null);
  }

  /** What comes next is a step of its own. */
  rest(): void {
    this.underWay = null;
  }

  /** Chooses the next corner (1) or the one before (-1), through all rings; the first at first. */
  step(by: 1 | -1): void {
    const { selected, selectedVertex } = this.editor;
    this.rest();
    if (selected) this.editor.selectVertex(cornerAfter(selected, selectedVertex, by));
  }

  /** Moves the chosen corner, and with it the neighbors' that are there too. */
  move([dx, dy]: Point): void {
    const { editor } = this;
    const before = this.point;
    if (!before) return;
    const start = this.underWay?.label === editor.label ? this.underWay : null;
    // From where it started: the step before is taken back, not built upon.
    if (start) {
      editor.undo();
      editor.select(start.region);
    }
    const region = editor.selected!;
    const from = start?.from ?? before;
    const [x, y] = start?.to ?? before;
    const to = clamp([x + dx, y + dy], editor.frame);
    const { frame, options } = editor;
    editor.apply(moveCorner(from, to, frame, options.paintOver));
    this.choose(to);
    this.underWay = { region, from, to, label: editor.label };
  }

  /** Puts a corner halfway between the chosen one and the next, and chooses it. */
  insert(): void {
    const { selected, selectedVertex } = this.editor;
    const ring = selectedVertex && selected?.rings[selectedVertex.ring];
    if (!ring) return;
    const a = ring[selectedVertex.index]!;
    const b = ring[(selectedVertex.index + 1) % ring.length]!;
    const middle = borderAt(selected, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], 1);
    if (middle && this.editor.apply(insertCorner(selected, middle))) this.choose(middle);
  }

  /** Takes the chosen corner out; whether there was one, and enough others. */
  remove(): boolean {
    const { selected, selectedVertex, frame } = this.editor;
    const { point } = this;
    if (!selected || !selectedVertex || !point) return false;
    const next = cornerPoint(selected, cornerAfter(selected, selectedVertex, 1))!;
    const done = this.editor.apply(removeCorner(point, frame));
    if (done) this.choose(next);
    return done;
  }

  /** Chooses the corner of the region, as it is now, nearest to a point. */
  private choose(point: Point): void {
    const { selected } = this.editor;
    this.rest();
    if (selected) this.editor.selectVertex(cornerAt(selected, point, Infinity));
  }
}
