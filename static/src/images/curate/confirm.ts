/** Ask before images with labels are retired. */

import type { Words } from "../../shared/translations";

export type Answer = "all" | "some" | "none";

function part<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

/**
 * Ask whether to retire all images, only those without labels, or none; `labeled` of `total` have labels. Escape means
 * none.
 */
export function confirmRetiring(labeled: number, total: number, words: Words): Promise<Answer> {
  const dialog = part<HTMLDialogElement>("#confirm");
  const all = part("#confirm-all");
  const some = part("#confirm-some");
  const none = part("#confirm-none");
  part("#confirm-title").textContent = words(labeled === 1 ? "confirm-one" : "confirm-many", { n: labeled });
  all.textContent = words(total === 1 ? "confirm-all-one" : "confirm-all-many", { n: total });
  some.textContent = words("confirm-some", { n: total - labeled });
  some.hidden = labeled === total;
  dialog.returnValue = "none";
  all.onclick = () => dialog.close("all");
  some.onclick = () => dialog.close("some");
  none.onclick = () => dialog.close("none");
  dialog.showModal();
  none.focus();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "all" ? "all" : dialog.returnValue === "some" ? "some" : "none"),
      { once: true },
    );
  });
}
