/** A message that stays until it is answered, with what can be done about it. */

export interface NoticeAction {
  readonly label: string;
  readonly act: () => void;
}

export class Notice {
  private shown = "";

  constructor(private readonly element: HTMLElement) {}

  /** Shows a message in place of the one before; `name` says which one it is. */
  show(name: string, sentence: string, actions: readonly NoticeAction[]): void {
    this.shown = name;
    const words = document.createElement("p");
    words.textContent = sentence;
    const buttons = actions.map(({ label, act }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        this.hide(name);
        act();
      });
      return button;
    });
    this.element.replaceChildren(words, ...buttons);
    this.element.dataset.notice = name;
    this.element.hidden = false;
  }

  /** Takes this message away, if it is the one that is shown. Without a name, any. */
  hide(name = this.shown): void {
    if (name !== this.shown) return;
    this.shown = "";
    this.element.hidden = true;
    this.element.replaceChildren();
    delete this.element.dataset.notice;
  }

  isShown(name: string): boolean {
    return this.shown === name;
  }
}
