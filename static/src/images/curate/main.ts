/** The curation page: filter, sort, select, retire and restore, by keyboard or touch. */

import { sentenceOf } from "../../shared/server";
import { wordsOf } from "../../shared/translations";
import { type Action, actionOn, applied, batchesOf, reversed, withLabels } from "./actions";
import { curateApi } from "./api";
import { confirmRetiring } from "./confirm";
import { Grid } from "./grid";
import { Look } from "./picture_dialog";
import { extendTo, FRESH, type Marks, moveTo, selectAll, selectNone, stepOf, toggle } from "./selection";
import { CuratePage } from "./page";
import type { Listing, Picture, CurateConfig } from "./types";
import { addressOf, type Measure, pageAfter, startOf, type View, viewOf } from "./view";

const config = JSON.parse(document.querySelector("#curate-config")?.textContent ?? "null") as CurateConfig;
const words = wordsOf(document);
const api = curateApi(config);
const page = new CuratePage(words);
const reasonName = (code: string): string => page.reasonName(code);

let view: View = viewOf(window.location.search);
let listing: Listing = { count: 0, page: 1, pages: 1, images: [] };
let pictures: readonly Picture[] = [];
let marks: Marks = FRESH;
let asking = new AbortController();
/** Past actions, the newest last; each can be undone. */
let history: readonly Action[] = [];
/** Send actions one after the other, in their order. */
let writes: Promise<unknown> = Promise.resolve();

const grid = new Grid(page.grid, words, reasonName, {
  press: (at, extend) => setMarks(extend ? extendTo(marks, at) : toggle(marks, at), true),
  open: (at) => {
    setMarks(moveTo(marks, at));
    lookCloser();
  },
  focus: (at) => {
    if (at !== marks.focus) setMarks(moveTo(marks, at));
  },
});

const look = new Look(words, reasonName, {
  step: (by) => lookAt(marks.focus + by),
  retire: () => void retireNow([marks.focus]),
  restore: () => restoreNow([marks.focus]),
  closed: () => grid.focus(marks.focus),
});

/** The measure on each tile: the sort key, or else the measure of the filter. */
function measureShown(): Measure | null {
  const sorted = view.sort.replace(/^-/, "");
  return sorted === "product_id" || sorted === "sol" ? view.filter.measure : (sorted as Measure);
}

const at = (places: readonly number[]): Picture[] => places.flatMap((place) => pictures[place] ?? []);

function setMarks(next: Marks, focus = false): void {
  marks = next;
  grid.mark(marks);
  const selected = at([...marks.selected]);
  page.showSelection(selected.length, selected.some((each) => !each.retired), selected.some((each) => each.retired));
  if (focus) grid.focus(marks.focus);
}

/** Load the view; the focus goes to the first image that was not on the page before. */
async function load(focus = false): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const seen = new Set(focus ? pictures.map((each) => each.id) : []);
  page.setState("loading");
  try {
    await writes; // load the list after all actions so far
    const answer = await api.list(view, signal);
    if (signal.aborted) return;
    listing = answer;
    pictures = answer.images;
    view = { ...view, page: answer.page }; // the list may have fewer pages now
    page.showListing(listing, view);
    grid.fill(pictures, measureShown());
    const unseen = pictures.findIndex((each) => !seen.has(each.id));
    setMarks(moveTo(FRESH, Math.max(0, unseen)), focus && pictures.length > 0);
  } catch (error) {
    if (!signal.aborted) page.fail(sentenceOf(error, words("unreachable")));
  }
}

/** Show another view as a new entry of the browser history. */
function show(next: View, focus = false): void {
  view = next;
  page.showView(view);
  const address = window.location.pathname + addressOf(view);
  if (address !== window.location.pathname + window.location.search) window.history.pushState(null, "", address);
  void load(focus);
}

function turnPage(by: 1 | -1): void {
  if (by < 0) {
    if (listing.page > 1) show({ ...view, page: listing.page - 1 }, true);
    else page.say(words("first-page"));
    return;
  }
  const belongs = view.filter.name === "retired";
  const left = pictures.filter((each) => each.retired !== belongs).length;
  const next = pageAfter(listing, left);
  if (next === null) page.say(words("last-page"));
  else {
    if (next === listing.page) page.say(words("came-up"));
    show({ ...view, page: next }, true);
  }
}

/** Show the effect of an action at once. */
function showAction(action: Action): void {
  const before = pictures;
  pictures = applied(pictures, action);
  pictures.forEach((picture, place) => {
    if (picture !== before[place]) grid.renew(picture, place, measureShown());
  });
  setMarks(marks);
  const focused = pictures[marks.focus];
  if (look.isOpen && focused) look.show(focused);
}

function setHistory(next: readonly Action[]): void {
  history = next;
  page.undo.disabled = history.length === 0;
}

/** Send an action; on failure, restore the images and the history. */
function send(action: Action, failed: () => void): void {
  writes = writes.then(async () => {
    try {
      for (const batch of batchesOf(action)) await api.retire(batch);
    } catch (error) {
      showAction(reversed(action));
      failed();
      page.say(sentenceOf(error, words("not-saved")));
    }
  });
}

