/** The page around the drawing: buttons, palette, messages and panels. It contains no logic. */
import type { Config, Say, TerrainClass } from "../config";
import type { Editor } from "../core/editor";
import { isEmpty } from "../core/sketch";
import type { Tools } from "../modes/tools";
import type { NoticeAction } from "./notice";
import type { SavedWhere } from "../saving/autosave";
import type { Picture } from "../saving/task";
import { swatch } from "../view/patterns";
import { arrangeClasses } from "./class_picker";

/** "between": the picture is visible but not editable, because it was sent or is about to change. */
export type State = "loading" | "drawing" | "between" | "empty" | "closed" | "error";

/**
 * What a message is about. It ends with the next action of that kind: "drawing" with any command
 * that draws or changes, "sending" with the next finished shape or picture, "picture" with the
 * picture.
 */
export type Subject = "page" | "drawing" | "sending" | "picture";

const MESSAGE_MS = 8_000;
/** A message with an action, which takes time to reach. */
const OFFER_MS = 20_000;

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element as T;
}

export class Page {
  readonly map = byId("map");
  private readonly main = byId("annotate");
  private readonly classes = byId("classes");
  private readonly help = byId<HTMLDialogElement>("help");
  private messageTimer = 0;
  private subject: Subject = "page";

  constructor(
    private readonly config: Config,
    private readonly say: Say,
  ) {
    config.campaign.classes.forEach((each, place) => {
      this.classes.append(this.classButton(each, place));
    });
    arrangeClasses(byId("class-picker"), this.classes);
    // A click on a tool must not take the keyboard away from the drawing.
    document.addEventListener("mousedown", (event) => {
      if ((event.target as Element).closest("button")) event.preventDefault();
    });
  }

  get state(): State {
    return this.main.dataset.state as State;
  }

  /** Return an element of the page that another module fills. */
  part(id: string): HTMLElement {
    return byId(id);
  }

  onClick(id: string, act: () => void): void {
    byId(id).addEventListener("click", act);
  }

