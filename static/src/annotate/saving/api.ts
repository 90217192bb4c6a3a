/** The only module that talks to the server. */
import type { DrawingJson } from "./drawing";
import type { Feedback } from "../panels/feedback";
import type { CameraModel } from "../measure/camera";
import type { Vector } from "../measure/vectors";
import type { PolygonJson } from "../core/label";
import type { Parcel } from "./outbox";

export interface Picture {
  readonly id: number;
  readonly product_id: string;
  readonly width: number;
  readonly height: number;
  readonly display_url: string;
  readonly thumbnail_url: string;
  readonly sol: number | null;
  readonly rover: string;
  /** Where what is beyond the limit is known from: "product", "released", "estimated", "none". */
  readonly range_source: string;
  readonly range_mask_url: string | null;
  readonly rover_mask_url: string | null;
  readonly range_map_url: string | null;
  /** Where distances are known from, in the same words. */
  readonly range_map_source: string;
  readonly camera_model: CameraModel | null;
  /** Away from the planet, in the camera's frame. */
  readonly up: Vector;
  readonly scale_bar: { readonly width_m: number; readonly width_px: number } | null;
}

/** A picture that was given to this volunteer. */
export interface Task {
  /** Null where it is only offered so far. */
  readonly assignment: number | null;
  /** Of a visitor who has saved nothing yet: a token that goes with what is saved of the picture. */
  readonly offer?: string | null;
  readonly image: Picture;
  /** "expert" for a picture of the gold set. */
  readonly role: string;
  /** The drawing as the server has it, in any format. */
  readonly draft: unknown;
  /** The label that was sent before and is corrected now. */
  readonly corrects?: SentLabel;
}

/** A label as the server has it. */
export interface SentLabel {
  readonly id: string;
  readonly version: number;
  readonly polygons: readonly PolygonJson[];
}

export interface Next {
  /** The one to draw on now, then those to load ahead; empty when nothing is left. */
  readonly tasks: readonly Task[];
  readonly labelsSent: number;
}

/** What the server says to a delivered parcel. */
export interface Answer {
  readonly labels_sent?: number;
  /** Of a picture with a known answer: how well it was drawn. */
  readonly feedback?: Feedback;
}

/** No answer, or one that may be better in a moment: worth sending again. */
export class Unreachable extends Error {
  constructor(
    /** "network": no answer; "server": it is in trouble; "busy": it asks for time. */
    readonly reason: "network" | "server" | "busy",
    detail = "",
  ) {
    super(detail || reason);
  }
}

/** The server does not take this browser for the one the page was opened for. */
export class SignedOut extends Error {}

/** The server understood and said no; the message is its sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
  ) {
    super(message);
  }
}

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
  deliver(parcel: Parcel): Promise<Answer>;
  /** Keeps a drawing; its version. `leaving`: the page is about to close. */
  saveDraft(image: number, body: DraftBody, leaving?: boolean): Promise<number>;
  /** A label of one's own as a task, to correct it. Throws `Refused` where it is fixed. */
  sentLabel(id: string): Promise<Task>;
  /** Any other question to an address of this site. */
  ask(method: "GET" | "POST" | "PUT", url: string, body?: unknown): Promise<unknown>;
  /** Tells that something is wrong with a picture. */
  report(image: number, said: unknown): Promise<void>;
}

export interface Urls {
  readonly next: string;
  readonly labels: string;
  readonly skip: string;
  readonly draft: string;
  readonly session: string;
  readonly nothing: string;
  readonly report: string;
  readonly sent: string;
  readonly correct: string;
}

/** For whom the page was opened, and what it may ask with. */
export interface Identity {
  /** Null for a visitor who has saved nothing yet; the answer to the first save tells. */
  readonly labeler: number | null;
  readonly csrfToken: string;
  /** Only of guests: to stay the same guest when the cookie is lost. */
  readonly visit: string | null;
  /** The visitor has become a labeler. */
  became?(labeler: number): void;
}

const TIMEOUT_MS = 20_000;

/** Browsers send no more than 64 KB of a page that closes. */
const KEEPALIVE_BYTES = 60_000;

/** So many offers are shown to the server again, to be given what they offer. */
const OFFERS = 3;

/** How often a token is asked for before it is left for later. */
const RENEWALS = 3;

/** Too slow, too early, too often: the same request may be welcome later. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

/** What a 403 is called when the session or its token is stale, and not the person's doing. */
const STALE = new Set(["other_labeler", "permission_denied", "not_authenticated", ""]);

