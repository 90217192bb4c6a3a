import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["static/src/**/*.test.ts"],
    environment: "node",
    // A test reads the style sheets as texts.
    css: true,
    // Properties are tried many times over: on a busy machine that takes long, and is not wrong.
    testTimeout: 60_000,
  },
});
