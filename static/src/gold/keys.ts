/** Keyboard commands on the page of one gold image. Pure. */

export type Step =
  | { readonly do: "go"; readonly rel: "prev" | "next" }
  | { readonly do: "show"; readonly view: string }
  | { readonly do: "write" };

/** Return the step of a key; null for other keys. `rtl`: the page is right to left. */
export function stepOf(key: string, rtl: boolean): Step | null {
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return { do: "go", rel: (key === "ArrowRight") === rtl ? "prev" : "next" };
  }
  if (/^[0-9]$/.test(key)) return { do: "show", view: key };
  switch (key.toLowerCase()) {
    case "p":
      return { do: "show", view: "none" };
    case "n":
      return { do: "write" };
    default:
      return null;
  }
}
