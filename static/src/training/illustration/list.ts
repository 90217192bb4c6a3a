/** The list of marks: class or length, captions in each language, and removal. */

import type { Words } from "../../shared/translations";
import { numbersOf } from "./model";
import type { Config, Mark } from "./types";

export interface ListActions {
  change(index: number, mark: Mark): void;
  remove(index: number): void;
  select(index: number | null): void;
  measure(index: number, lengthCm: number): void;
}

export class MarkList {
  constructor(
    private readonly list: HTMLOListElement,
    private readonly config: Config,
    private readonly say: Words,
    private readonly actions: ListActions,
  ) {
    list.addEventListener("focusout", () => actions.select(null));
  }

  /** Build the list anew: marks were added, removed or restored. */
  build(marks: readonly Mark[]): void {
    this.list.replaceChildren(...marks.map((mark, index) => this.row(mark, index)));
    this.number(marks);
  }

  /** Show the number of each mark that has a caption. */
  number(marks: readonly Mark[]): void {
    const numbers = numbersOf(marks);
    this.list.querySelectorAll<HTMLElement>(".mark-name").forEach((name, index) => {
      const kind = this.say(marks[index]?.kind ?? "outline");
      name.textContent = numbers[index] ? `${numbers[index]} · ${kind}` : kind;
    });
  }

  private row(mark: Mark, index: number): HTMLLIElement {
    const row = document.createElement("li");
    row.className = "mark-row";
    const group = document.createElement("fieldset");
    const name = document.createElement("legend");
    name.className = "mark-name";
    group.append(name);
    row.addEventListener("focusin", () => this.actions.select(index));
    if (mark.kind === "outline") {
      const options = [["", this.say("no-class")], ...this.config.classes.map((each) => [String(each.code), each.name])];
      group.append(
        this.choice(this.say("class"), options, String(mark.code ?? ""), () => this.actions.change(index, this.current(row, mark))),
      );
    }
    if (mark.kind === "scale") {
      const options = this.config.scales_cm.map((cm) => [String(cm), cm % 100 ? `${cm} cm` : `${cm / 100} m`]);
      group.append(this.choice(this.say("length"), options, String(mark.length_cm), (value) => this.actions.measure(index, Number(value))));
    } else {
      for (const language of this.config.languages) group.append(this.caption(row, mark, index, language));
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "second small";
    remove.textContent = this.say("remove");
    remove.addEventListener("click", () => this.actions.remove(index));
    group.append(remove);
    row.append(group);
    return row;
  }

  private choice(label: string, options: readonly (readonly string[])[], value: string, change: (value: string) => void): HTMLLabelElement {
    const wrapper = document.createElement("label");
    const select = document.createElement("select");
    select.append(...options.map(([key = "", text = ""]) => new Option(text, key, false, key === value)));
    select.addEventListener("change", () => change(select.value));
    wrapper.append(label, select);
    return wrapper;
  }

  private caption(row: HTMLElement, mark: Mark & { kind: "outline" | "arrow" }, index: number, language: { code: string; name: string }): HTMLLabelElement {
    const wrapper = document.createElement("label");
    const input = document.createElement("input");
    input.lang = language.code;
    input.dataset.caption = language.code;
    input.maxLength = this.config.max_caption;
    input.value = mark.captions[language.code] ?? "";
    input.addEventListener("input", () => this.actions.change(index, this.current(row, mark)));
    wrapper.append(this.say("caption", { language: language.name }), input);
    return wrapper;
  }

  /** Return the mark with the captions and the class that its row has now. */
  private current(row: HTMLElement, mark: Mark & { kind: "outline" | "arrow" }): Mark {
    const inputs = [...row.querySelectorAll<HTMLInputElement>("[data-caption]")];
    const captions = Object.fromEntries(inputs.map((each) => [each.dataset.caption ?? "", each.value]));
    if (mark.kind === "arrow") return { ...mark, captions };
    const chosen = row.querySelector("select")?.value ?? "";
    return { ...mark, captions, code: chosen === "" ? null : Number(chosen) };
  }
}
