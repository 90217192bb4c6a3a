/** The page of a submission: follows the comparison and shows its result. */

import { wordsOf } from "../shared/translations";
import { follow } from "../shared/progress/poll";

interface Progress {
  readonly is_over: boolean;
  readonly done: number;
  readonly total: number;
  readonly percent: number;
}

const card = document.querySelector<HTMLElement>("[data-progress-url]");

if (card) {
  const words = wordsOf(document);
  const whole = new Intl.NumberFormat(document.documentElement.lang);
  const bar = card.querySelector("progress");
  const count = card.querySelector<HTMLElement>("[data-count]");
  const say = (sentence: string): void => {
    if (count && count.textContent !== sentence) count.textContent = sentence;
  };
  const show = ({ is_over, done, total, percent }: Progress): boolean => {
    if (is_over) {
      window.location.reload();
      return false;
    }
    if (total > 0) {
      if (bar) bar.value = percent;
      say(words("count", { done: whole.format(done), total: whole.format(total) }));
    }
    return true;
  };
  follow<Progress>(card.dataset.progressUrl ?? "", show, () => say(words("unreachable")));
}
