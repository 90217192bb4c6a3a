"""Violations that axe finds on a page, and controls that overlap or stick out."""

from __future__ import annotations

from typing import Any

from tests.served import REPOSITORY

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"

#: Every rule of axe but the experimental ones: WCAG 2.2 A and AA, and its best practices.
RUN = """() => axe.run(document, {resultTypes: ['violations']}).then(found =>
  found.violations.map(each => each.id + ': ' + each.nodes.map(node =>
    node.target.join(' ') + ' (' + node.any.concat(node.all, node.none).map(
      check => check.message).join(' ') + ')').join('; ')))"""

#: Elements that stick out of the page, and pairs of controls that lie on each other.
MISPLACED = """() => {
  const found = [];
  const root = document.documentElement;
  // A phone that finds a page too wide makes its window wider: the screen stays as it is.
  const room = Math.min(innerWidth, screen.width);
  if (root.scrollWidth > room + 1) found.push(`the page is ${root.scrollWidth} px wide`);
  const hidden = each => !each.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const name = each => each.id ? '#' + each.id : each.outerHTML.slice(0, 80);
  const controls = [...document.querySelectorAll('button, a, input, select, textarea')].filter(
    each => !hidden(each) && !each.closest('[inert], .skip-link, .visually-hidden'));
  const clipped = each => {
    // What is scrolled out of its own box is not in anybody's way.
    let box = each.getBoundingClientRect();
    box = {left: box.left, right: box.right, top: box.top, bottom: box.bottom};
    for (let up = each.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflow === 'visible') continue;
      const edge = up.getBoundingClientRect();
      box = {left: Math.max(box.left, edge.left), right: Math.min(box.right, edge.right),
             top: Math.max(box.top, edge.top), bottom: Math.min(box.bottom, edge.bottom)};
    }
    return box;
  };
  const boxes = controls.map(each => [each, clipped(each)]).filter(
    ([, box]) => box.right - box.left > 1 && box.bottom - box.top > 1);
  const dialog = document.querySelector('dialog[open]');
  for (const [each, box] of boxes) {
    if (box.left < -1 || box.right > innerWidth + 1) found.push(name(each) + ' sticks out');
  }
  for (let i = 0; i < boxes.length; i += 1) for (let j = i + 1; j < boxes.length; j += 1) {
    const [[a, p], [b, q]] = [boxes[i], boxes[j]];
    if (a.contains(b) || b.contains(a)) continue;
    if (dialog && dialog.contains(a) !== dialog.contains(b)) continue;
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (across > 2 && down > 2) found.push(name(a) + ' lies on ' + name(b));
  }
  return found;
}"""


def violations(page: Any, state: str) -> list[str]:
    """Return what axe finds, as lines that begin with the page's state."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=str(AXE))
    return [f"{state}: {each}" for each in page.evaluate(RUN)]


def misplaced(page: Any, state: str) -> list[str]:
    return [f"{state}: {each}" for each in page.evaluate(MISPLACED)]
