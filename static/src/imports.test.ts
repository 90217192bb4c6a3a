import { expect, it } from "vitest";

const sources: Record<string, string> = import.meta.glob("./**/*.ts", {
  query: "?raw", import: "default", eager: true,
});
const SPECIFIER = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** Return the file that a relative specifier in `file` names. */
function resolve(file: string, specifier: string): string {
  const { pathname } = new URL(specifier, `file:///${file.slice(2)}`);
  return `.${pathname}.ts`;
}

const importsOf = (file: string): string[] =>
  [...sources[file]!.matchAll(SPECIFIER)].map(([, specifier]) => specifier!);
const modules = Object.keys(sources).filter((file) => !file.endsWith(".d.ts"));
const graph = new Map(modules.map((file) => [
  file,
  importsOf(file)
    .filter((specifier) => specifier.startsWith(".") && !specifier.includes("?"))
    .map((specifier) => resolve(file, specifier)),
]));

/** Return a chain of imports that ends where it began, as paths; empty if there is none. */
function cycleIn(of: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, above: readonly string[]): string[] => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of of.get(file) ?? []) {
      const found = walk(next, [...above, file]);
      if (found.length) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of of.keys()) {
    const found = walk(file, []);
    if (found.length) return found;
  }
  return [];
}

it("reads every import", () => {
  const unknown = [...graph].flatMap(([file, found]) =>
    found.filter((target) => !(target in sources)).map((target) => `${file}: ${target}`));
  expect(unknown).toEqual([]);
  expect(graph.get("./annotate/main.ts")).toContain("./annotate/core/editor.ts");
});

it("finds a cycle where there is one", () => {
  const one = new Map([["a", ["b", "c"]], ["b", []], ["c", ["d"]], ["d", ["a"]]]);
  expect(cycleIn(one)).toEqual(["a", "c", "d", "a"]);
});

it("has no import cycle, not even of types", () => {
  expect(cycleIn(graph)).toEqual([]);
});

it("imports OpenLayers in the view of the drawing page alone", () => {
  const outside = modules.filter((file) =>
    !file.startsWith("./annotate/view/")
    && importsOf(file).some((specifier) => specifier === "ol" || specifier.startsWith("ol/")));
  expect(outside).toEqual([]);
});

it("keeps the editor's core apart from the page, its storage and its server", () => {
  const reaching = [...graph].flatMap(([file, found]) =>
    file.startsWith("./annotate/core/")
      ? found.filter((target) => !target.startsWith("./annotate/core/"))
      : []);
  expect(reaching).toEqual([]);
});

it("puts every style sheet into the site's pages or the drawing page", () => {
  const sheets: Record<string, string> = import.meta.glob("../css/**/*.css", {
    query: "?raw", import: "default", eager: true,
  });
  const entries = ["../css/site.css", "../css/annotate.css"];
  const imported = entries.flatMap((entry) =>
    [...sheets[entry]!.matchAll(/@import "\.\/([^"]+)"/g)].map(([, path]) => `../css/${path}`));
  expect([...new Set([...entries, ...imported])].sort()).toEqual(Object.keys(sheets).sort());
});
