/** The page on which a manager draws a rover mask, with a preview of the images that get it. */

export type Point = [number, number];

/** Within this many screen pixels of the first point, a click closes the outline. */
const CLOSE_PX = 10;

const part = <E extends Element>(selector: string): E => document.querySelector<E>(selector)!;
const form = part<HTMLFormElement>("#rover-mask");
const canvas = part<SVGSVGElement>("#canvas");
const sketch = part<SVGPathElement>("#sketch");
const tolerance = part<HTMLInputElement>("#tolerance");
const count = part<HTMLElement>("#count");
const buttons = {
  close: part<HTMLButtonElement>("#close-outline"),
  undo: part<HTMLButtonElement>("#undo"),
  clear: part<HTMLButtonElement>("#clear"),
  apply: part<HTMLButtonElement>("#apply"),
};
const width = Number(form.dataset.width);
const height = Number(form.dataset.height);

let outlines = JSON.parse(part("#drawn-outlines").textContent ?? "[]") as Point[][];
let sketched: Point[] = [];

const pathOf = (points: readonly Point[]): string => points.map(([x, y], at) => `${at ? "L" : "M"}${x} ${y}`).join("");

function show(): void {
  const closed = outlines.map((ring) => `${pathOf(ring)}Z`).join("");
  for (const path of document.querySelectorAll("[data-mask]")) path.setAttribute("d", closed);
  sketch.setAttribute("d", sketched.length === 1 ? `${pathOf(sketched)}h1` : pathOf(sketched));
  buttons.close.disabled = sketched.length < 3;
  buttons.undo.disabled = buttons.clear.disabled = sketched.length + outlines.length === 0;
  buttons.apply.disabled = outlines.length === 0 || sketched.length > 0;
  part<HTMLInputElement>("#outlines").value = JSON.stringify(outlines);
}

function closeOutline(): void {
  if (sketched.length < 3) return;
  outlines = [...outlines, sketched];
  sketched = [];
  show();
}

function undo(): void {
  if (sketched.length > 0) sketched = sketched.slice(0, -1);
  else {
    sketched = outlines.at(-1) ?? [];
    outlines = outlines.slice(0, -1);
  }
  show();
}

/** Show and send only the images within the tolerance. */
function choose(): void {
  const most = Number(tolerance.value);
  let chosen = 0;
  for (const item of document.querySelectorAll<HTMLElement>("#similar [data-offset]")) {
    const offset = Number(item.dataset.offset);
    const box = item.querySelector<HTMLInputElement>("input")!;
    item.hidden = offset > most;
    // The image itself always gets the mask.
    if (offset > 0) box.disabled = item.hidden;
    if (!item.hidden && box.checked) chosen++;
  }
  count.textContent = chosen === 1 ? count.dataset.one! : count.dataset.many!.replace("{n}", String(chosen));
}

canvas.addEventListener("click", (event) => {
  const box = canvas.getBoundingClientRect();
  const scale = width / box.width;
  const x = Math.min(Math.max((event.clientX - box.left) * scale, 0), width);
  const y = Math.min(Math.max((event.clientY - box.top) * scale, 0), height);
  const [first] = sketched;
  if (first && sketched.length >= 3 && Math.hypot(first[0] - x, first[1] - y) < CLOSE_PX * scale) {
    closeOutline();
    return;
  }
  sketched = [...sketched, [Math.round(x * 100) / 100, Math.round(y * 100) / 100]];
  show();
});
canvas.addEventListener("keydown", (event) => {
  if (event.key === "Enter") closeOutline();
  else if (event.key === "Backspace") undo();
  else return;
  event.preventDefault();
});
buttons.close.addEventListener("click", closeOutline);
buttons.undo.addEventListener("click", undo);
buttons.clear.addEventListener("click", () => {
  outlines = sketched = [];
  show();
});
form.addEventListener("input", choose);
show();
choose();
