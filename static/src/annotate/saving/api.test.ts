import { afterEach, describe, expect, it, vi } from "vitest";
import { Refused, SignedOut, Unreachable } from "../../shared/server";
import { NewerDraft, createApi } from "./api";
import type { Api } from "./api";
import { toJson } from "./drawing";
import { drawing, upload, task } from "./test_doubles";
import { newId } from "./queued_upload";

const urls = {
  next: "/next/", labels: "/labels/", skip: "/i/{id}/skip/", draft: "/i/{id}/draft/",
  session: "/session/", nothing: "/i/{id}/nothing/", report: "/i/{id}/reports/", sent: "/l/{id}/",
  skipped: "/skipped/",
  correct: "/l/{id}/correct/",
};
const api = (visit: string | null = null): Api =>
  createApi(urls, { labeler: 5, csrfToken: "old", visit });

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly keepalive: boolean;
}

/** Mock a server that gives these answers in order and repeats the last one. */
function answering(...answers: (() => Response | Promise<Response>)[]): Asked[] {
  const asked: Asked[] = [];
  globalThis.fetch = async (url, init) => {
    const { method, headers, body, keepalive } = init!;
    asked.push({
      url: String(url),
      method: method!,
      headers: headers as Record<string, string>,
      body: body ? JSON.parse(body as string) : null,
      keepalive: keepalive === true,
    });
    return await (answers.length > 1 ? answers.shift()! : answers[0]!)();
  };
  return asked;
}

const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
  vi.restoreAllMocks();
});

const json = (body: unknown, status = 200) => (): Response => Response.json(body, { status });
const no = (status: number, code: string) => json({ code, detail: "No." }, status);
const stored = json({ id: "label-1", image: 1, labels_sent: 3 });

describe("what an answer means", () => {
  it.each([
    ["500", () => new Response("", { status: 500 }), "server"],
    ["503 with a page", () => new Response("<html>", { status: 503 }), "server"],
    ["429", () => new Response("{}", { status: 429 }), "busy"],
    ["no network", () => Promise.reject(new TypeError("failed to fetch")), "network"],
    ["a page to sign in, of somebody else", () => new Response("<html>"), "server"],
    ["half an answer", () => new Response('{"id": "label'), "server"],
    ["another's JSON", json({ welcome: true }), "server"],
    ["JSON null", json(null), "server"],
    ["another label's id", json({ id: "other", labels_sent: 1 }), "server"],
  ])("%s: the same label can be retried", async (_, answer, reason) => {
    answering(answer);
    const failed = api().deliver(upload(1));
    await expect(failed).rejects.toBeInstanceOf(Unreachable);
    await expect(failed).rejects.toMatchObject({ reason });
  });

  it.each([
    [400, "invalid"], [404, "unknown_image"], [409, "already_labeled"], [410, "retired_image"],
    [413, "too_large"], [403, "not_assigned"],
  ])("%i %s: a refusal with the server's message", async (status, code) => {
    const asked = answering(no(status, code));
    await expect(api().deliver(upload(1))).rejects.toEqual(new Refused(status, "No.", code));
    expect(asked).toHaveLength(1);
  });

  it("413 of a proxy, without a message", async () => {
    answering(() => new Response("<html>too large", { status: 413 }));
    await expect(api().deliver(upload(1))).rejects.toMatchObject({ status: 413 });
  });

  it("a newer drawing comes with the refusal", async () => {
    answering(json({ code: "conflict", detail: "Newer.", draft: { version: 4 } }, 409));
    const saved = api().saveDraft(7, { ...toJson(drawing()), base: 1, writer: "w", stroke: 1 });
    await expect(saved).rejects.toBeInstanceOf(NewerDraft);
    await expect(saved).rejects.toMatchObject({ draft: { version: 4 } });
  });
});

