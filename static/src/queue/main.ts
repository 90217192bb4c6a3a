/** The review page: rate one label after another, from the keyboard, by mouse or by touch. */

import { SignedOut, sentenceOf } from "../shared/server";
import type { Refused, Trouble } from "../shared/server";
import { oneTabAtATime } from "../shared/delivery/outbox";
import { deviceStorage } from "../shared/storage";
import { wordsOf } from "../shared/translations";
import { reviewApi } from "./api";
import { Comparisons } from "./comparing/comparisons";
import { VerdictForm } from "./form";
import { LOCK, type Parcel, RatingOutbox } from "./outbox";
import { part, ReviewPage } from "./page";
import { Pictures } from "./comparing/pictures";
import * as sessions from "./session";
import type { Session } from "./session";
import type { Candidate, LabelFacts, RatingValue, ReviewConfig } from "./types";
import { ringOf, stepFrom, toggled, type View } from "./comparing/views";

const config = JSON.parse(document.querySelector("#review-config")?.textContent ?? "null") as ReviewConfig;
const words = wordsOf(document);
const api = reviewApi(config);
const page = new ReviewPage(config, words, (view) => look(view));
const form = new VerdictForm();
const pictures = new Pictures();
const comparisons = new Comparisons(config.urls.worker);
const outbox = new RatingOutbox(
  deviceStorage().storage,
  String(config.reviewer),
  api,
  { changed: outboxChanged, rated: ratingTaken, refused: ratingRefused, waits: outboxWaits },
  oneTabAtATime(LOCK),
);

/** Number of labels to prefetch. */
const AHEAD = 2;
/** Interval of renewing leases, well below their five minutes. */
const HOLD_MS = 2 * 60_000;
/** Shortest time to rate a label: a key pressed sooner was meant for the previous one. */
const SHORTEST_LOOK_MS = 250;

let session: Session = sessions.FRESH;
let view: View = 0;
let hidden = false;
let loading = false;
let exhausted = false;
let shownAt = 0;
/** A rating was undone: its label is on the screen again, but has no lease yet. */
let reclaim = false;
/** Incremented by every rating and undo: counts requested before are outdated. */
let changes = 0;

// -- showing ----------------------------------------------------------------------------------------

/** Show a new session; a new label starts with its drawing visible and no comparison. */
function show(next: Session): void {
  const before = session.current;
  session = next;
  page.renderCounts(session);
  const { current } = session;
  if (!current) {
    page.clear();
    page.setState(exhausted && !loading ? "empty" : "loading");
  } else {
    page.setState("reviewing");
    if (current.label.id !== before?.label.id) showLabel(current);
  }
  void loadAhead();
}

function showLabel(candidate: Candidate): void {
  const url = candidate.label.image.display_url;
  const bitmap = pictures.ready(url);
  shownAt = performance.now();
  form.fill();
  hidden = false;
  page.renderLabel(candidate, bitmap);
  page.setHidden(false);
  look(0);
  part("#spoken").textContent = page.spoken(candidate);
  // The image first: thumbnails and figures follow in the next frame.
  requestAnimationFrame(() =>
    setTimeout(() => {
      if (session.current?.label.id === candidate.label.id) page.renderPanel(session.current, session.done.at(-1) ?? null, view);
    }),
  );
  if (!bitmap) void showPicture(candidate);
}

async function showPicture(candidate: Candidate): Promise<void> {
  const isShown = (): boolean => session.current?.label.id === candidate.label.id;
  try {
    const bitmap = await pictures.load(candidate.label.image.display_url);
    if (isShown()) page.picture.setBitmap(bitmap);
  } catch {
    if (isShown()) page.say(words("picture-failed"));
  }
}

/** Show a view of the label when its comparison is ready. */
function look(wanted: View): void {
  const candidate = session.current;
  if (!candidate) return;
  view = wanted;
  page.show(candidate, view, null);
  if (typeof view === "number") return;
  page.showCaption(words("computing"));
  const isShown = (): boolean => session.current === candidate && view === wanted;
  comparisons.of(candidate).then(
    (found) => isShown() && page.show(candidate, wanted, found),
    () => isShown() && page.showCaption(words("not-compared")),
  );
}

function flip(steps: number): void {
  if (session.current) look(stepFrom(ringOf(session.current), view, steps));
}

function toggle(wanted: View): void {
  if (session.current) look(toggled(ringOf(session.current), view, wanted));
}

function setHidden(value: boolean): void {
  hidden = value;
  page.setHidden(hidden);
}

