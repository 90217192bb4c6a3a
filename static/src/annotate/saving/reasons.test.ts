import { describe, expect, it } from "vitest";
import { formatRefusal } from "./reasons";

const say = (key: string, values?: Record<string, unknown>): string =>
  values ? `${key}: ${String(values.reason)}` : key;
const reason = "A sentence of the server.";

describe("why the server refused a drawing", () => {
  it.each([
    [400, "invalid"], [400, "too_tangled"], [403, "not_assigned"], [404, "unknown_image"],
    [409, "already_labeled"], [409, "different_label"], [409, "label_fixed"],
    [409, "corrected_elsewhere"], [410, "retired_image"], [410, "campaign_closed"], [413, "too_large"],
  ])("is the server's message, unchanged (%i, %s)", (status, code) => {
    expect(formatRefusal(say, { status, code, reason })).toBe(`refused: ${reason}`);
  });

  it("is the page's message if the server did not receive it", () => {
    expect(formatRefusal(say, { status: 413, code: "", reason: "HTTP 413" })).toBe("refused_too_large");
  });
});