export function createApi(urls: Urls, identity: Identity): Api {
  let { csrfToken, labeler } = identity;
  let renewing: Promise<void> | null = null;
  /** By image; what is offered becomes the visitor's with the first thing saved of it. */
  const offers = new Map<number, string>();

  async function send(method: string, url: string, body: unknown, more: More = {}) {
    const text = body === undefined ? null : JSON.stringify(body);
    try {
      return await fetch(url, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          "X-CSRFToken": csrfToken,
          ...(labeler !== null && { "X-Labeler": String(labeler) }),
          ...(identity.visit && { "X-Visit": identity.visit }),
          ...(more.offer && { "X-Offer": more.offer }),
        },
        body: text,
        keepalive: (more.leaving ?? false) && (text?.length ?? 0) < KEEPALIVE_BYTES,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new Unreachable("network", String(error));
    }
  }

  /** An answer to what was asked; it also tells who the server has made of a visitor. */
  async function heard(response: Response): Promise<unknown> {
    const told = Number(response.headers.get("X-Labeler"));
    if (labeler === null && response.ok && told) {
      labeler = told;
      identity.became?.(told);
    }
    return await read(response);
  }

  async function ask(method: string, url: string, body?: unknown, more: More = {}) {
    const response = await send(method, url, body, more);
    if (response.status === 401) return await askAgain(method, url, body, more);
    if (response.status === 403) {
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      return await askAgain(method, url, body, more);
    }
    return await heard(response);
  }

  /** With a fresh token, if the server still takes us for the same person. */
  async function askAgain(method: string, url: string, body: unknown, more: More): Promise<unknown> {
    for (let tries = 0; tries < RENEWALS; tries++) {
      await renew();
      const response = await send(method, url, body, { ...more, leaving: false });
      if (response.status !== 401 && response.status !== 403) return await heard(response);
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      // Another tab of a guest got itself a token at the same moment, and ours is good no more.
      if (!identity.visit || said.code !== "permission_denied") throw new SignedOut();
    }
    throw new Unreachable("busy");
  }

  /** Once for all requests that wait: without a cookie each would be given a token of its own. */
  function renew(): Promise<void> {
    return (renewing ??= identify().finally(() => {
      renewing = null;
    }));
  }

  async function identify(): Promise<void> {
    const before = labeler;
    const found = (await read(await send("GET", urls.session, undefined))) as {
      csrf_token: string;
      labeler: number | null;
    };
    csrfToken = found.csrf_token;
    // A visitor may have become a guest with a save whose answer got lost; but an account is another.
    if (before === null ? !identity.visit : found.labeler !== before) throw new SignedOut();
  }

  const offerOf = ({ task, image }: Parcel): More => ({ offer: task?.offer ?? offers.get(image) });

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
    async deliver(parcel) {
      if (parcel.kind === "skip") {
        await ask("POST", urls.skip.replace("{id}", String(parcel.image)), {}, offerOf(parcel));
        return {};
      }
      if (parcel.kind === "nothing") {
        const url = urls.nothing.replace("{id}", String(parcel.image));
        const answer = (await ask("POST", url, {}, offerOf(parcel))) as Answer & { image?: number };
        if (answer.image !== parcel.image) throw new Unreachable("server", "This is no answer.");
        return answer;
      }
      const { id, image, polygons, started_at } = parcel;
      const { corrects } = parcel.task ?? {};
      if (corrects) {
        const url = urls.correct.replace("{id}", corrects.id);
        const body = { id, polygons, base_version: corrects.version };
        const answer = (await ask("POST", url, body)) as Answer & { id?: string };
        if (answer.id !== corrects.id) throw new Unreachable("server", "This is no answer to a label.");
        return answer;
      }
      const body = { id, image, polygons, started_at };
      const sent = await ask("POST", urls.labels, body, offerOf(parcel));
      const answer = sent as Answer & { id?: string };
      // Whoever else answers here (a hotel's sign-in page) has not stored the label.
      if (answer.id !== id) throw new Unreachable("server", "This is no answer to a label.");
      return answer;
    },
    async saveDraft(image, body, leaving) {
      const url = urls.draft.replace("{id}", String(image));
      const more = { leaving, offer: offers.get(image) };
      return ((await ask("PUT", url, body, more)) as { version: number }).version;
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
      await ask("POST", url, said, { offer: offers.get(image) });
    },
  };
}

/** What goes with a request: that the page is about to close, that its image was offered. */
interface More {
  readonly leaving?: boolean | undefined;
  readonly offer?: string | undefined;
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

/** The JSON of a good answer, null for one without content; everything else is thrown. */
async function read(response: Response): Promise<unknown> {
  if (response.status >= 500) throw new Unreachable("server", `HTTP ${response.status}`);
  if (WORTH_ANOTHER_TRY.has(response.status)) throw new Unreachable("busy");
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return null;
  try {
    const answer: unknown = await response.json();
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Cut off on its way, or another's page in place of the site's answer.
  }
  throw new Unreachable("server", "The answer makes no sense.");
}

async function refusalOf(response: Response): Promise<Refused> {
  try {
    const { code, detail, draft } = (await response.json()) as Record<string, unknown>;
    if (response.status === 409 && draft) throw new NewerDraft(draft);
    if (typeof detail === "string") return new Refused(response.status, detail, String(code ?? ""));
  } catch (error) {
    if (error instanceof NewerDraft) throw error;
    // An answer that is not JSON has no sentence for a person.
  }
  return new Refused(response.status, `HTTP ${response.status}`);
}

/** A file of an image, such as a mask. Raises Unreachable. */
export async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new Unreachable("server", `HTTP ${response.status}`);
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable("network", String(error));
  }
}

/** A random UUID, also on a plain-http host, where browsers withhold `crypto.randomUUID`. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
