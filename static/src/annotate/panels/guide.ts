/** The field guide on the drawing page: a dialog opened by a key and closed by Esc. */

export class Guide {
  private readonly dialog = document.getElementById("guide") as HTMLDialogElement;

  constructor() {
    document.getElementById("guide-close")!.addEventListener("click", () => this.dialog.close());
    // Beside the sheet, on the picture: that is where the volunteer wants to go on.
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() === "g" && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        this.dialog.close();
      }
    });
  }

  /** Open the guide. The browser restores the focus when it closes. */
  open(): void {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.dialog.querySelector<HTMLElement>(".guide")?.focus();
  }
}
