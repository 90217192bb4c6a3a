/** The panel for the picture settings and the visible classes. */
import type { Say, TerrainClass } from "../config";
import { NEUTRAL } from "../view/picture_settings";
import type { PictureSettings } from "../view/picture_settings";

export interface PictureSettingsEvents {
  changed(look: PictureSettings): void;
  /** Called with the hidden classes. */
  hidden(codes: ReadonlySet<number>): void;
  magnifier(on: boolean): void;
}

const SLIDERS = ["brightness", "contrast", "opacity"] as const;

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
    this.magnifier.addEventListener("change", () => events.magnifier(this.magnifier.checked));
    for (const each of classes) byId("look-classes").append(this.classButton(each, say));
    this.show();
  }

  toggle(): void {
    if (!this.panel.hidden) {
      this.close();
      return;
    }
    this.panel.hidden = false;
    this.opener.ariaExpanded = "true";
    slider("brightness").focus();
  }

  close(): void {
    if (this.panel.hidden) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = true;
    this.opener.ariaExpanded = "false";
    if (hadFocus) this.opener.focus();
  }

  showMagnifier(on: boolean): void {
    this.magnifier.checked = on;
  }

  /** Show every class again, for a new picture. */
  showAllClasses(): void {
    if (!this.hiddenCodes.size) return;
    this.hiddenCodes.clear();
    this.classesChanged();
  }

  private reset(): void {
    this.look = NEUTRAL;
    this.show();
    this.events.changed(this.look);
    this.showAllClasses();
  }

  private read(): void {
    const [brightness, contrast, opacity] = SLIDERS.map((name) => Number(slider(name).value));
    this.look = {
      brightness: brightness!,
      contrast: contrast!,
      opacity: opacity!,
      invert: this.invert.checked,
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
