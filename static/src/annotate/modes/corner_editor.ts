/** Keyboard editing of the corners of the selected region: select, move, insert and remove. */
import type { Editor } from "../core/editor";
import { clamp } from "../core/geometry";
import type { Label, Point, Region } from "../core/label";
import {
  borderAt, cornerAfter, cornerAt, cornerPoint, insertCorner, moveCorner, removeCorner,
} from "../core/corners";

/** A corner being moved. Repeated presses of arrow keys count as one step of the history. */
interface Move {
  readonly region: Region;
  readonly from: Point;
  readonly to: Point;
  /**
   * The label after the last move. If the editor has another label, something else changed since.
   */
  readonly label: Label;
}

export class CornerEditor {
  private underWay: Move | null = null;

  constructor(private readonly editor: Editor) {}

  /** Return the position of the selected corner, or null. */
  get point(): Point | null {
    const { selected, selectedVertex } = this.editor;
    return selected && selectedVertex && cornerPoint(selected, selectedVertex);
  }

  letGo(): void {
    this.rest();
    if (this.editor.selectedVertex) this.editor.selectVertex(null);
  }

  /** End the current move; the next move is a new step of the history. */
  rest(): void {
    this.underWay = null;
  }

  /**
   * Select the next corner (1) or the previous one (-1) over all rings, starting with the first.
   */
  step(by: 1 | -1): void {
    const { selected, selectedVertex } = this.editor;
    this.rest();
    if (selected) this.editor.selectVertex(cornerAfter(selected, selectedVertex, by));
  }

  /** Move the selected corner, together with shared corners of neighbors. */
  move([dx, dy]: Point): void {
    const { editor } = this;
    const before = this.point;
    if (!before) return;
    const start = this.underWay?.label === editor.label ? this.underWay : null;
    // Undo the previous step, so that the whole move stays one step.
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

  /** Insert a corner halfway to the next one, and select it. */
  insert(): void {
    const { selected, selectedVertex } = this.editor;
    const ring = selectedVertex && selected?.rings[selectedVertex.ring];
    if (!ring) return;
    const a = ring[selectedVertex.index]!;
    const b = ring[(selectedVertex.index + 1) % ring.length]!;
    const middle = borderAt(selected, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], 1);
    if (middle && this.editor.apply(insertCorner(selected, middle))) this.choose(middle);
  }

  /** Remove the selected corner. Return false if none is selected or too few would remain. */
  remove(): boolean {
    const { selected, selectedVertex, frame } = this.editor;
    const { point } = this;
    if (!selected || !selectedVertex || !point) return false;
    const next = cornerPoint(selected, cornerAfter(selected, selectedVertex, 1))!;
    const done = this.editor.apply(removeCorner(point, frame));
    if (done) this.choose(next);
    return done;
  }

  /** Select the corner of the current region nearest to a point. */
  private choose(point: Point): void {
    const { selected } = this.editor;
    this.rest();
    if (selected) this.editor.selectVertex(cornerAt(selected, point, Infinity));
  }
}
