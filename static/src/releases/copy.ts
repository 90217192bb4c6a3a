/** A button that copies code to the clipboard; only where the browser permits it. */

export function offerCopies(card: HTMLElement, copied: () => void): void {
  if (!navigator.clipboard) return; // not a secure context: the code can be selected by hand
  for (const button of card.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const code = button.parentElement?.querySelector("code")?.textContent ?? "";
      navigator.clipboard.writeText(code).then(copied, () => undefined);
    });
  }
}
