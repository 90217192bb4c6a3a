/** A button that puts the code beside it into the clipboard; only where the browser lets a page do so. */

export function offerCopies(card: HTMLElement, copied: () => void): void {
  if (!navigator.clipboard) return; // not a secure context: the code can still be selected
  for (const button of card.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const code = button.parentElement?.querySelector("code")?.textContent ?? "";
      navigator.clipboard.writeText(code).then(copied, () => undefined);
    });
  }
}