/** Prefetch labels with image and comparison. */
async function loadAhead(): Promise<void> {
  if (loading || exhausted || session.ahead.length >= AHEAD) return;
  loading = true;
  const before = changes;
  const quiet = outbox.size === 0;
  try {
    const answer = await api.next(config.query, sessions.notToOffer(session, outbox.labels()));
    loading = false;
    exhausted = answer.label === null;
    if (answer.label) prepare({ label: answer.label, others: answer.others ?? [] });
    const next = sessions.arrived(session, answer);
    show(before === changes && quiet ? sessions.counted(next, answer) : next);
  } catch (error) {
    loading = false;
    const sentence = sentenceOf(error, words("unreachable"));
    if (session.current) page.say(sentence);
    else page.fail(sentence);
  }
}

/** Preload a candidate without delaying the current label. */
function prepare(candidate: Candidate): void {
  pictures.load(candidate.label.image.display_url).catch(() => undefined); // the error is reported when the label is shown
  if (candidate.others.length > 0) comparisons.of(candidate).catch(() => undefined);
}

// -- rating -----------------------------------------------------------------------------------------

function rateNow(value: RatingValue): void {
  const candidate = session.current;
  if (!candidate) return;
  const verdict = form.verdict(value);
  changes += 1;
  page.say(words("rated", { rating: page.ratingName(value) }));
  outbox.rate(candidate.label.id, candidate.label.version, verdict);
  show(sessions.rate(session, verdict));
  if (!session.current) page.renderLast(session.done.at(-1) ?? null);
}

function rateByKey(value: RatingValue): void {
  if (performance.now() - shownAt >= SHORTEST_LOOK_MS) rateNow(value);
}

function undoNow(): void {
  const last = session.done.at(-1);
  if (!last) return page.say(words("nothing-to-undo"));
  changes += 1;
  exhausted = false;
  reclaim = true;
  outbox.undo(last.candidate.label.id);
  show(sessions.takeBack(session));
  form.fill(last.verdict);
  page.say(words("undone"));
}

function skipNow(): void {
  const candidate = session.current;
  if (!candidate) return;
  page.say(words("skipped"));
  show(sessions.skip(session));
  // If this fails, the lease expires.
  api.release([candidate.label.id]).catch(() => undefined);
}

function unskipNow(): void {
  exhausted = false;
  show(sessions.unskip(session));
}

/** Send flags one after the other, so that they arrive in order. */
let flagsSent: Promise<void> = Promise.resolve();

async function flagNow(): Promise<void> {
  const candidate = session.current;
  if (!candidate) return;
  const { id, flag } = candidate.label;
  const note = form.text;
  show(sessions.flag(session, flag ? null : { reviewer: words("you"), note }));
  page.say(words(flag ? "unflagged" : "flagged"));
  const sent = flagsSent.then(() => (flag ? api.unflag(id) : api.flag(id, note)));
  flagsSent = sent.catch(() => undefined);
  try {
    await sent;
  } catch {
    if (session.current?.label.id === id) show(sessions.flag(session, flag));
    page.say(words("flag-failed"));
  }
}

// -- what is on its way -----------------------------------------------------------------------------

function outboxChanged(): void {
  if (outbox.size > 0) return;
  page.showWaiting("");
  if (reclaim) void holdOn();
  reclaim = false;
}

/** Show the facts that could have influenced the rating. */
function ratingTaken(label: string, facts: LabelFacts): void {
  session = sessions.told(session, label, facts);
  page.renderLast(session.done.at(-1) ?? null);
}

function outboxWaits(trouble: Trouble): void {
  const why = trouble instanceof SignedOut ? "waits-signed-out" : "waits-network";
  page.showWaiting(words(why, { n: outbox.size }));
}

function ratingRefused(parcel: Parcel, error: Refused): void {
  if (parcel.what.kind === "undo") return page.notify(sentenceOf(error, words("undo-failed")));
  const rated = session.done.find(({ candidate }) => candidate.label.id === parcel.label);
  const picture = rated ? page.pictureName(rated.candidate) : words("an-earlier-one");
  page.notify(words("refused", { picture, why: error.message }));
  show(sessions.refused(session, parcel.label));
  page.renderLast(session.done.at(-1) ?? null);
}

// -- leases -----------------------------------------------------------------------------------------

