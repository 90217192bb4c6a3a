/** Reports about a picture: nothing to label on it, or a problem with it. */
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import type { Say } from "../config";
import type { Api } from "../saving/api";
import { formatTrouble } from "../saving/reasons";
import type { Task } from "../saving/task";

export interface AboutActions {
  task(): Task | null;
  hasDrawing(): boolean;
  /** Finish the picture without a label. */
  nothing(): void;
  announce(sentence: string): void;
}

type Step = "choose" | "nothing" | "wrong";

export class AboutPicture {
  private readonly dialog = byId<HTMLDialogElement>("about");
  private readonly form = byId<HTMLFormElement>("about-form");
  private readonly trouble = byId("about-trouble");

  constructor(
    private readonly api: Pick<Api, "report">,
    private readonly say: Say,
    private readonly actions: AboutActions,
  ) {
    byId("about-open").addEventListener("click", () => this.open());
    for (const back of this.dialog.querySelectorAll("[data-step-to]")) {
      back.addEventListener("click", () => this.show((back as HTMLElement).dataset.stepTo as Step));
    }
    byId("about-close").addEventListener("click", () => this.dialog.close());
    byId("about-nothing").addEventListener("click", () => this.confirmNothing());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.report();
    });
  }

  open(): void {
    const task = this.actions.task();
    if (!task || this.dialog.open) return;
    this.form.reset();
    // A picture with a sent label has something to label.
    byId("about-to-nothing").hidden = task.corrects !== undefined;
    byId("about-throws-away").hidden = !this.actions.hasDrawing();
    this.dialog.showModal();
    this.show("choose");
  }

  private show(step: Step): void {
    this.dialog.dataset.step = step;
    this.trouble.textContent = "";
    for (const part of this.dialog.querySelectorAll<HTMLElement>("[data-step]")) {
      part.hidden = part.dataset.step !== step;
      if (!part.hidden) part.querySelector<HTMLElement>("button:not([hidden]), input")?.focus();
    }
  }

  private confirmNothing(): void {
    this.dialog.close();
    this.actions.nothing();
  }

  private async report(): Promise<void> {
    const task = this.actions.task();
    if (!task) return;
    const said = new FormData(this.form);
    const button = byId<HTMLButtonElement>("about-report");
    button.disabled = true;
    try {
      await this.api.report(task.image.id, {
        reason: said.get("reason"),
        comment: said.get("comment"),
      });
      this.dialog.close();
      this.actions.announce(this.say("reported"));
    } catch (error) {
      this.trouble.textContent = this.sentenceOf(error);
    } finally {
      button.disabled = false;
    }
  }

  private sentenceOf(error: unknown): string {
    if (error instanceof Unreachable && error.reason === "network") return this.say("report_network");
    if (error instanceof Unreachable || error instanceof SignedOut) return formatTrouble(this.say, error);
    if (error instanceof Refused) return this.say("refused", { reason: error.message });
    throw error;
  }
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element as T;
}
