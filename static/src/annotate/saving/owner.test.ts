import { expect, it } from "vitest";
import { PageStorage } from "../../shared/storage";
import { findOwner, rememberOwner } from "./owner";

const visitor = { id: null, device_name: "v1" };
const guest = { id: 17, device_name: "v1" };
const account = { id: 17, device_name: null };

it("keeps what a visitor draws under one name, also when the visitor has become a guest", () => {
  const storage = new PageStorage();
  expect(findOwner(storage, visitor)).toBe("v1");
  rememberOwner(storage, 17, "v1");
  for (const later of [guest, account]) expect(findOwner(storage, later)).toBe("v1");
  rememberOwner(storage, 17, "v2");
  expect(findOwner(storage, guest)).toBe("v1");
});

it("finds it again when the answer that told the number got lost", () => {
  const storage = new PageStorage();
  storage.setItem("ai4mars.draft.v1.7", "{}");
  expect(findOwner(storage, guest)).toBe("v1");
  storage.removeItem("ai4mars.draft.v1.7");
  expect(findOwner(storage, account)).toBe("v1");
});

it("leaves guests of before, and accounts, under their number", () => {
  const storage = new PageStorage();
  storage.setItem("ai4mars.draft.17.7", "{}");
  expect(findOwner(storage, guest)).toBe("17");
  expect(findOwner(storage, account)).toBe("17");
  expect(findOwner(storage, { id: 18, device_name: null })).toBe("18");
});
