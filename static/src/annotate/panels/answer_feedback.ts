/**
 * Feedback on a picture with a reference answer: matched, missed and extra areas on the picture,
 * with a text. The text comes from the server in the person's language.
 */
import type { Say } from "../config";
import type { ClassFeedback, AnswerFeedback } from "../saving/task";
import { hatch, swatch } from "../view/patterns";
import { EXTRA, MATCHED, MISSED, stencil, verdicts } from "./feedback_pixels";

/** The volunteer's next step: the same picture again, or the next one. */
export type Choice = "again" | "on";

/** Verdicts are distinguished by color and hatch; the colors are those of the page. */
const LOOKS = [
  { verdict: MATCHED, name: "matched", token: "--chrome-ok", pattern: "dots" },
  { verdict: MISSED, name: "missed", token: "--chrome-warn", pattern: "lines" },
  { verdict: EXTRA, name: "extra", token: "--chrome-danger", pattern: "cross" },
] as const;

const percent = (share: number): number => Math.round(100 * share);

export class FeedbackPanel {
  private readonly dialog = byId<HTMLDialogElement>("feedback");
  private readonly canvas = byId<HTMLCanvasElement>("feedback-overlay");
  private readonly classes = byId("feedback-classes");
  private readonly toggle = byId<HTMLInputElement>("feedback-show");
  private codes: ImageData | null = null;
  private last: Promise<Choice> = Promise.resolve("on");

  constructor(private readonly say: Say) {
    const style = getComputedStyle(document.documentElement);
    for (const { name, token, pattern } of LOOKS) {
      const color = style.getPropertyValue(token).trim();
      document.querySelector(`#feedback [data-look="${name}"]`)?.prepend(swatch(color, pattern));
    }
    this.toggle.addEventListener("change", () => this.paint());
    this.classes.addEventListener("change", () => this.paint());
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  /** Show the feedback over its picture. Resolve when the volunteer continues. */
  show(feedback: AnswerFeedback, pictureUrl: string): Promise<Choice> {
    // Uploads queued offline may return together: show their feedback one after the other.
    this.last = this.last.then(() => this.present(feedback, pictureUrl));
    return this.last;
  }

  private async present(feedback: AnswerFeedback, pictureUrl: string): Promise<Choice> {
    this.tell(feedback);
    byId<HTMLImageElement>("feedback-image").src = pictureUrl;
    this.codes = null;
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
    // The heading first: a screen reader then reads the dialog from its top.
    byId("feedback-title").focus({ preventScroll: true });
    void readPixels(feedback.codes).then((codes) => {
      this.codes = codes;
      this.paint();
    });
    return await this.choice();
  }

  private choice(): Promise<Choice> {
    return new Promise((resolve) => {
      const chosen = new AbortController();
      const settle = (choice: Choice): void => {
        chosen.abort();
        this.dialog.close();
        resolve(choice);
      };
      const { signal } = chosen;
      byId("feedback-again").addEventListener("click", () => settle("again"), { signal });
      byId("feedback-on").addEventListener("click", () => settle("on"), { signal });
      // Esc
      this.dialog.addEventListener("close", () => settle("on"), { signal });
    });
  }

  private tell(feedback: AnswerFeedback): void {
    byId("feedback-title").textContent = feedback.title;
    const summary = [this.say("feedback_score", { percent: percent(feedback.score) })];
    if (feedback.note) summary.push(feedback.note);
    if (feedback.must_pass) summary.push(this.say("feedback_must"));
    byId("feedback-summary").textContent = summary.join(" ");
    const legend = this.classes.querySelector("legend")!;
    const all = option("", this.say("feedback_all"), true);
    this.classes.replaceChildren(legend, all, ...feedback.classes.map((each) => this.card(each)));
    this.toggle.checked = true;
    const { answer = "all" } = feedback;
    this.toggle.parentElement!.hidden = answer === "none";
    for (const { name } of LOOKS) {
      const isShown = answer === "all" || (answer === "drawn" && name !== "missed");
      document.querySelector<HTMLElement>(`#feedback [data-look="${name}"]`)!.hidden = !isShown;
    }
    const again = byId("feedback-again");
    again.hidden = !feedback.may_repeat;
    const first = feedback.may_repeat && !feedback.passed;
    again.classList.toggle("primary", first);
    byId("feedback-on").classList.toggle("primary", !first);
  }

  /** Return the card of one class. Selecting it shows only this class on the picture. */
  private card({ code, name, color, pattern, iou, words }: ClassFeedback): HTMLElement {
    const card = option(String(code), name, false);
    const agree = document.createElement("small");
    agree.textContent = this.say("feedback_agree", { percent: percent(iou) });
    const said = document.createElement("p");
    said.textContent = words.join(" ");
    const head = card.querySelector("span")!;
    head.prepend(swatch(color, pattern));
    head.append(agree);
    card.append(said);
    return card;
  }

  private paint(): void {
    const { codes, canvas } = this;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const pen = canvas.getContext("2d");
    if (!codes || !pen || !canvas.width || !canvas.height || !this.toggle.checked) return;
    const value = this.classes.querySelector<HTMLInputElement>("input:checked")?.value;
    const found = verdicts(codes.data, value ? Number(value) : null);
    // Position of the picture in its frame: complete and centered.
    const scale = Math.min(canvas.width / codes.width, canvas.height / codes.height);
    const [width, height] = [codes.width * scale, codes.height * scale];
    const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
    const style = getComputedStyle(document.documentElement);
    for (const { verdict, token, pattern } of LOOKS) {
      const color = style.getPropertyValue(token).trim();
      const look = canvasOf(canvas.width, canvas.height);
      const brush = look.getContext("2d")!;
      brush.imageSmoothingEnabled = false;
      const cut = canvasOf(codes.width, codes.height);
      const pixels = new ImageData(stencil(found, verdict), codes.width, codes.height);
      cut.getContext("2d")!.putImageData(pixels, 0, 0);
      brush.drawImage(cut, left, top, width, height);
      brush.globalCompositeOperation = "source-in";
      brush.fillStyle = hatch(color, pattern, ratio);
      brush.fillRect(0, 0, look.width, look.height);
      pen.drawImage(look, 0, 0);
    }
  }
}

function option(value: string, text: string, checked: boolean): HTMLElement {
  const label = document.createElement("label");
  label.className = "feedback-class";
  const input = document.createElement("input");
  input.type = "radio";
  input.name = "feedback-class";
  input.value = value;
  input.checked = checked;
  const head = document.createElement("span");
  head.append(text);
  label.append(input, head);
  return label;
}

async function readPixels(url: string): Promise<ImageData> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = canvasOf(image.naturalWidth, image.naturalHeight);
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  pen.drawImage(image, 0, 0);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element as T;
}
