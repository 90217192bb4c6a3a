import { afterEach, expect, it, vi } from "vitest";
import { SignedOut, Unreachable } from "../shared/server";
import { reviewApi, type ReviewApi } from "./api";
import type { PageConfig, Verdict } from "./types";

const GOOD: Verdict = { value: 5, reasons: [], comment: "" };
const api = (labeler: number | null): ReviewApi =>
  reviewApi({
    labeler, csrf_token: "old", nil: "0", reviewer: 3,
    urls: { ratings: "/ratings/", session: "/session/" } as PageConfig["urls"],
    campaign: { slug: "", name: "", classes: [] },
  });

/** Mock a server that gives these responses; return the recorded requests with their tokens. */
function answering(...answers: [body: unknown, status?: number][]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { headers }: { headers: Record<string, string> }) => {
    asked.push(`${url} ${headers["X-CSRFToken"]}`);
    const [body, status = 200] = answers.shift()!;
    return Response.json(body, { status });
  });
  return asked;
}
afterEach(() => vi.unstubAllGlobals());

const STALE: [unknown, number] = [{ code: "permission_denied", detail: "CSRF" }, 403];

it("renews a stale token for the same reviewer", async () => {
  const asked = answering(STALE, [{ csrf_token: "new", labeler: 4 }], [{ id: 9 }, 201]);
  expect(await api(4).rate("a", 1, GOOD)).toEqual({ id: 9 });
  expect(asked).toEqual(["/ratings/ old", "/session/ old", "/ratings/ new"]);
});

it.each([
  ["another has signed in", 4, 5],
  ["nobody is signed in", 4, null],
  ["the page does not know whom it is for", null, 4],
])("sends no rating for another: %s", async (_, own, found) => {
  const asked = answering(STALE, [{ csrf_token: "new", labeler: found }]);
  await expect(api(own).rate("a", 1, GOOD)).rejects.toBeInstanceOf(SignedOut);
  expect(asked).toEqual(["/ratings/ old", "/session/ old"]);
});

it("does not take any answer for that of the site", async () => {
  answering([{ welcome: true }]);
  await expect(api(4).rate("a", 1, GOOD)).rejects.toBeInstanceOf(Unreachable);
});
