// ESLint, for the front end: `make check`. A rule that is off or looser than usual says why.
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["static/dist/", "node_modules/", ".venv/", "var/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly" } },
  },
  {
    files: ["static/src/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: ["error", "always"],
      // TypeScript takes every index for one that may be missing: `!` says that it is in bounds.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Types of the DOM promise what plain HTTP and older browsers lack (`navigator.locks`), and
      // the rule does not see that a call changes a field.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `byId<HTMLButtonElement>("send")` is the usual form of a look-up in the page.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // `() => save()` and `return page.say(...)` are usual where nobody uses the result.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // The default of a handler does nothing.
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      // Digits of a color and rows of a drawn mask are ASCII.
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
      // Taking a field out of an object names it, and does not use it.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // An empty text and `false` stand for nothing, too.
      "@typescript-eslint/prefer-nullish-coalescing": [
        "error",
        { ignorePrimitives: { boolean: true, string: true } },
      ],
      // `async` alone turns what is thrown into a promise that is rejected, as callers expect.
      "@typescript-eslint/require-await": "off",
      // A number in a sentence or an address needs no String().
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["static/src/**/*.test.ts"],
    rules: {
      // Calls of a mock, and JSON, are `any`.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // A fake takes over the form of what it stands for.
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
);
