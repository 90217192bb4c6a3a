/** The only module that talks to the server. */
import type { DrawingJson } from "./drawing";
import type { Feedback } from "./feedback";
import type { CameraModel } from "./measure/camera";
import type { Vector } from "./measure/vectors";
import type { PolygonJson } from "./label";
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
  readonly assignment: number;
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
}

export interface Urls {
  readonly next: string;
  readonly labels: string;
  readonly skip: string;
  readonly draft: string;
  readonly session: string;
  readonly nothing: string;
  readonly sent: string;
  readonly correct: string;
}

/** For whom the page was opened, and what it may ask with. */
export interface Identity {
  readonly labeler: number;
  readonly csrfToken: string;
  /** Only guests have one: to be the same guest again when the cookie is lost. */
  readonly guestToken: string | null;
}

const TIMEOUT_MS = 20_000;

/** Browsers send no more than 64 KB of a page that closes. */
const KEEPALIVE_BYTES = 60_000;

/** How often a token is asked for before it is left for later. */
const RENEWALS = 3;

/** Too slow, too early, too often: the same request may be welcome later. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

/** What a 403 is called when the session or its token is stale, and not the person's doing. */
const STALE = new Set(["other_labeler", "permission_denied", "not_authenticated", ""]);

export function createApi(urls: Urls, identity: Identity): Api {
  let { csrfToken } = identity;
  let renewing: Promise<void> | null = null;

  async function send(method: string, url: string, body: unknown, leaving = false) {
    const text = body === undefined ? null : JSON.stringify(body);
    try {
      return await fetch(url, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          "X-CSRFToken": csrfToken,
          "X-Labeler": String(identity.labeler),
        },
        body: text,
        keepalive: leaving && (text?.length ?? 0) < KEEPALIVE_BYTES,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new Unreachable("network", String(error));
    }
  }

  async function ask(method: string, url: string, body?: unknown, leaving = false) {
    const response = await send(method, url, body, leaving);
    if (response.status === 401) return await askAgain(method, url, body);
    if (response.status === 403) {
      const said = await refusalOf(response);
      if (!STALE.has(said.code)) throw said;
      return await askAgain(method, url, body);
    }
    return await read(response);
  }

  /** With a fresh token, if the server still takes us for the same person. */
  async function askAgain(method: string, url: string, body: unknown): Promise<unknown> {
    await renew();
    const response = await send(method, url, body);
    if (response.status === 401 || response.status === 403) {
      const said = await refusalOf(response);
      throw STALE.has(said.code) ? new SignedOut() : said;
    }
    return await read(response);
  }

  /** Once for all requests that wait: without a cookie each would be given a token of its own. */
  function renew(): Promise<void> {
    return (renewing ??= identify().finally(() => {
      renewing = null;
    }));
  }

  async function identify(): Promise<void> {
    for (let tries = 0; tries < RENEWALS; tries++) {
      const who = await whoAmI("GET");
      if (who === identity.labeler) return;
      if (who !== null || !identity.guestToken) throw new SignedOut();
      try {
        if ((await whoAmI("POST", { guest_token: identity.guestToken })) === identity.labeler) return;
        throw new SignedOut();
      } catch (error) {
        // Another tab got itself a token at the same moment, and ours is good no more.
        if (!(error instanceof Refused && error.status === 403)) throw error;
      }
    }
    throw new Unreachable("busy");
  }

  async function whoAmI(method: string, body?: unknown): Promise<number | null> {
    const found = (await read(await send(method, urls.session, body))) as {
      csrf_token: string;
      labeler: number | null;
    };
    csrfToken = found.csrf_token;
    return found.labeler;
  }

  return {
    async next(pending, ahead) {
      const answer = (await ask("POST", urls.next, { pending, ahead })) as NextJson;
      if (!("image" in answer)) throw new Unreachable("server", "This is no picture.");
      const tasks = answer.image ? [answer as Task, ...(answer.ahead ?? [])] : [];
      return { tasks: tasks.map(toTask), labelsSent: answer.labels_sent };
    },
    async deliver(parcel) {
      if (parcel.kind === "skip") {
        await ask("POST", urls.skip.replace("{id}", String(parcel.task!.assignment)), {});
        return {};
      }
      if (parcel.kind === "nothing") {
        const url = urls.nothing.replace("{id}", String(parcel.image));
        const answer = (await ask("POST", url, {})) as Answer & { image?: number };
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
      const answer = (await ask("POST", urls.labels, body)) as Answer & { id?: string };
      // Whoever else answers here (a hotel's sign-in page) has not stored the label.
      if (answer.id !== id) throw new Unreachable("server", "This is no answer to a label.");
      return answer;
    },
    async saveDraft(image, body, leaving) {
      const url = urls.draft.replace("{id}", String(image));
      return ((await ask("PUT", url, body, leaving)) as { version: number }).version;
    },
    async sentLabel(id) {
      const url = urls.sent.replace("{id}", encodeURIComponent(id));
      const { label, why_fixed, ...task } = (await ask("GET", url)) as SentJson;
      if (!label) throw new Unreachable("server", "This is no label.");
      if (why_fixed) throw new Refused(409, why_fixed, "label_fixed");
      return { ...toTask(task), corrects: label };
    },
    ask: (method, url, body) => ask(method, url, body),
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

const toTask = ({ assignment, image, role, draft }: Task): Task => ({
  assignment,
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
