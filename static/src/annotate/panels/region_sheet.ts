/** Make the list of regions a panel over the picture on phones, opened and closed by buttons. */

export function foldRegionList(sheet: HTMLElement, opener: HTMLElement, closer: HTMLElement): void {
  const show = (open: boolean): void => {
    sheet.toggleAttribute("data-open", open);
    opener.ariaExpanded = String(open);
    if (open) (sheet.querySelector<HTMLElement>("[aria-current]") ?? closer).focus();
    else opener.focus();
  };
  opener.addEventListener("click", () => show(!sheet.hasAttribute("data-open")));
  closer.addEventListener("click", () => show(false));
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !sheet.hasAttribute("data-open")) return;
    event.preventDefault();
    show(false);
  });
}
