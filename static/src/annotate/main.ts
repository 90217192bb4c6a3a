/** The drawing page: connects its parts, buttons and keys. */
import { readConfig, readStrings } from "./config";
import { removeRegion, setClass } from "./core/actions";
import { Editor } from "./core/editor";
import type { Change } from "./core/editor";
import type { Point, Rings } from "./core/label";
import { isEmpty } from "./core/sketch";
import { cornerPoint } from "./core/corners";
import { loadMasked } from "./measure/masked_areas";
import { CornerEditor } from "./modes/corner_editor";
import { Cursor } from "./modes/cursor";
import { listenToKeys } from "./modes/keyboard";
import { isDrawingCommand } from "./modes/keys";
import type { Command, HeldCommand } from "./modes/keys";
import type { Tool } from "./modes/mode";
import { Announcer } from "./modes/announcer";
import type { Cause } from "./modes/announcer";
import type { Outcome } from "./modes/purposes";
import { Tools } from "./modes/tools";
import { KeyboardNavigator } from "./modes/keyboard_navigator";
import { AboutPicture } from "./panels/about_picture";
import { labelToCorrect, showCorrecting } from "./panels/correction";
import { FeedbackPanel } from "./panels/answer_feedback";
import { Guide } from "./panels/guide";
import { fillHelp } from "./panels/help";
import { foldMoreTools } from "./panels/more_tools";
import { showNoneLeft } from "./panels/none_left";
import { Page } from "./panels/page";
import { RegionList } from "./panels/region_list";
import { RegionPeek } from "./panels/region_peek";
import { foldRegionList } from "./panels/region_sheet";
import { createSession } from "./saving/create_session";
import { findOwner } from "./saving/owner";
import { PageState } from "./saving/page_state";
import type { PageSettings } from "./saving/page_state";
import { ViewTools, withRuler } from "./view_tools";
import { Surface } from "./view/surface";
import { deviceStorage, tabStorage } from "../shared/storage";

const config = readConfig();
const say = readStrings();
const page = new Page(config, say);
const guide = new Guide();
const feedback = new FeedbackPanel(say);
const editor = new Editor(config.campaign.classes[0]!.code, onChange);
const toolsPage = {
  warn: (sentence: string) => page.announce(say(sentence), "warn", "drawing"),
  finished: onFinished,
  dropped: (count: number) => viewTools.explain(new Set(), count),
  isSmall: (rings: Rings) => viewTools.isSmall(rings),
  showTurn: (can: boolean) => page.showTurn(can),
};
const tools: Tools = new Tools(editor, () => surface, toolsPage, update);
const surface: Surface = new Surface(
  page.map, config.campaign.classes, withRuler(tools.pen, () => viewTools),
);
const viewTools: ViewTools = new ViewTools(config, surface.viewport, editor, page, say, update);
const owner = findOwner(deviceStorage().storage, config.labeler);
const pageState = new PageState(tabStorage(), `ai4mars.page.${owner}.${config.campaign.slug}`);
const masksMissing = new Set<number>();
const session = createSession({
  config,
  say,
  page,
  editor,
  surface,
  update,
  showFeedback: (told, { task }) => feedback.show(told, task?.image.display_url ?? ""),
  opened: ({ picture, task }) => {
    tools.use("draw"); // on a new picture there is nothing to change, cut or split
    viewTools.opened(picture, masksMissing.has(picture.id));
    showCorrecting(task.corrects !== undefined, say);
  },
  recall: (image) => pageState.find(image),
  ready: (state, sameDrawing) => {
    if (!state) return;
    viewTools.panel.hideOnly(state.hiddenCodes);
    if (!sameDrawing || !isEmpty(editor.sketch)) return;
    tools.use(state.tool);
    const selected = editor.label.regions[state.selected] ?? null;
    if (selected !== editor.selected) editor.select(selected);
  },
  remember: (image) => {
    const { history, label, selected } = editor;
    pageState.remember(image, {
      place: surface.place,
      hiddenCodes: viewTools.panel.hidden,
      tool: tools.tool,
      selected: selected ? label.regions.indexOf(selected) : -1,
      history,
    });
  },
  leaving: () => {
    session.remember();
    const { code, options } = editor;
    pageState.save({ code, options, hidden, settingsOpen: viewTools.panel.isOpen });
  },
  closed: () => {
    page.endMessage("picture");
    page.endMessage("drawing");
    peek.stay();
    viewTools.closed();
  },
  noneLeft: (next) => showNoneLeft(next, say, () => void session.retrySkipped()),
  frameOf: async (picture) => {
    const { masked, missing } = await loadMasked(picture);
    if (missing) masksMissing.add(picture.id);
    return { width: picture.width, height: picture.height, masked };
  },
});
const about = new AboutPicture(session.api, say, {
  task: () => (page.state === "drawing" ? session.task : null),
  hasDrawing: () => editor.label.regions.length > 0,
  nothing: () => void session.nothing(),
  announce: (sentence) => page.announce(sentence, "plain", "picture"),
});

const nameOf = (code: number): string =>
  config.campaign.classes.find((each) => each.code === code)?.name ?? "";
