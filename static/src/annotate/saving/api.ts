/** Requests of the drawing page to the server. */
import { connect } from "../../shared/delivery/connection";
import type { Identity } from "../../shared/delivery/connection";
import { Refused, Unreachable } from "../../shared/server";
import type { DrawingJson } from "./drawing";
import { createDelivery, offerHeader } from "./queued_upload";
import type { Deliver, UploadUrls } from "./queued_upload";
import type { Next, SentLabel, Task } from "./task";

/** The server has a newer drawing than the base of this one. */
export class NewerDraft extends Error {
  constructor(readonly draft: unknown) {
    super();
  }
}

/** A drawing to save: save number `stroke` by `writer`, based on version `base`. */
export interface DraftBody extends DrawingJson {
  readonly base: number;
  readonly writer: string;
  readonly stroke: number;
  /** The version of the label being corrected. */
  readonly corrects?: number;
}

export interface Api {
  /**
   * Request the next tasks. `pending`: images that are finished but still queued on this device.
   */
  next(pending: readonly number[], ahead: number): Promise<Next>;
  /** Get the pictures that this person skipped again, with the next request for tasks. */
  reopenSkipped(): Promise<void>;
  readonly deliver: Deliver;
  /** Use the offer of a task that was finished and is opened again. */
  offerAgain(task: Task): void;
  /** Save a drawing and return its version. `leaving`: the page is closing. Throws `NewerDraft`. */
  saveDraft(image: number, body: DraftBody, leaving?: boolean): Promise<number>;
  /** Return an own label as a task for correction. Throws `Refused` if the label is locked. */
  sentLabel(id: string): Promise<Task>;
  /** Send any other request to an address of this site. */
  ask(method: "GET" | "POST" | "PUT", url: string, body?: unknown): Promise<unknown>;
  /** Report a problem with a picture. */
  report(image: number, said: unknown): Promise<void>;
}

export interface Urls extends UploadUrls {
  readonly next: string;
  readonly skipped: string;
  readonly draft: string;
  readonly session: string;
  readonly report: string;
  readonly sent: string;
}

/** The number of previous offers sent along with a request for tasks. */
const OFFERS = 3;

export function createApi(urls: Urls, identity: Identity): Api {
  const ask = connect(urls.session, identity);
  /** Offer tokens by image. The first thing saved of an image assigns it to the visitor. */
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
      const { labels_sent, skipped, others } = answer;
      return { tasks: tasks.map(toTask), labelsSent: labels_sent, skipped, others };
    },
    async reopenSkipped() {
      await ask("POST", urls.skipped);
    },
    deliver: createDelivery(ask, urls, (image) => offers.get(image)),
    offerAgain({ image, offer }) {
      if (offer) offers.set(image.id, offer);
    },
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

interface NextJson extends Partial<Task>, Pick<Next, "skipped" | "others"> {
  readonly ahead?: readonly Task[];
  readonly labels_sent: number;
}

interface SentJson extends Task {
  readonly label?: SentLabel;
  /** The reason why it can no longer be corrected; empty if it can. */
  readonly why_fixed: string;
}

const toTask = ({ assignment, offer, image, role, draft }: Task): Task => ({
  assignment,
  ...(offer && { offer }),
  image,
  role,
  draft: draft ?? null,
});
