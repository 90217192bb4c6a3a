/** The arrangement of the classes: on a phone up to six are in sight, more can be scrolled. */

const MOST_IN_SIGHT = 6;
const MOST_IN_A_ROW = 4;

/** Arrange the buttons in `list`, and mark the ends of `picker` at which more are out of sight. */
export function arrangeClasses(picker: HTMLElement, list: HTMLElement): void {
  const count = list.children.length;
  list.style.setProperty("--class-columns", String(count > MOST_IN_A_ROW ? 3 : count));
  list.toggleAttribute("data-many", count > MOST_IN_SIGHT);
  const mark = (): void => {
    const sideways = list.scrollWidth > list.clientWidth + 1;
    const room = sideways ? list.scrollWidth - list.clientWidth : list.scrollHeight - list.clientHeight;
    // From right to left, the way across counts down from zero.
    const at = Math.abs(sideways ? list.scrollLeft : list.scrollTop);
    picker.toggleAttribute("data-before", at > 1);
    picker.toggleAttribute("data-after", at < room - 1);
  };
  list.addEventListener("scroll", mark, { passive: true });
  new ResizeObserver(mark).observe(list);
}
