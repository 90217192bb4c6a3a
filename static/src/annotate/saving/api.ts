/** What the drawing page asks the server. */
import { connect } from "../../shared/delivery/connection";
import type { Identity } from "../../shared/delivery/connection";
import { Refused, Unreachable } from "../../shared/server";
import type { DrawingJson } from "./drawing";
import { delivery, offerHeader } from "./queued_upload";
import type { Deliver, ParcelUrls } from "./queued_upload";
import type { Next, SentLabel, Task } from "./task";

/** The server has a newer drawing than the one that this one was built upon. */
export class NewerDraft extends Error {
  constructor(readonly draft: unknown) {
    super();
  }
}

/** A drawing on its way: built upon `base` by `writer`, whose `stroke`th it is. */
export interface DraftBody extends DrawingJson {
  readonly base: number;
  readonly writer: string;
  readonly stroke: number;
  /** Of a correction: the label's version that it began from. */
  readonly corrects?: number;
}

export interface Api {
  /** `pending`: images that are finished but still wait on this device. */
  next(pending: readonly number[], ahead: number): Promise<Next>;
  readonly deliver: Deliver;
  /** Keeps a drawing; its version. `leaving`: the page is about to close. Throws `NewerDraft`. */
  saveDraft(image: number, body: DraftBody, leaving?: boolean): Promise<number>;
  /** A label of one's own as a task, to correct it. Throws `Refused` where it is fixed. */
  sentLabel(id: string): Promise<Task>;
  /** Any other question to an address of this site. */
  ask(method: "GET" | "POST" | "PUT", url: string, body?: unknown): Promise<unknown>;
  /** Tells that something is wrong with a picture. */
  report(image: number, said: unknown): Promise<void>;
}

export interface Urls extends ParcelUrls {
  readonly next: string;
  readonly draft: string;
  readonly session: string;
  readonly report: string;
  readonly sent: string;
}

/** So many offers are shown to the server again, to be given what they offer. */
const OFFERS = 3;

export function createApi(urls: Urls, identity: Identity): Api {
  const ask = connect(urls.session, identity);
  /** By image; what is offered becomes the visitor's with the first thing saved of it. */
  const offers = new Map<number, string>();

  return {
    async next(pending, ahead) {
      for (const image of pending) offers.delete(image);
      const body = { pending, ahead, offers: [...offers.values()].slice(-OFFERS) };
      const answer = (await ask("POST", urls.next, body)) as NextJson;
      if (!("image" in answer)) throw new Unreachable("server", "This is no picture.");
      const tasks = answer.image ? [answer as Task, ...(answer.ahead ?? [])] : [];
      for (const { image, offer } of tasks) {
        if (offer) offers.set(image.id, offer);
        else offers.delete(image.id);
      }
      return { tasks: tasks.map(toTask), labelsSent: answer.labels_sent };
    },
    deliver: delivery(ask, urls, (image) => offers.get(image)),
    async saveDraft(image, body, leaving = false) {
      const url = urls.draft.replace("{id}", String(image));
      try {
        const more = { leaving, ...offerHeader(offers.get(image)) };
        return ((await ask("PUT", url, body, more)) as { version: number }).version;
      } catch (error) {
        const newer = error instanceof Refused && error.status === 409 && error.more.draft;
        throw newer ? new NewerDraft(newer) : error;
      }
    },
    async sentLabel(id) {
      const url = urls.sent.replace("{id}", encodeURIComponent(id));
      const { label, why_fixed, ...task } = (await ask("GET", url)) as SentJson;
      if (!label) throw new Unreachable("server", "This is no label.");
      if (why_fixed) throw new Refused(409, why_fixed, "label_fixed");
      return { ...toTask(task), corrects: label };
    },
    ask: (method, url, body) => ask(method, url, body),
    async report(image, said) {
      const url = urls.report.replace("{id}", String(image));
      await ask("POST", url, said, offerHeader(offers.get(image)));
    },
  };
}

interface NextJson extends Partial<Task> {
  readonly ahead?: readonly Task[];
  readonly labels_sent: number;
}

interface SentJson extends Task {
  readonly label?: SentLabel;
  /** Why it cannot be corrected any more; empty when it can. */
  readonly why_fixed: string;
}

const toTask = ({ assignment, offer, image, role, draft }: Task): Task => ({
  assignment,
  ...(offer && { offer }),
  image,
  role,
  draft: draft ?? null,
});
