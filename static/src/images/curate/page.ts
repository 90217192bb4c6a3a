/** The controls around the tiles: filters, order, counts, actions, messages. Independent of the server. */

import type { Words } from "../../shared/translations";
import type { Listing } from "./types";
import { pageAfter, type View } from "./view";

const TOAST_MS = 10_000;

function part<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

export class CuratePage {
  readonly chips = [...document.querySelectorAll<HTMLButtonElement>("[data-filter]")];
  readonly sort = part<HTMLSelectElement>("#sort");
  readonly bound = part<HTMLInputElement>("#bound");
  readonly reason = part<HTMLSelectElement>("#reason");
  readonly grid = part("#grid");
  readonly look = part<HTMLButtonElement>("#look-closer");
  readonly all = part<HTMLButtonElement>("#select-all");
  readonly retire = part<HTMLButtonElement>("#retire-now");
  readonly restore = part<HTMLButtonElement>("#restore-now");
  readonly undo = part<HTMLButtonElement>("#undo");
  readonly before = part<HTMLButtonElement>("#page-before");
  readonly after = part<HTMLButtonElement>("#page-after");
  readonly toastUndo = part<HTMLButtonElement>("#toast-undo");
  readonly showAll = part<HTMLButtonElement>("#show-all");
  readonly again = part<HTMLButtonElement>("#again");
  private readonly root = part("#curate");
  private readonly toast = part("#toast");
  private readonly whole = new Intl.NumberFormat(document.documentElement.lang || undefined);
  private toastEnd = 0;

  constructor(private readonly words: Words) {}

  setState(state: "loading" | "showing" | "empty" | "error"): void {
    this.root.dataset.state = state;
    this.grid.setAttribute("aria-busy", String(state === "loading"));
  }

  /** Return the name of a reason; an unknown reason is shown as stored. */
  reasonName(code: string): string {
    const option = [...this.reason.options].find((each) => each.value === code);
    return option?.text ?? code;
  }

  showView(view: View): void {
    for (const chip of this.chips) chip.setAttribute("aria-pressed", String(chip.dataset.filter === view.filter.name));
    this.root.dataset.filter = view.filter.name;
    this.sort.value = view.sort;
    this.reason.value = view.filter.reason;
    part("#bound-row").hidden = view.bound === null;
    if (view.bound === null) return;
    this.bound.value = String(view.bound);
    this.showBound(view);
  }

  /** Show the bound of the filter, also while the slider moves. */
  showBound(view: View): void {
    part("#bound-text").textContent = this.words(`bound-${view.filter.name}`, { n: this.bound.value });
  }

  showListing(listing: Listing, view: View): void {
    const { words, whole } = this;
    const { count, page, pages } = listing;
    part("#count").textContent = words(count === 1 ? "count-one" : "count-many", { n: whole.format(count) });
    part("#page-number").textContent = words("page", { page: whole.format(page), pages: whole.format(Math.max(1, pages)) });
    this.before.disabled = page <= 1;
    this.after.disabled = pageAfter(listing, 0) === null;
    this.setState(listing.images.length > 0 ? "showing" : "empty");
    const { name } = view.filter;
    const kind = name === "all" || name === "retired" ? name : "filter";
    part("#empty-title").textContent = words(`empty-${kind}`);
    part("#empty-text").textContent = words(`empty-${kind}-text`);
    part("#import-some").hidden = kind !== "all";
    this.showAll.hidden = kind === "all";
  }

  /** Show the number of selected images, and enable the actions that apply. */
  showSelection(selected: number, canRetire: boolean, canRestore: boolean): void {
    part("#selected").textContent = selected > 0 ? this.words("selected", { n: selected }) : this.words("none-selected");
    part("#bar").dataset.selected = String(selected > 0);
    this.retire.disabled = !canRetire;
    this.restore.disabled = !canRestore;
  }

  fail(sentence: string): void {
    part("#error-text").textContent = sentence;
    this.setState("error");
  }

  /** Show a message for a while, with an undo button if the action can be undone. */
  say(sentence: string, undoable = false): void {
    part("#status").textContent = sentence;
    part("#toast-text").textContent = sentence;
    this.toastUndo.hidden = !undoable;
    this.toast.hidden = sentence === "";
    window.clearTimeout(this.toastEnd);
    this.toastEnd = window.setTimeout(() => {
      // Move the focus before the button disappears, or it would jump to the top of the page.
      if (!this.toast.contains(document.activeElement)) this.toast.hidden = true;
    }, TOAST_MS);
  }
}
