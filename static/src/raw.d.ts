/** A file's text, as the tests of the front end import it. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** Many files' texts by their path, as the tests of the front end import them. */
interface ImportMeta {
  glob(
    pattern: string,
    options: { query: "?raw"; import: "default"; eager: true },
  ): Record<string, string>;
}
