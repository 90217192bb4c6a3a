import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PageStorage, keysOf } from "../storage";
import { forgetOthers, holdsPage, pageCache, pictureCache, tasksKey } from "./kept";

let names: string[];
let storage: PageStorage;
beforeEach(() => {
  storage = new PageStorage();
  names = ["another-cache"];
  for (const person of ["u1", "u12", "v3f"]) {
    names.push(pageCache(person, "/c/mars/draw/"), pictureCache(person, "mars"));
    storage.setItem(tasksKey(person, "mars"), "[]");
  }
  storage.setItem("ai4mars.draft.7.3", "{}");
  storage.setItem("ai4mars.outbox.7.3", "{}");
  vi.stubGlobal("caches", {
    keys: async () => [...names],
    delete: async (name: string) => void (names = names.filter((each) => each !== name)),
  });
});
afterEach(() => vi.unstubAllGlobals());

it("keeps what is the person's own, and the drawings of everybody", async () => {
  await forgetOthers("u1", storage);
  expect(names).toEqual(["another-cache", pageCache("u1", "/c/mars/draw/"), pictureCache("u1", "mars")]);
  expect(keysOf(storage, "ai4mars.").sort()).toEqual(
    ["ai4mars.draft.7.3", "ai4mars.outbox.7.3", tasksKey("u1", "mars")],
  );
});

it("keeps no page for nobody", async () => {
  await forgetOthers("", storage);
  expect(names).toEqual(["another-cache"]);
  expect(keysOf(storage, "ai4mars.tasks.")).toEqual([]);
});

it("works where the browser has no caches", async () => {
  vi.stubGlobal("caches", undefined);
  await forgetOthers("u1", storage);
  expect(keysOf(storage, "ai4mars.tasks.")).toEqual([tasksKey("u1", "mars")]);
});

it("finds a page by its path alone", () => {
  const name = pageCache("u1", "/c/mars/draw/");
  expect(holdsPage(name, "/c/mars/draw/")).toBe(true);
  expect(holdsPage(name, "/c/ars/draw/")).toBe(false);
  expect(holdsPage(pictureCache("u1", "/c/mars/draw/"), "/c/mars/draw/")).toBe(false);
});