describe("requests", () => {
  it("for the next pictures", async () => {
    const { image, assignment, role } = task(1);
    const now = { image, assignment, role, draft: { version: 2 } };
    const asked = answering(json({ ...now, ahead: [task(2)], labels_sent: 4 }));
    expect(await api().next([9], 2)).toEqual({ tasks: [now, task(2)], labelsSent: 4 });
    expect(asked[0]).toMatchObject({
      url: "/next/", method: "POST", body: { pending: [9], ahead: 2, offers: [] },
      headers: { "X-Labeler": "5", "X-CSRFToken": "old" },
    });
    answering(json({ image: null, assignment: null, role: null, labels_sent: 4 }));
    expect(await api().next([], 2)).toEqual({ tasks: [], labelsSent: 4 });
    answering(json({ hello: "you" }));
    await expect(api().next([], 2)).rejects.toBeInstanceOf(Unreachable);
  });

  it("a label contains only what the server reads; a skip has its image", async () => {
    const asked = answering(stored, () => new Response(null, { status: 204 }));
    const { id, image, polygons, started_at } = upload(1);
    expect(await api().deliver(upload(1))).toMatchObject({ labels_sent: 3 });
    await api().deliver(upload(2, { kind: "skip" }));
    expect(asked.map(({ url, body }) => [url, body])).toEqual([
      ["/labels/", { id, image, polygons, started_at }], ["/i/2/skip/", {}],
    ]);
  });

  it("nothing to label contains its image, and the response repeats it", async () => {
    const asked = answering(json({ image: 2, labels_sent: 4 }));
    expect(await api().deliver(upload(2, { kind: "nothing" }))).toMatchObject({ labels_sent: 4 });
    expect(asked.map(({ url, body }) => [url, body])).toEqual([["/i/2/nothing/", {}]]);
    await expect(api().deliver(upload(3, { kind: "nothing" }))).rejects.toBeInstanceOf(Unreachable);
  });

  it("a correction contains its base version and a new id", async () => {
    const corrects = { id: "sent-1", version: 3, polygons: [] };
    const asked = answering(json({ id: "sent-1", image: 1, version: 4, labels_sent: 3 }));
    const own = upload(1, { task: task(1, { corrects }) });
    expect(await api().deliver(own)).toMatchObject({ labels_sent: 3 });
    expect(asked[0]).toMatchObject({
      url: "/l/sent-1/correct/",
      body: { id: "label-1", polygons: own.polygons, base_version: 3 },
    });
    answering(json({ id: "label-1", labels_sent: 3 }));
    await expect(api().deliver(own)).rejects.toBeInstanceOf(Unreachable);
  });

  it("a sent label is returned as a task, unless it is locked", async () => {
    const { image, assignment, role } = task(1);
    const label = { id: "sent-1", version: 2, polygons: [] };
    const answer = { image, assignment, role, draft: null, label, why_fixed: "" };
    const asked = answering(json(answer));
    expect(await api().sentLabel("sent-1")).toEqual({ ...task(1), corrects: label });
    expect(asked[0]).toMatchObject({ url: "/l/sent-1/", method: "GET" });
    answering(json({ ...answer, why_fixed: "You have seen the others." }));
    await expect(api().sentLabel("sent-1")).rejects.toEqual(
      new Refused(409, "You have seen the others.", "label_fixed"),
    );
    answering(json({ welcome: true }));
    await expect(api().sentLabel("sent-1")).rejects.toBeInstanceOf(Unreachable);
  });

  it("saving a drawing continues after closing only where browsers allow it", async () => {
    const asked = answering(json({ version: 2, saved_at: "" }));
    const body = { ...toJson(drawing()), base: 1, writer: "w", stroke: 1 };
    expect(await api().saveDraft(7, body, true)).toBe(2);
    const long = Array.from({ length: 9000 }, (_, x) => [x, 0.25] as const);
    await api().saveDraft(7, { ...body, steps: [long] }, true);
    await api().saveDraft(7, body);
    expect(asked.map(({ url, method, keepalive }) => [url, method, keepalive])).toEqual([
      ["/i/7/draft/", "PUT", true], ["/i/7/draft/", "PUT", false], ["/i/7/draft/", "PUT", false],
    ]);
  });
});

describe("a visitor who has saved nothing yet", () => {
  const offered = (image: number) => ({ ...task(image), assignment: null, offer: `offer-${image}` });
  const header = (asked: Asked[], name: string): unknown[] => asked.map(({ headers }) => headers[name]);
  const reply = (body: unknown, labeler?: number) => (): Response =>
    Response.json(body, { status: 200, headers: labeler ? { "X-Labeler": String(labeler) } : {} });

  it("sends the offer with the first save, and learns its new identity", async () => {
    const became: number[] = [];
    const visitor = createApi(urls, {
      labeler: null, csrfToken: "old", visit: "visit", became: (labeler) => became.push(labeler),
    });
    const asked = answering(
      reply({ ...offered(1), ahead: [offered(2)], labels_sent: 0 }),
      reply({ version: 1 }, 17),
      reply({ id: "label-1", image: 1, labels_sent: 1 }, 17),
      reply({ ...task(2), ahead: [], labels_sent: 1 }, 17),
      reply({ version: 1 }, 17),
    );
    expect((await visitor.next([], 2)).tasks).toEqual([offered(1), offered(2)]);
    const body = { ...toJson(drawing()), base: 0, writer: "w", stroke: 1 };
    await visitor.saveDraft(1, body);
    await visitor.deliver(upload(1));
    await visitor.next([1], 2);
    await visitor.saveDraft(2, body);
    expect(header(asked, "X-Offer")).toEqual([undefined, "offer-1", "offer-1", undefined, undefined]);
    expect(header(asked, "X-Labeler")).toEqual([undefined, undefined, "17", "17", "17"]);
    expect(header(asked, "X-Visit")).toEqual(Array(5).fill("visit"));
    expect(asked[3]!.body).toEqual({ pending: [1], ahead: 2, offers: ["offer-2"] });
    expect(became).toEqual([17]);
  });

  it("also sends offers of an earlier page", async () => {
    const asked = answering(stored);
    await api("visit").deliver(upload(1, { task: offered(1) }));
    expect(header(asked, "X-Offer")).toEqual(["offer-1"]);
  });

  it("does not become the account that has signed in meanwhile", async () => {
    const became = vi.fn();
    const visitor = createApi(urls, { labeler: null, csrfToken: "old", visit: "visit", became });
    answering(
      no(403, "other_labeler"), reply({ csrf_token: "b", labeler: 6 }, 6), no(403, "other_labeler"),
    );
    await expect(visitor.deliver(upload(1))).rejects.toBeInstanceOf(SignedOut);
    expect(became).not.toHaveBeenCalled();
  });
});

