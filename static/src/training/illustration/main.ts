/** The editor of illustrations: choose a part of an image, and draw outlines, arrows and scales on it. */

import { ask, sentenceOf } from "../../shared/server";
import { wordsOf } from "../../shared/translations";
import { MarkList } from "./list";
import { begun, changed, distance, fitted, handleAt, inside, moved, redone, replaced, undone, withHandle, withMark, withoutMark } from "./model";
import { Stage } from "./stage";
import type { Box, Config, Drawing, Handle, Mark, Point, Tool } from "./types";

/** How near a handle or the first point must be, pixels of the screen. */
const REACH = 22;
/** A pointer that moves less has not dragged. */
const DRAG = 8;
const STEP = 10;

const configElement = document.getElementById("illustration-config");
if (configElement) start(JSON.parse(configElement.textContent ?? "") as Config);

function start(config: Config): void {
  const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!;
  const say = wordsOf(document);
  const svg = find<SVGSVGElement>("#stage");
  const form = find<HTMLFormElement>("#illustration-form");
  const cropField = find<HTMLInputElement>("input[name=crop]");
  const marksField = find<HTMLInputElement>("input[name=marks]");
  const status = find<HTMLElement>("#stage-status");
  const tools = [...document.querySelectorAll<HTMLButtonElement>("[data-tool]")];
  const buttons = { close: find<HTMLButtonElement>("#close-outline"), undo: find<HTMLButtonElement>("#undo"), redo: find<HTMLButtonElement>("#redo") };
  const cropInputs = [...document.querySelectorAll<HTMLInputElement>("[data-crop]")];

  let history = begun({
    crop: fitted(JSON.parse(cropField.value) as Box, config),
    marks: (JSON.parse(marksField.value || "[]") as Mark[] | null) ?? [],
  });
  let tool: Tool = "crop";
  let sketch: readonly Point[] = [];
  let hover: Point | null = null;
  let cross: Point | null = null;
  let selected: number | null = null;
  /** What is being moved, from where, and the drawing meanwhile. */
  let held: { readonly handle: Handle | "box"; readonly from: Point } | null = null;
  let live: Drawing | null = null;
  let code: number | null = config.classes[0]?.code ?? null;
  let isDirty = false;

  const stage = new Stage(svg, config);
  const list = new MarkList(find<HTMLOListElement>("#marks"), config, say, {
    change(index, mark) {
      // Points may have moved since the row was built.
      const points = history.now.marks[index]?.points ?? mark.points;
      if (mark.kind === "outline") code = mark.code;
      amend(replaced(history.now, index, { ...mark, points }));
      list.number(history.now.marks);
    },
    remove(index) {
      set(withoutMark(history.now, index));
      tell(say("removed"));
      svg.focus();
    },
    select(index) {
      selected = index;
      render();
    },
    measure(index, lengthCm) {
      const mark = history.now.marks[index];
      if (mark?.kind === "scale") void measured({ ...mark, length_cm: lengthCm }).then((done) => done && set(replaced(history.now, index, done)));
    },
  });

  const tell = (text: string): void => void (status.textContent = text);

  function render(): void {
    const drawing = live ?? history.now;
    const isCropping = tool === "crop";
    const showsHandles = isCropping || tool === "move";
    stage.render({ drawing, isCropping, showsHandles, selected, sketch, hover, cross });
    cropField.value = JSON.stringify(history.now.crop);
    marksField.value = JSON.stringify(history.now.marks);
    cropInputs.forEach((input, index) => (input.value = String(drawing.crop[index])));
    for (const button of tools) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    buttons.close.hidden = tool !== "outline" || sketch.length < 3;
    buttons.undo.disabled = !history.before.length && !sketch.length;
    buttons.redo.disabled = !history.after.length;
  }

  /** Change the drawing as a step of its own. */
  function set(now: Drawing): void {
    history = changed(history, now);
    isDirty = true;
    list.build(now.marks);
    render();
  }

  /** Change the drawing within the last step: captions are typed letter by letter. */
  function amend(now: Drawing): void {
    history = { ...history, now };
    isDirty = true;
    render();
  }

  function choose(next: Tool): void {
    tool = next;
    [sketch, hover, held, live] = [[], null, null, null];
    cross &&= inside(next === "crop" ? [0, 0, config.image.width, config.image.height] : history.now.crop, cross);
    tell(say(`hint-${next}`));
    render();
  }

  const isFull = (): boolean => {
    const full = history.now.marks.length >= config.max_marks;
    if (full) tell(say("too-many", { n: config.max_marks }));
    return full;
  };

  function add(mark: Mark): void {
    [sketch, hover] = [[], null];
    set(withMark(history.now, mark));
    tell(say(`added-${mark.kind}`));
  }

  function closeOutline(): void {
    if (sketch.length >= 3) add({ kind: "outline", points: sketch, code, captions: {} });
  }

  /** Return the scale with its length in pixels; null, and say why, where it cannot be known. */
  async function measured(mark: Mark & { kind: "scale" }): Promise<Mark | null> {
    const [[x, y]] = mark.points as [Point];
    try {
      const query = new URLSearchParams({ x: String(x), y: String(y), cm: String(mark.length_cm) });
      const answer = (await ask(`${config.scale_url}?${query}`, { headers: { Accept: "application/json" } })) as { px: number };
      return { ...mark, length_px: answer.px };
    } catch (error) {
      tell(sentenceOf(error, say("unreachable")));
      list.build(history.now.marks);
      return null;
    }
  }

  async function addScale(at: Point): Promise<void> {
    const mark = await measured({ kind: "scale", points: [at], length_cm: config.usual_scale_cm, length_px: 0 });
    if (mark) add(mark);
  }

  /** Set a point, as a click, a tap or Enter does. */
  function act(at: Point): void {
    if (tool === "scale") {
      if (!isFull()) void addScale(at);
      return;
    }
    if (isFull()) return;
    const [first] = sketch;
    if (tool === "arrow" && first) return add({ kind: "arrow", points: [first, at], captions: {} });
    const last = sketch.at(-1);
    const isEnd = first && sketch.length >= 3 && (distance(first, at) < REACH * stage.unit || distance(last!, at) < stage.unit);
    if (tool === "outline" && isEnd) return closeOutline();
    if (sketch.length >= config.max_points) return tell(say("too-many-points", { n: config.max_points }));
    sketch = [...sketch, at];
    render();
  }

  function hold(at: Point): void {
    const handle = handleAt(history.now, at, REACH * stage.unit, tool === "crop");
    const [left, top, width, height] = history.now.crop;
    const isInside = at[0] > left && at[0] < left + width && at[1] > top && at[1] < top + height;
    if (handle) held = { handle, from: at };
    else if (tool === "crop" && isInside) held = { handle: "box", from: at };
  }

  function drag(at: Point): void {
    if (!held) return;
    const { handle, from } = held;
    live =
      handle === "box"
        ? { ...history.now, crop: moved(history.now.crop, [at[0] - from[0], at[1] - from[1]], config) }
        : withHandle(history.now, handle, at, config);
    render();
  }

  function drop(): void {
    const handle = held?.handle;
    held = null;
    if (!live) return;
    const now = live;
    live = null;
    set(now);
    if (!handle || handle === "box" || !("mark" in handle)) return;
    // A scale is longer on nearer ground.
    const mark = now.marks[handle.mark];
    if (mark?.kind !== "scale") return;
    void measured(mark).then((done) => {
      if (done) amend(replaced(history.now, handle.mark, done));
      else restore(undone(history));
    });
  }

  function restore(to: typeof history): void {
    if (sketch.length && to !== history) sketch = [];
    history = to;
    list.build(history.now.marks);
    render();
  }

  const undo = (): void => {
    if (sketch.length) sketch = sketch.slice(0, -1);
    else return restore(undone(history));
    render();
  };

  // -- pointer -----------------------------------------------------------------------------------

  const bounds = (): Box => (tool === "crop" ? [0, 0, config.image.width, config.image.height] : history.now.crop);
  let pressed: Point | null = null;

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    const at = inside(bounds(), stage.placeOf(event));
    cross = null;
    pressed = at;
    svg.setPointerCapture(event.pointerId);
    if (tool === "crop" || tool === "move") hold(at);
    else act(at);
  });
  svg.addEventListener("pointermove", (event) => {
    const at = inside(bounds(), stage.placeOf(event));
    if (held) drag(at);
    else if (sketch.length) {
      hover = at;
      render();
    }
  });
  svg.addEventListener("pointerup", (event) => {
    const at = inside(bounds(), stage.placeOf(event));
    if (held) drop();
    else if (tool === "arrow" && sketch.length === 1 && pressed && distance(pressed, at) > DRAG * stage.unit) act(at);
    pressed = null;
  });
  svg.addEventListener("pointercancel", () => {
    [held, live, pressed] = [null, null, null];
    render();
  });

  // -- keyboard ----------------------------------------------------------------------------------

  const ARROWS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  svg.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = ARROWS[event.key];
    const [left, top, width, height] = bounds();
    if (direction) {
      const step = (event.shiftKey ? 1 : STEP) * stage.unit;
      const [x, y] = cross ?? [left + width / 2, top + height / 2];
      cross = inside(bounds(), [x + direction[0] * step, y + direction[1] * step]);
      if (sketch.length) hover = cross;
      if (held) drag(cross);
      else render();
    } else if (event.key === "Enter" || event.key === " ") {
      cross ??= [left + width / 2, top + height / 2];
      if (held) drop();
      else if (tool === "crop" || tool === "move") {
        hold(cross);
        tell(say(held ? "held" : "nothing-held"));
      } else act(cross);
    } else if (event.key === "Escape") {
      [sketch, hover, held, live] = [[], null, null, null];
      render();
    } else if (event.key === "Backspace" && sketch.length) undo();
    else return;
    event.preventDefault();
  });
  svg.addEventListener("blur", () => {
    cross = null;
    render();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) restore(redone(history));
    else undo();
  });

  // -- buttons and form --------------------------------------------------------------------------

  for (const button of tools) button.addEventListener("click", () => choose(button.dataset.tool as Tool));
  buttons.close.addEventListener("click", closeOutline);
  buttons.undo.addEventListener("click", undo);
  buttons.redo.addEventListener("click", () => restore(redone(history)));
  for (const input of cropInputs) {
    input.addEventListener("change", () => {
      set({ ...history.now, crop: fitted(cropInputs.map((each) => Number(each.value)) as unknown as Box, config) });
    });
  }
  form.addEventListener("submit", () => (isDirty = false));
  window.addEventListener("beforeunload", (event) => {
    if (isDirty) event.preventDefault();
  });
  window.addEventListener("resize", render);

  list.build(history.now.marks);
  choose(history.now.marks.length ? "move" : "crop");
}
