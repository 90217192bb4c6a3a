/** The panel for the picture settings and the visible classes. */
import type { Say, TerrainClass } from "../config";
import { NEUTRAL } from "../view/picture_settings";
import type { PictureSettings } from "../view/picture_settings";

export interface PictureSettingsEvents {
  changed(look: PictureSettings): void;
  /** Called with the hidden classes. */
  hidden(codes: ReadonlySet<number>): void;
}

const SLIDERS = ["brightness", "contrast", "opacity", "pattern"] as const;

export class PictureSettingsPanel {
  private readonly panel = byId("look");
  private readonly opener = byId<HTMLButtonElement>("look-open");
  private readonly invert = byId<HTMLInputElement>("look-invert");
  private readonly magnifier = byId<HTMLInputElement>("look-magnifier");
  private readonly hiddenCodes = new Set<number>();
  private readonly percent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent" });

  constructor(
    private look: PictureSettings,
    classes: readonly TerrainClass[],
    say: Say,
    private readonly events: PictureSettingsEvents,
  ) {
    this.opener.addEventListener("click", () => this.toggle());
    byId("look-close").addEventListener("click", () => this.close());
    byId("look-reset").addEventListener("click", () => this.reset());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    this.panel.addEventListener("input", () => this.read());
    for (const each of classes) byId("look-classes").append(this.classButton(each, say));
    this.show();
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  toggle(): void {
    if (this.isOpen) {
      this.close();
      return;
    }
    this.open();
    slider("brightness").focus();
  }

  /** Open the panel and leave the keyboard where it is. */
  open(): void {
    this.panel.hidden = false;
    this.opener.ariaExpanded = "true";
  }

  close(): void {
    if (!this.isOpen) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = true;
    this.opener.ariaExpanded = "false";
    if (hadFocus) this.opener.focus();
  }

  toggleMagnifier(): void {
    this.magnifier.checked = !this.magnifier.checked;
    this.read();
  }

  get hidden(): readonly number[] {
    return [...this.hiddenCodes];
  }

  /** Hide these classes and show all others: every picture has its own. */
  hideOnly(codes: readonly number[]): void {
    if (!this.hiddenCodes.size && !codes.length) return;
    this.hiddenCodes.clear();
    for (const code of codes) this.hiddenCodes.add(code);
    this.classesChanged();
  }

  private reset(): void {
    this.look = NEUTRAL;
    this.show();
    this.events.changed(this.look);
    this.hideOnly([]);
  }

  private read(): void {
    const [brightness, contrast, opacity, pattern] = SLIDERS.map((name) => Number(slider(name).value));
    this.look = {
      brightness: brightness!,
      contrast: contrast!,
      opacity: opacity!,
      pattern: pattern!,
      invert: this.invert.checked,
      magnifier: this.magnifier.checked,
    };
    this.show();
    this.events.changed(this.look);
  }

  private show(): void {
    for (const name of SLIDERS) {
      const input = slider(name);
      input.value = String(this.look[name]);
      const words = this.percent.format(this.look[name] / 100);
      input.setAttribute("aria-valuetext", words);
      this.panel.querySelector(`output[for=${input.id}]`)!.textContent = words;
    }
    this.invert.checked = this.look.invert;
    this.magnifier.checked = this.look.magnifier;
  }

  private classButton({ code, name, color }: TerrainClass, say: Say): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.code = String(code);
    button.style.setProperty("--class-color", color);
    button.textContent = name;
    button.ariaLabel = say("show_class", { class: name });
    button.ariaPressed = "true";
    button.addEventListener("click", () => {
      if (!this.hiddenCodes.delete(code)) this.hiddenCodes.add(code);
      this.classesChanged();
    });
    return button;
  }

  private classesChanged(): void {
    for (const button of byId("look-classes").querySelectorAll<HTMLElement>("[data-code]")) {
      button.ariaPressed = String(!this.hiddenCodes.has(Number(button.dataset.code)));
    }
    this.events.hidden(new Set(this.hiddenCodes));
  }
}

function slider(name: (typeof SLIDERS)[number]): HTMLInputElement {
  return byId<HTMLInputElement>(`look-${name}`);
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element as T;
}
