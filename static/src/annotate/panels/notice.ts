/** A message that stays until it is answered, with actions. */

export interface NoticeAction {
  readonly label: string;
  readonly act: () => void;
}

export class Notice {
  private shown = "";

  constructor(private readonly element: HTMLElement) {}

  /** Show a message in place of the previous one; `name` identifies it. */
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

  /** Hide this message if it is shown, or any message without a name. */
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
