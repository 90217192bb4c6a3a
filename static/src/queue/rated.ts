/** The page of ratings and flags: thumbnails of labels, and one label in full size. */

import { thumbnail } from "./comparing/regions";
import type { Picture, Polygon, TerrainClass } from "./types";

interface RatedConfig {
  readonly classes: readonly TerrainClass[];
  readonly labels: readonly { readonly id: string; readonly image: Picture; readonly polygons: readonly Polygon[] }[];
}

const config = JSON.parse(document.querySelector("#rated-config")?.textContent ?? "null") as RatedConfig;
const dialog = document.querySelector<HTMLDialogElement>("#large");
const large = document.querySelector("#large-picture");

for (const { id, image, polygons } of config.labels) {
  const button = document.querySelector<HTMLButtonElement>(`button[data-label="${id}"]`);
  button?.append(thumbnail(image, polygons, config.classes));
  button?.addEventListener("click", () => {
    large?.replaceChildren(thumbnail({ ...image, thumbnail_url: image.display_url }, polygons, config.classes));
    dialog?.showModal();
  });
}
// A click outside the image closes it.
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
