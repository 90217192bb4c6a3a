import { describe, expect, it } from "vitest";
import { reasonIn } from "./courier";

const say = (key: string): string => key;
const reason = "A sentence of the server.";

describe("why the server refused a drawing", () => {
  it("is said in the page's language where the page knows it", () => {
    const tangled = { status: 400, code: "too_tangled", reason };
    expect(reasonIn(say, tangled)).toBe("refused_tangled");
    expect(reasonIn(say, { status: 413, code: "", reason })).toBe("refused_too_large");
  });

  it("is the server's sentence where it does not", () => {
    const inWords = (key: string, values?: Record<string, unknown>): string =>
      `${key}: ${String(values?.["reason"])}`;
    expect(reasonIn(inWords, { status: 400, code: "invalid", reason })).toBe(`refused: ${reason}`);
  });
});