function carryOut(action: Action, sentence: string): void {
  showAction(action);
  setHistory([...history, action]);
  page.say(words(action.length === 1 ? `${sentence}-one` : `${sentence}-many`, { n: action.length }), true);
  send(action, () => setHistory(history.filter((each) => each !== action)));
  if (!look.isOpen) setMarks(selectNone(marks), true);
}

async function retireNow(places: readonly number[]): Promise<void> {
  let wanted: readonly Picture[] = at(places).filter((each) => !each.retired);
  if (wanted.length === 0) {
    page.say(words("nothing-to-retire"));
    return;
  }
  const labeled = withLabels(wanted);
  if (labeled.length > 0) {
    const answer = await confirmRetiring(labeled.length, wanted.length, words);
    if (answer === "none") return;
    if (answer === "some") wanted = wanted.filter((each) => each.labels === 0);
  }
  carryOut(actionOn(wanted, true, page.reason.value), "did-retire");
}

function restoreNow(places: readonly number[]): void {
  const action = actionOn(at(places), false, "");
  if (action.length === 0) return page.say(words("nothing-to-restore"));
  carryOut(action, "did-restore");
}

function undoNow(): void {
  const last = history.at(-1);
  if (!last) return page.say(words("nothing-to-undo"));
  // A button that will be disabled passes the focus on.
  if (history.length === 1 && document.activeElement === page.undo) grid.focus(marks.focus);
  setHistory(history.slice(0, -1));
  showAction(reversed(last));
  page.say(words("did-undo"));
  send(reversed(last), () => setHistory([...history, last]));
}

function lookCloser(): void {
  const picture = pictures[marks.focus];
  if (picture) look.show(picture);
}

function lookAt(place: number): void {
  const picture = pictures[place];
  if (!picture) return;
  setMarks(moveTo(marks, place));
  look.show(picture);
  const next = pictures[place + 1];
  if (next) new Image().src = next.display_url;
}

/** Keys and buttons act on the selected images only. */
function onSelected(act: (places: readonly number[]) => void): void {
  if (marks.selected.size === 0) page.say(words("select-first"));
  else act([...marks.selected].sort((a, b) => a - b));
}

const KEYS: Readonly<Record<string, () => void>> = {
  " ": () => setMarks(toggle(marks, marks.focus), true),
  a: () => setMarks(selectAll(marks, pictures.length)),
  escape: () => setMarks(selectNone(marks)),
  x: () => onSelected((places) => void retireNow(places)),
  r: () => onSelected(restoreNow),
  z: undoNow,
  enter: lookCloser,
  "[": () => turnPage(-1),
  "]": () => turnPage(1),
};

/** Keys while an image is shown large; the browser handles Escape. */
const LOOK_KEYS: Readonly<Record<string, () => void>> = {
  arrowleft: () => lookAt(marks.focus - 1),
  arrowright: () => lookAt(marks.focus + 1),
  arrowup: () => lookAt(marks.focus - grid.columns()),
  arrowdown: () => lookAt(marks.focus + grid.columns()),
  " ": () => setMarks(toggle(marks, marks.focus)),
  enter: () => look.close(),
  x: () => void retireNow([marks.focus]),
  r: () => restoreNow([marks.focus]),
  z: undoNow,
};

function move(event: KeyboardEvent): boolean {
  const inGrid = page.grid.contains(document.activeElement);
  const to = stepOf(event.key, marks.focus, grid.columns(), pictures.length);
  if (to === null) return inGrid && /^Arrow|^Home$|^End$/.test(event.key);
  if (!inGrid && document.activeElement !== document.body) return false;
  setMarks(event.shiftKey ? extendTo(marks, to) : moveTo(marks, to), true);
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("#confirm[open]")) return;
  if (target.closest("select, input, textarea")) return;
  const key = event.key.toLowerCase();
  // Space and Enter activate the focused button.
  if ((key === " " || key === "enter") && target.closest("button, a, summary")) return;
  if (!look.isOpen && move(event)) {
    event.preventDefault();
    return;
  }
  const action = (look.isOpen ? LOOK_KEYS : KEYS)[key];
  if (!action || (event.repeat && !key.startsWith("arrow"))) return;
  event.preventDefault();
  action();
});

for (const chip of page.chips) chip.addEventListener("click", () => show(startOf(chip.dataset.filter ?? "all")));
page.sort.addEventListener("change", () => show({ ...view, sort: page.sort.value, page: 1 }));
page.bound.addEventListener("input", () => page.showBound(view));
page.bound.addEventListener("change", () => show({ ...view, bound: Number(page.bound.value), page: 1 }));
page.all.addEventListener("click", () => setMarks(selectAll(marks, pictures.length)));
page.look.addEventListener("click", lookCloser);
page.retire.addEventListener("click", () => onSelected((places) => void retireNow(places)));
page.restore.addEventListener("click", () => onSelected(restoreNow));
page.undo.addEventListener("click", undoNow);
page.toastUndo.addEventListener("click", () => {
  grid.focus(marks.focus);
  undoNow();
});
page.before.addEventListener("click", () => turnPage(-1));
page.after.addEventListener("click", () => turnPage(1));
page.showAll.addEventListener("click", () => show(startOf("all")));
page.again.addEventListener("click", () => void load());
window.addEventListener("popstate", () => {
  view = viewOf(window.location.search);
  page.showView(view);
  void load();
});

page.showView(view);
void load();
