/** The dialog that shows one image large, with its quality measures. */

import type { Words } from "../../shared/translations";
import type { Picture, Quality } from "./types";

export interface LookEvents {
  readonly step: (by: number) => void;
  readonly retire: () => void;
  readonly restore: () => void;
  readonly closed: () => void;
}

function part<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

export class Look {
  private readonly dialog = part<HTMLDialogElement>("#look");
  private readonly image = part<HTMLImageElement>("#look-image");
  private readonly failed = part("#look-failed");
  private readonly retire = part<HTMLButtonElement>("#look-retire");
  private readonly restore = part<HTMLButtonElement>("#look-restore");
  private readonly percent = new Intl.NumberFormat(document.documentElement.lang || undefined, {
    style: "percent",
    maximumFractionDigits: 1,
  });

  constructor(
    private readonly words: Words,
    private readonly reasonName: (code: string) => string,
    events: LookEvents,
  ) {
    part("#look-before").addEventListener("click", () => events.step(-1));
    part("#look-after").addEventListener("click", () => events.step(1));
    part("#look-close").addEventListener("click", () => this.close());
    this.retire.addEventListener("click", events.retire);
    this.restore.addEventListener("click", events.restore);
    this.dialog.addEventListener("close", events.closed);
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.close(); // outside the image
    });
    this.image.addEventListener("error", () => (this.failed.hidden = false));
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  show(picture: Picture): void {
    const { words } = this;
    if (this.image.getAttribute("src") !== picture.display_url) {
      this.failed.hidden = true;
      this.image.src = picture.display_url;
    }
    part("#look-name").textContent = picture.product_id;
    const labels = words(picture.labels === 1 ? "labels-one" : "labels-many", { n: picture.labels });
    part("#look-facts").textContent = picture.sol === null ? labels : `${words("sol", { sol: picture.sol })} · ${labels}`;
    const standing = part("#look-standing");
    const said = picture.retired ? words("out-of-use", { reason: this.reasonName(picture.retired_reason) }) : words("in-use");
    if (standing.textContent !== said) standing.textContent = said;
    standing.dataset.retired = String(picture.retired);
    const duplicate = part("#look-duplicate");
    duplicate.hidden = !picture.duplicate_of;
    duplicate.textContent = picture.duplicate_of ? words("duplicate-of", { id: picture.duplicate_of }) : "";
    part("#look-rover").hidden = picture.rover_mask !== "unknown";
    this.showMeasures(picture.quality);
    // Show the action that applies; the focus moves to it from the other one.
    const moved = document.activeElement === this.retire || document.activeElement === this.restore;
    this.retire.hidden = picture.retired;
    this.restore.hidden = !picture.retired;
    if (moved) (picture.retired ? this.restore : this.retire).focus();
    if (!this.dialog.open) this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  private showMeasures(quality: Quality | null): void {
    part("#measures").hidden = !quality;
    part("#not-measured").hidden = quality !== null;
    if (!quality) return;
    for (const row of document.querySelectorAll<HTMLElement>("#measures [data-measure]")) {
      const value = quality[row.dataset.measure as keyof Quality];
      const bar = row.querySelector("progress");
      if (bar) {
        bar.value = value;
        bar.setAttribute("aria-label", row.querySelector("dt")?.textContent ?? "");
      }
      const text = row.querySelector("span");
      if (text) text.textContent = this.percent.format(value);
    }
  }
}
