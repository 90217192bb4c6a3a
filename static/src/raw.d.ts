/** The text of a file, imported by front-end tests. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** The contents of several files, keyed by path; used by front-end tests. */
interface ImportMeta {
  glob(
    pattern: string,
    options: { query: "?raw"; import: "default"; eager: true },
  ): Record<string, string>;
}
