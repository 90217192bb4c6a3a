/** The tutorial, one step at a time: Back, Next, dots and arrow keys. Without this script the page is one long text. */

const tutorial = document.querySelector<HTMLElement>("#tutorial");
const dots = document.querySelector<HTMLElement>("[data-dots]");
const back = document.querySelector<HTMLButtonElement>("[data-back]");
const next = document.querySelector<HTMLButtonElement>("[data-next]");
const skip = document.querySelector<HTMLButtonElement>("[data-skip]");
const start = document.querySelector<HTMLFormElement>("#start");
const announce = document.querySelector<HTMLElement>("[data-announce]");

if (tutorial && dots && back && next && skip && start && announce) {
  const panels = [...tutorial.querySelectorAll<HTMLElement>(".panel")];
  const label = (step: number): string =>
    (tutorial.dataset.stepLabel ?? "")
      .replace("{step}", String(step + 1))
      .replace("{steps}", String(panels.length));
  let current = 0;

  const dotButtons = panels.map((panel, step) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `${label(step)}: ${panel.querySelector("h2")?.textContent ?? ""}`);
    button.addEventListener("click", () => show(step));
    const item = document.createElement("li");
    item.append(button);
    dots.append(item);
    return button;
  });

  /** Show one step; move the focus to its heading for keyboard and screen readers. */
  const show = (step: number, takeFocus = true): void => {
    current = Math.min(Math.max(step, 0), panels.length - 1);
    const last = current === panels.length - 1;
    panels.forEach((panel, index) => (panel.hidden = index !== current));
    dotButtons.forEach((button, index) => {
      if (index === current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    back.disabled = current === 0;
    next.hidden = last;
    skip.hidden = last;
    start.hidden = !last;
    announce.textContent = label(current);
    if (takeFocus) {
      panels[current]?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    }
  };

  back.addEventListener("click", () => show(current - 1));
  next.addEventListener("click", () => show(current + 1));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowRight") show(current + 1);
    if (event.key === "ArrowLeft") show(current - 1);
  });

  tutorial.dataset.stepper = "on";
  dots.hidden = false;
  back.hidden = panels.length < 2;
  show(0, false);
}