describe("a session that ended", () => {
  it("a stale token is replaced automatically", async () => {
    const asked = answering(
      no(403, "permission_denied"), json({ csrf_token: "new", labeler: 5 }), stored,
    );
    await api().deliver(upload(1));
    expect(asked.map(({ url, headers }) => [url, headers["X-CSRFToken"]])).toEqual([
      ["/labels/", "old"], ["/session/", "old"], ["/labels/", "new"],
    ]);
  });

  it("a guest whose cookies are lost is the same guest again, by the page's visit", async () => {
    const asked = answering(
      no(403, "permission_denied"), json({ csrf_token: "b", labeler: 5 }), stored,
    );
    await api("visit").deliver(upload(1));
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /labels/", "GET /session/", "POST /labels/",
    ]);
    expect(asked.map(({ headers }) => headers["X-Visit"])).toEqual(["visit", "visit", "visit"]);
    expect(asked[2]!.headers["X-CSRFToken"]).toBe("b");
  });

  it("an account has to sign in, and nobody sends for somebody else", async () => {
    for (const labeler of [null, 6]) {
      const asked = answering(no(403, "other_labeler"), json({ csrf_token: "b", labeler }));
      await expect(api().deliver(upload(1))).rejects.toBeInstanceOf(SignedOut);
      expect(asked).toHaveLength(2);
    }
    answering(no(403, "other_labeler"), json({ csrf_token: "b", labeler: 6 }));
    await expect(api("token").deliver(upload(1))).rejects.toBeInstanceOf(SignedOut);
  });

  /**
   * Mock a server that issues a new token to each request without a cookie; only the last one is
   * valid.
   */
  function forgetful(): { renewals: number; refuseOnce: boolean } {
    const seen = { renewals: 0, refuseOnce: false };
    let cookie = "";
    globalThis.fetch = async (url, init) => {
      const { headers } = init!;
      const token = (headers as Record<string, string>)["X-CSRFToken"];
      const came = cookie;
      await new Promise((resolve) => setTimeout(resolve));
      if (String(url) === "/session/") {
        cookie = came || `token-${++seen.renewals}`;
        return json({ csrf_token: cookie, labeler: 5 })();
      }
      if (token !== cookie || seen.refuseOnce) {
        seen.refuseOnce &&= cookie === "";
        return no(403, "permission_denied")();
      }
      return json({ id: "label-1", labels_sent: 1, version: 2 })();
    };
    return seen;
  }

  it("is renewed once for all pending requests, and none is refused", async () => {
    const seen = forgetful();
    const asking = api("visit");
    const body = { ...toJson(drawing()), base: 1, writer: "w", stroke: 1 };
    await Promise.all([asking.deliver(upload(1)), asking.saveDraft(1, body), asking.saveDraft(2, body)]);
    expect(seen.renewals).toBe(1);
  });

  it("is renewed again where another tab has come in between", async () => {
    const seen = forgetful();
    seen.refuseOnce = true;
    await expect(api("visit").deliver(upload(1))).resolves.toMatchObject({ labels_sent: 1 });
  });

  it("that cannot be renewed keeps the label for later without refusing it", async () => {
    const asked = answering(
      no(403, "permission_denied"), json({ csrf_token: "b", labeler: 5 }), no(403, "permission_denied"),
      json({ csrf_token: "c", labeler: 5 }), no(403, "permission_denied"),
      json({ csrf_token: "d", labeler: 5 }), no(403, "permission_denied"),
    );
    await expect(api("visit").deliver(upload(1))).rejects.toBeInstanceOf(Unreachable);
    expect(asked).toHaveLength(7);
  });

  it("is retried only once", async () => {
    const asked = answering(
      no(403, "permission_denied"), json({ csrf_token: "b", labeler: 5 }),
      no(403, "permission_denied"),
    );
    await expect(api().deliver(upload(1))).rejects.toBeInstanceOf(SignedOut);
    expect(asked).toHaveLength(3);
  });

  it("without network in between is a network error", async () => {
    answering(no(403, "other_labeler"), () => Promise.reject(new TypeError("gone")));
    await expect(api().deliver(upload(1))).rejects.toMatchObject({ reason: "network" });
  });
});

it("makes ids of the form the server expects", () => {
  expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId()).not.toBe(newId());
});