const spoken = page.part("spoken");
const announcer = new Announcer(say, nameOf, (sentences) => {
  // Screen readers do not announce an unchanged text.
  spoken.textContent = "";
  setTimeout(() => (spoken.textContent = sentences), 50);
});
const list = new RegionList(page.part("region-list"), config.campaign.classes, say, {
  select: (region) => {
    beginAction();
    keyNavigator.select(region);
  },
  setClass: (region, code) => {
    beginAction();
    editor.apply(setClass(region, code));
  },
  remove: (region) => {
    beginAction();
    editor.apply(removeRegion(region));
  },
  look: (region) => peek.look(region),
});
const peek = new RegionPeek(surface);
const cursor = new Cursor(() => surface, () => editor.frame, (point) => tools.mode.hover(point));
const corners = new CornerEditor(editor);
const keyNavigator = new KeyboardNavigator(editor, {
  get resolution() { return surface.resolution; },
  get mode() { return tools.mode; },
  get isChanging() { return tools.tool === "edit"; },
  get panHeld() { return panHeld; },
  startChanging: () => useTool("edit"),
  panBy: (pixels) => surface.panBy(pixels),
  keepInView: (point) => surface.keepInView(point),
  describe: (region) => ({
    number: editor.label.regions.indexOf(region) + 1,
    count: editor.label.regions.length,
    class: nameOf(region.code),
    share: list.shareOf(region, editor.frame),
  }),
}, cursor, corners, announcer);

let hidden = false;
let mouseAt: Point | null = null;
let panHeld = false;
let why: Cause = null;

/** Set the page as it was before it was left. */
function restore(settings: PageSettings | null): void {
  if (!settings) return;
  const { code, options } = settings;
  if (config.campaign.classes.some((each) => each.code === code)) editor.useClass(code);
  editor.setOptions(options);
  if (settings.hidden) hide();
  if (settings.settingsOpen) viewTools.panel.open();
}

function update(): void {
  page.update(editor, tools, hidden);
  page.showRuler(viewTools.measures);
}

function onChange(change: Change): void {
  if (change === "label" || change === "sketch") session.keepDraft();
  if (change === "label" || change === "selection") {
    const { label, selected, selectedVertex } = editor;
    const vertex = selected && selectedVertex && cornerPoint(selected, selectedVertex);
    surface.showLabel(label, selected, vertex);
    list.show(label, selected, editor.frame);
  }
  if (page.state !== "drawing") {
    keyNavigator.rest();
    announcer.reset(editor.label, editor.sketch);
  } else if (change === "label") {
    page.endMessage("sending");
    announcer.labelChanged(editor.label, why);
  }
  else if (change === "sketch") announcer.sketchChanged(editor.sketch, why === "undo" || keyNavigator.isDrawing);
  if (change === "sketch") tools.resume();
  if (change !== "selection") tools.refresh();
  if (change !== "sketch") viewTools.changed();
  update();
}

function onFinished({ tool, refusal, trimmed, dropped, paintOver }: Outcome): void {
  const sentence = refusal === "no target" ? `nothing_${tool}` : `nothing_${refusal}`;
  if (refusal && refusal !== "masked") page.announce(say(sentence), "warn", "drawing");
  else viewTools.explain(trimmed, dropped);
  if (paintOver) viewTools.offerPaintOver(paintOver);
}

function useTool(tool: Tool): void {
  viewTools.putRulerAway();
  if (tool === tools.tool) return;
  tools.use(tool);
  announcer.announce("note", `said_tool_${tool}`);
}

/** Undo or redo one step, and announce it. */
function step(back: boolean): void {
  why = back ? "undo" : "redo";
  if (back) editor.undo();
  else editor.redo();
  why = null;
}

function zoom(steps: number): void {
  surface.zoomBy(steps, cursor.point);
  const tell = (): void =>
    announcer.announce("zoom", "said_zoom", { percent: Math.round(100 / surface.resolution) });
  setTimeout(tell, 200);
}

function hide(): void {
  hidden = !hidden;
  surface.hideRegions(hidden);
  update();
}

function deleteOrTakeBack(): void {
  if (!isEmpty(editor.sketch)) {
    why = "undo";
    editor.removeLastStep();
    why = null;
  } else if (keyNavigator.removeCorner()) return;
  else if (editor.selected) editor.apply(removeRegion(editor.selected));
}

/**
 * The action of each command. The help dialog is always available, the others only while drawing.
 */
