/** The form for reasons and comment of the next rating. */

import type { RatingValue, Verdict } from "./types";

export class VerdictForm {
  private readonly chips = [...document.querySelectorAll<HTMLButtonElement>("[data-reason]")];
  private readonly comment: HTMLInputElement;

  constructor() {
    const comment = document.querySelector<HTMLInputElement>("#comment");
    if (!comment) throw new Error("The page has no #comment.");
    this.comment = comment;
    for (const chip of this.chips) chip.addEventListener("click", () => this.toggle(chip));
    // Enter and Escape return the focus to the page.
    comment.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      comment.blur();
    });
  }

  /** Toggle the reason of a key; return false if the key has none. */
  pressed(key: string): boolean {
    const chip = this.chips.find((each) => each.dataset.key === key);
    if (chip) this.toggle(chip);
    return chip !== undefined;
  }

  write(): void {
    this.comment.focus();
  }

  get text(): string {
    return this.comment.value.trim();
  }

  verdict(value: RatingValue): Verdict {
    const reasons = this.chips.filter(isOn).map((chip) => chip.dataset.reason ?? "");
    return { value, reasons, comment: this.text };
  }

  /** Clear the form, or restore the reasons and comment of an undone rating. */
  fill(verdict: Verdict | null = null): void {
    for (const chip of this.chips) {
      chip.setAttribute("aria-pressed", String(verdict?.reasons.includes(chip.dataset.reason ?? "") ?? false));
    }
    this.comment.value = verdict?.comment ?? "";
  }

  private toggle(chip: HTMLButtonElement): void {
    chip.setAttribute("aria-pressed", String(!isOn(chip)));
  }
}

const isOn = (chip: HTMLButtonElement): boolean => chip.getAttribute("aria-pressed") === "true";
