/** A file's text, as the tests of the front end import it. */
declare module "*?raw" {
  const text: string;
  export default text;
}