const ACTS: Record<Command, (key: string) => void> = {
  draw: () => useTool("draw"),
  class: (key) => useClassAt(Number(key) - 1),
  finish: () => (tools.isRefused ? tools.finish() : keyNavigator.enter()),
  cancel: () => viewTools.putRulerAway() || keyNavigator.cancel() || tools.mode.cancel(),
  undo: () => step(true),
  redo: () => step(false),
  edit: () => useTool("edit"),
  cut: () => useTool("cut"),
  split: () => useTool("split"),
  merge: () => tools.merge(),
  fill: () => tools.fill(),
  turn: () => tools.turn(),
  copy: () => {
    if (tools.copy()) announcer.announce("note", "said_copied");
  },
  paste: () => tools.paste(cursor.point ?? mouseAt),
  duplicate: () => tools.duplicate(),
  "paint-over": () => editor.setOptions({ paintOver: !editor.options.paintOver }),
  snap: () => editor.setOptions({ snap: !editor.options.snap }),
  follow: () => editor.setOptions({ follow: !editor.options.follow }),
  delete: deleteOrTakeBack,
  "next-region": () => keyNavigator.stepRegion(1),
  "previous-region": () => keyNavigator.stepRegion(-1),
  "next-corner": () => keyNavigator.stepCorner(1),
  "previous-corner": () => keyNavigator.stepCorner(-1),
  "add-corner": () => keyNavigator.addCorner(),
  cross: (key) => keyNavigator.arrow(key, "near"),
  "cross-far": (key) => keyNavigator.arrow(key, "far"),
  "cross-pixel": (key) => keyNavigator.arrow(key, "pixel"),
  "zoom-in": () => zoom(0.5),
  "zoom-out": () => zoom(-0.5),
  fit: () => {
    surface.fit();
    zoom(0);
  },
  hide,
  look: () => viewTools.toggleSettings(),
  magnifier: () => viewTools.toggleMagnifier(),
  ruler: () => viewTools.toggleRuler(),
  // An unfinished shape is finished first: what is on the screen is what is sent.
  send: () => (isEmpty(editor.sketch) ? void session.send() : tools.mode.finish()),
  guide: () => guide.open(),
  about: () => about.open(),
  help: () => page.toggleHelp(),
};

/** The actions that last as long as a key is held. */
const HELD: Record<HeldCommand, (held: boolean, key: string) => void> = {
  pan: (held) => {
    panHeld = held;
    surface.holdPan(held);
  },
  "let-go": (held) => tools.suspendSnapping(held),
  "hide-all": (held) => surface.hideRegions(held || hidden),
  "hide-class": (held, key) => viewTools.holdClass(Number(key) - 1, held),
};

function useClassAt(place: number): void {
  const chosen = config.campaign.classes[place];
  if (!chosen) return;
  editor.useClass(chosen.code);
  if (!editor.selected) announcer.announce("note", "said_class_chosen", { class: chosen.name });
}

/** End what is shown about the previous action of drawing. */
function beginAction(): void {
  page.endMessage("drawing");
  session.cancelSkip();
  viewTools.beginAction();
  peek.stay();
}

function obey(command: Command, key = ""): void {
  if (isDrawingCommand(command)) beginAction();
  if (command === "help" || command === "guide" || page.state === "drawing") ACTS[command](key);
}

const BUTTONS: Record<string, Command> = {
  "tool-draw": "draw",
  "tool-edit": "edit",
  "tool-cut": "cut",
  "tool-split": "split",
  merge: "merge",
  "merge-here": "merge",
  fill: "fill",
  copy: "copy",
  duplicate: "duplicate",
  turn: "turn",
  "add-point": "add-corner",
  "remove-point": "delete",
  "paint-over": "paint-over",
  snap: "snap",
  follow: "follow",
  undo: "undo",
  redo: "redo",
  delete: "delete",
  hide: "hide",
  "zoom-in": "zoom-in",
  "zoom-out": "zoom-out",
  "zoom-fit": "fit",
  "tool-ruler": "ruler",
  send: "send",
  "guide-open": "guide",
  "help-open": "help",
  "help-close": "help",
  "sketch-cancel": "cancel",
};

for (const [id, command] of Object.entries(BUTTONS)) page.onClick(id, () => obey(command));
for (const id of ["sketch-finish", "sketch-over"]) page.onClick(id, () => tools.finish());
// A pointer on the button has no position on the picture.
page.onClick("paste", () => page.state === "drawing" && tools.paste(cursor.point));
surface.viewport.onPointer((pointer) => (mouseAt = pointer?.point ?? null));
page.onClick("skip", () => void session.skip());
page.onClick("try-again", () => void session.start());
page.onClass((code) => {
  beginAction();
  editor.useClass(code);
});
listenToKeys({
  isBusy: () => document.querySelector("dialog[open]") !== null,
  call: obey,
  hold: (command, held, key) => HELD[command](held, key),
});
foldRegionList(page.part("regions"), page.part("regions-open"), page.part("regions-close"));
fillHelp(page.part("help-list"), page.part("help-all"), say);
page.map.addEventListener("pointermove", ({ movementX, movementY }) => {
  if (movementX || movementY) keyNavigator.rest();
});
page.map.addEventListener("pointerdown", () => keyNavigator.rest());
// Before anything else that the press does: it may bring a message of its own.
page.map.addEventListener("pointerdown", beginAction, { capture: true });
page.map.addEventListener("wheel", () => peek.stay(), { passive: true });
foldMoreTools();
surface.useTool(tools.tool);
restore(pageState.settings);
const toCorrect = labelToCorrect(window.location.search);
void (toCorrect ? session.correct(toCorrect) : session.start());