async function holdOn(): Promise<void> {
  // Leave out labels whose rating the server does not know yet.
  const ids = sessions.held(session).filter((id) => !outbox.labels().includes(id));
  if (ids.length === 0 || document.visibilityState === "hidden") return;
  // If this fails, the response to the rating says whether the lease was lost.
  const lost = await api.hold(ids).catch((): readonly string[] => []);
  if (lost.length === 0) return;
  const losesShown = session.current !== null && lost.includes(session.current.label.id);
  exhausted = false;
  show(sessions.lose(session, lost));
  if (losesShown) page.say(words("lost"));
}

window.setInterval(() => void holdOn(), HOLD_MS);
document.addEventListener("visibilitychange", () => void holdOn());
window.addEventListener("pageshow", (event) => event.persisted && void holdOn());
window.addEventListener("pagehide", () => {
  const ids = sessions.held(session);
  if (ids.length > 0) api.release(ids).catch(() => undefined);
});
window.addEventListener("online", () => void outbox.deliver());

// -- keys and buttons -------------------------------------------------------------------------------

const help = part<HTMLDialogElement>("#help");
const filter = part<HTMLDialogElement>("#filter");

const KEYS: Readonly<Record<string, () => void>> = {
  "1": () => rateByKey(1),
  "2": () => rateByKey(2),
  "3": () => rateByKey(3),
  "4": () => rateByKey(4),
  "5": () => rateByKey(5),
  " ": () => flip(1),
  escape: () => look(0),
  c: () => toggle("majority"),
  d: () => toggle("difference"),
  m: () => toggle("disagreement"),
  h: () => setHidden(!hidden),
  z: undoNow,
  s: skipNow,
  f: () => void flagNow(),
  n: () => form.write(),
  "?": () => help.showModal(),
  "+": () => page.picture.zoom(1.5),
  "=": () => page.picture.zoom(1.5),
  "-": () => page.picture.zoom(1 / 1.5),
  "0": () => page.picture.showWhole(),
  "shift+ ": () => flip(-1),
};
/** These repeat while the key is held down. */
const ARROWS: Readonly<Record<string, () => void>> = {
  arrowleft: () => flip(-1),
  arrowright: () => flip(1),
  "shift+arrowleft": () => page.picture.move(-0.25, 0),
  "shift+arrowright": () => page.picture.move(0.25, 0),
  "shift+arrowup": () => page.picture.move(0, -0.25),
  "shift+arrowdown": () => page.picture.move(0, 0.25),
};

/** Handle a key; return whether it had a meaning. */
function press(key: string, repeated: boolean): boolean {
  const arrow = ARROWS[key];
  if (arrow) arrow();
  else if (repeated) return key in KEYS;
  else if (KEYS[key]) KEYS[key]();
  else return form.pressed(key);
  return true;
}

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : document.body;
  if (document.querySelector("dialog[open]") || target.closest("input, select, textarea")) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" || event.shiftKey || event.altKey) return;
  } else if (event.altKey) return;
  // Space and Enter activate the focused control.
  if ((key === " " || key === "enter") && target.closest("button, a, summary")) return;
  const shifted = event.shiftKey && (key === " " || key.startsWith("arrow"));
  if (press(shifted ? `shift+${key}` : key, event.repeat)) event.preventDefault();
});

// Return the focus to the page after a click on a button.
page.root.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target instanceof Element) event.target.closest("button")?.blur();
});
for (const button of page.ratings) {
  button.addEventListener("click", () => rateNow(Number(button.dataset.rating) as RatingValue));
}
for (const button of page.views) {
  const wanted = button.dataset.view as Exclude<View, number> | "0";
  button.addEventListener("click", () => look(wanted === "0" ? 0 : wanted));
}
page.undo.addEventListener("click", undoNow);
page.emptyUndo.addEventListener("click", undoNow);
page.skip.addEventListener("click", skipNow);
page.unskip.addEventListener("click", unskipNow);
page.flag.addEventListener("click", () => void flagNow());
page.hide.addEventListener("click", () => setHidden(!hidden));
page.again.addEventListener("click", () => {
  page.say("");
  show(session);
});
part("#zoom-in").addEventListener("click", () => page.picture.zoom(1.5));
part("#zoom-out").addEventListener("click", () => page.picture.zoom(1 / 1.5));
part("#zoom-fit").addEventListener("click", () => page.picture.showWhole());
part("#help-open").addEventListener("click", () => help.showModal());
part("#help-close").addEventListener("click", () => help.close());
part("#filter-open").addEventListener("click", () => filter.showModal());
part("#filter-close").addEventListener("click", () => filter.close());
if ("open" in filter.dataset) filter.showModal();

void outbox.deliver();
show(session);