  onClass(choose: (code: number) => void): void {
    this.classes.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-class-code]");
      if (button) choose(Number(button.dataset.classCode));
    });
    this.classes.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const { classes } = this.config.campaign;
      const buttons = [...this.classes.querySelectorAll<HTMLElement>("[role=radio]")];
      const now = buttons.findIndex((button) => button.ariaChecked === "true");
      const next = (now + step + classes.length) % classes.length;
      choose(classes[next]!.code);
      buttons[next]!.focus();
    });
  }

  showState(state: State, reason = ""): void {
    this.main.dataset.state = state;
    byId("veil").hidden = state === "drawing" || state === "between";
    for (const panel of document.querySelectorAll<HTMLElement>("#veil [data-panel]")) {
      panel.hidden = panel.dataset.panel !== state;
    }
    if (state === "error") byId("error-reason").textContent = reason;
  }

  showPicture(picture: Picture | null, role = "crowd"): void {
    byId("gold").hidden = picture === null || role !== "expert";
    this.main.dataset.imageId = picture ? String(picture.id) : "";
    byId("image-name").textContent = picture?.product_id ?? "";
    const hasSol = picture !== null && picture.sol !== null;
    const known = hasSol ? [this.say("sol", { sol: picture.sol })] : [];
    if (picture?.range_map_source === "estimated") known.push(this.say("estimated"));
    byId("image-sol").textContent = known.join(" · ");
  }

  /** Say that there is no network, and how many more pictures are on this device; null with one. */
  showOffline(left: number | null): void {
    const note = byId("offline-note");
    note.hidden = left === null || !["drawing", "between"].includes(this.state);
    const sentence = left ? this.say("offline_more", { count: left }) : this.say("offline_last");
    // Screen readers announce a text when it is set, even if it is the same.
    if (note.textContent !== sentence) note.textContent = sentence;
  }

  /** Show where the drawing is saved, at all times and without announcing it. */
  showSaved(where: SavedWhere): void {
    const mark = byId("saved");
    if (mark.dataset.saved === where) return;
    mark.dataset.saved = where;
    mark.title = byId("saved-words").textContent = this.say(`saved_${where}`);
    mark.querySelector("use")!.setAttribute("href", `#icon-saved-${where}`);
  }

  showLabelsSent(count: number): void {
    byId("labels-sent").textContent = String(count);
  }

  /** Show a message for a short time, and announce it to screen readers. */
  announce(
    sentence: string, tone: "plain" | "warn" = "plain", subject: Subject = "page", action?: NoticeAction,
  ): void {
    const status = byId("status");
    this.subject = subject;
    status.textContent = sentence;
    status.dataset.tone = tone;
    window.clearTimeout(this.messageTimer);
    if (!sentence) return;
    if (action) status.append(" ", this.actionButton(action));
    const clear = (): void => {
      // Somebody is about to press the button.
      if (status.matches(":hover, :focus-within")) this.messageTimer = window.setTimeout(clear, MESSAGE_MS);
      else status.textContent = "";
    };
    this.messageTimer = window.setTimeout(clear, action ? OFFER_MS : MESSAGE_MS);
  }

  private actionButton({ label, act }: NoticeAction): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      this.announce("");
      act();
    });
    return button;
  }

  /** End the message if it is about this. */
  endMessage(about: Subject): void {
    if (this.subject === about) this.announce("");
  }

  toggleHelp(): void {
    if (this.help.open) this.help.close();
    else this.help.showModal();
  }

  get helpIsOpen(): boolean {
    return this.help.open;
  }

  update(editor: Editor, tools: Tools, hidden: boolean): void {
    const regions = editor.label.regions.length;
    const sketching = !isEmpty(editor.sketch);
    const drawing = this.state === "drawing";
    this.main.dataset.regions = String(regions);
    byId("regions-count").textContent = String(regions);
    this.main.dataset.tool = tools.tool;
    this.enable("undo", drawing && editor.canUndo);
    this.enable("redo", drawing && editor.canRedo);
    this.enable("delete", drawing && (editor.selected !== null || sketching));
    this.enable("skip", drawing);
    this.enable("send", drawing && regions > 0 && !sketching);
    const correcting = this.main.dataset.correcting === "true";
    const why = correcting ? "hint_correct_nothing" : "why_nothing";
    byId("send-why").textContent = drawing && !regions ? this.say(why) : "";
    this.updateTools(editor, tools, drawing && !sketching);
    this.press("hide", hidden);
    byId("send-bar").hidden = sketching;
    byId("sketch-bar").hidden = !sketching;
    this.enable("sketch-finish", tools.canFinish);
    byId("sketch-finish").hidden = tools.isRefused;
    byId("sketch-over").hidden = !tools.isRefused;
    byId("hint").textContent = drawing ? this.say(hintFor(editor, tools, correcting)) : "";
    this.checkClass(editor.selected?.code ?? editor.code);
  }

  private updateTools(editor: Editor, tools: Tools, free: boolean): void {
    for (const tool of ["draw", "edit", "cut", "split"]) {
      this.press(`tool-${tool}`, tools.tool === tool);
    }
    const { paintOver, snap, follow } = editor.options;
    this.press("paint-over", paintOver);
    this.press("snap", snap);
    this.press("follow", follow);
    this.enable("follow", snap);
    const { canMerge } = tools;
    const onPoint = editor.selectedVertex !== null;
    this.enable("merge", free && canMerge);
    this.enable("fill", free);
    this.enable("copy", free && editor.selected !== null);
    this.enable("duplicate", free && editor.selected !== null);
    this.enable("paste", free && tools.canPaste);
    byId("merge-here").hidden = !canMerge || onPoint || tools.tool !== "edit";
    byId("add-point").hidden = byId("remove-point").hidden = !onPoint;
  }

  /** Show whether a border can be followed the other way. */
  showTurn(can: boolean): void {
    byId("turn").hidden = !can;
  }

  /** Show whether the ruler is on, in addition to the active tool. */
  showRuler(on: boolean): void {
    this.press("tool-ruler", on);
    if (!on || this.state !== "drawing") return;
    byId("hint").textContent = this.say("hint_ruler");
    for (const tool of ["draw", "edit", "cut", "split"]) this.press(`tool-${tool}`, false);
  }

  private checkClass(code: number): void {
    for (const button of this.classes.querySelectorAll<HTMLElement>("[data-class-code]")) {
      const checked = Number(button.dataset.classCode) === code;
      const wasChecked = button.ariaChecked === "true";
      button.ariaChecked = String(checked);
      button.tabIndex = checked ? 0 : -1;
      // A list that somebody scrolls stays where it is.
      if (checked && !wasChecked) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    const guidance = this.config.campaign.classes.find((each) => each.code === code)?.guidance;
    byId("guidance").textContent = guidance ?? "";
  }

  private classButton({ code, name, color, pattern }: TerrainClass, place: number): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "class";
    button.role = "radio";
    button.dataset.classCode = String(code);
    button.style.setProperty("--class-color", color);
    const label = document.createElement("span");
    label.className = "class-name";
    label.textContent = name;
    button.append(swatch(color, pattern), label);
    if (place < 9) {
      const key = document.createElement("kbd");
      key.textContent = String(place + 1);
      button.append(key);
    }
    return button;
  }

  private enable(id: string, enabled: boolean): void {
    byId<HTMLButtonElement>(id).disabled = !enabled;
  }

  private press(id: string, pressed: boolean): void {
    byId(id).ariaPressed = String(pressed);
  }
}

function hintFor(editor: Editor, { tool, canFinish, isRefused }: Tools, correcting: boolean): string {
  if (isRefused) return "hint_taken";
  if (tool === "edit" && editor.selectedVertex) return "hint_point";
  if (tool === "edit") return editor.selected ? "hint_selected" : "hint_select";
  if (tool === "split") return isEmpty(editor.sketch) ? "hint_split" : "hint_split_on";
  if (!isEmpty(editor.sketch)) return canFinish ? "hint_close" : "hint_corners";
  if (tool === "cut") return editor.selected ? "hint_cut_one" : "hint_cut";
  if (editor.options.paintOver) return "hint_over";
  if (correcting && !editor.label.regions.length) return "hint_correct_nothing";
  if (correcting) return editor.canUndo ? "hint_correct_more" : "hint_correct";
  return editor.label.regions.length ? "hint_more" : "hint_start";
}
