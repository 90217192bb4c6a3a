/**
 * Collapse the less used tools where space is limited: a button opens them, and the next action closes
 * them.
 */

export function foldMoreTools(): void {
  const button = document.getElementById("more-open")!;
  const isOpen = (): boolean => button.ariaExpanded === "true";
  const open = (wanted: boolean): void => {
    button.ariaExpanded = String(wanted);
  };
  button.addEventListener("click", () => open(!isOpen()));
  document.addEventListener("pointerdown", ({ target }) => {
    if (!(target as Element).closest("#more, #more-open")) open(false);
  });
  // A switch is often one of several; a tool is taken up.
  document.getElementById("more")!.addEventListener("click", ({ target }) => {
    if ((target as Element).closest(".tool")) open(false);
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !isOpen()) return;
    open(false);
    button.focus();
  });
}
