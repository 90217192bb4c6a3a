/** The panel shown when no pictures remain: skipped ones to try again, and other projects. */
import type { Say } from "../config";
import type { Next } from "../saving/task";

/** Fill the panel. A page for practice or answers has none. */
export function showNoneLeft({ skipped = 0, others = [] }: Next, say: Say, tryAgain: () => void): void {
  const panel = document.getElementById("none-left");
  if (!panel) return;
  const part = <T extends HTMLElement>(name: string): T => panel.querySelector<T>(`[data-part=${name}]`)!;
  const question = part("question");
  question.hidden = !skipped;
  question.textContent = skipped === 1 ? say("skipped_one") : say("skipped_many", { count: skipped });
  part("thanks").hidden = skipped > 0;
  const again = part<HTMLButtonElement>("again");
  again.hidden = !skipped;
  again.disabled = false;
  again.onclick = () => {
    again.disabled = true;
    tryAgain();
  };
  const home = part("home");
  home.className = skipped || others.length ? "bar-button" : "primary";
  part("others").hidden = !others.length;
  part("projects").replaceChildren(
    ...others.map(({ name, url }) => {
      const link = Object.assign(document.createElement("a"), { href: url, textContent: name });
      link.className = skipped ? "bar-button" : "primary";
      const item = document.createElement("li");
      item.append(link);
      return item;
    }),
  );
}
