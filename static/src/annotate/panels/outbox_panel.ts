/** The uploads waiting on this device, and why: a button with a count that opens a list. */
import type { Say } from "../config";
import type { LabelOutbox } from "../saving/outbox";
import type { QueuedUpload } from "../saving/queued_upload";
import { formatRefusal, formatTrouble } from "../saving/reasons";

export interface OutboxActions {
  sendNow(): void;
  reopen(upload: QueuedUpload): void;
  drop(upload: QueuedUpload): void;
  simplify(upload: QueuedUpload): void;
  /** Send it under a new id, because its id is already used for another upload. */
  sendAsNew(upload: QueuedUpload): void;
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The template has no #${id}.`);
  return element as T;
}

export class OutboxPanel {
  private readonly dialog = byId<HTMLDialogElement>("outbox");
  private readonly opener = byId("outbox-open");
  private readonly list = byId("outbox-list");
  private readonly note = byId("outbox-note");

  constructor(
    private readonly say: Say,
    private readonly language: string,
    /** Returns the number of finished labels of other people on this device. */
    private readonly ofOthers: () => number,
    private readonly actions: OutboxActions,
  ) {
    this.opener.addEventListener("click", () => this.dialog.showModal());
    byId("outbox-close").addEventListener("click", () => this.dialog.close());
    byId("outbox-send").addEventListener("click", () => actions.sendNow());
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  show(outbox: LabelOutbox): void {
    const parcels = outbox.all().filter(({ kind }) => kind === "label");
    const waiting = parcels.filter((upload) => !upload.refused).length;
    const others = this.ofOthers();
    this.opener.hidden = parcels.length + others === 0;
    byId("outbox-count").textContent = String(parcels.length + others);
    byId("outbox-send").hidden = waiting === 0;
    byId("outbox-none").hidden = parcels.length > 0;
    byId("outbox-others").hidden = others === 0;
    byId("outbox-others").textContent = others ? this.say("outbox_others", { count: others }) : "";
    // An upload in progress needs no explanation.
    const { trouble } = outbox;
    const why = trouble && waiting ? formatTrouble(this.say, trouble) : "";
    byId("outbox-why").textContent = why;
    this.note.hidden = why === "";
    this.note.textContent = why
      ? this.say(waiting === 1 ? "waiting_one" : "waiting_many", { count: waiting })
      : "";
    this.list.replaceChildren(...parcels.map((upload) => this.entry(upload)));
  }

  private entry(upload: QueuedUpload): HTMLElement {
    const entry = document.createElement("li");
    entry.dataset.image = String(upload.image);
    // From the browser's cache; it may be missing when offline.
    const picture = document.createElement("img");
    picture.alt = "";
    picture.addEventListener("error", () => picture.toggleAttribute("data-missing", true));
    if (upload.task) picture.src = upload.task.image.thumbnail_url;
    const words = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = upload.task?.image.product_id ?? `#${upload.image}`;
    const state = document.createElement("p");
    state.textContent = upload.refused
      ? formatRefusal(this.say, upload.refused)
      : this.say("outbox_finished", { time: this.timeOf(upload) });
    words.append(name, state);
    entry.append(picture, words);
    if (upload.refused) {
      entry.dataset.refused = String(upload.refused.status);
      const buttons = document.createElement("div");
      buttons.className = "outbox-buttons";
      if (upload.refused.status === 413) {
        buttons.append(this.button("simplify", () => this.actions.simplify(upload)));
      }
      if (upload.refused.code === "different_label") {
        buttons.append(this.button("send_as_new", () => this.actions.sendAsNew(upload)));
      }
      if (upload.task && upload.refused.status !== 410 && upload.refused.code !== "label_fixed") {
        buttons.append(this.button("open_drawing", () => {
          this.dialog.close();
          this.actions.reopen(upload);
        }));
      }
      buttons.append(this.button("throw_away", () => this.actions.drop(upload)));
      entry.append(buttons);
    }
    return entry;
  }

  private button(name: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.act = name;
    button.textContent = this.say(name);
    button.addEventListener("click", act);
    return button;
  }

  private timeOf({ queued_at }: QueuedUpload): string {
    const at = new Date(queued_at);
    if (Number.isNaN(at.getTime())) return "";
    const today = at.toDateString() === new Date().toDateString();
    return at.toLocaleString(this.language, today
      ? { hour: "2-digit", minute: "2-digit" }
      : { dateStyle: "medium", timeStyle: "short" });
  }
}
