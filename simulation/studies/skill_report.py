"""The study of simulated crowds as tables and two charts."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from simulation.studies.skill_study import Found

WIDTH, PANEL, LEFT, TOP, GAP = 720, 240, 60, 40, 70
COLORS = {
    "careful": "#0072B2",
    "ordinary": "#56B4E9",
    "hasty": "#009E73",
    "sloppy": "#E69F00",
    "malicious": "#D55E00",
    "wrong-class": "#CC79A7",
}
#: Measures that rank labels: name, and attribute of `Found`.
RANKINGS = (
    ("agreement score", "score", "#555555"),
    ("expected quality", "quality", "#0072B2"),
    ("skill of the labeler", "skill", "#D55E00"),
)


def files(found: Sequence[Found]) -> dict[str, str]:
    """Return the text of each file of the report, by file name."""
    figures = (
        "# Figures of the study\n\n"
        "Written by `manage.py skill_study`; what they mean is in [SKILL.md](../SKILL.md).\n\n"
        f"{table(found)}\nWho takes part:\n\n{people(found)}"
    )
    return {
        "FIGURES.md": figures,
        "found.svg": finding_chart(found),
        "labelers.svg": labelers_chart(found),
    }


def table(found: Sequence[Found]) -> str:
    """Return the figures of all crowds, in Markdown."""
    lines = [
        "| crowd | labels | bad | room in 20 % | by score | by quality | by skill "
        "| Spearman | held out | in 95 % intervals |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        shares = [one.most_to_find(), *(one.share_found(getattr(one, f)) for _, f, _ in RANKINGS)]
        percents = " | ".join(f"{100 * share:.0f} %" for share in shares)
        lines.append(
            f"| {one.crowd.name} | {len(one.kinds)} | {one.bad.sum()} | {percents} "
            f"| {one.rank_correlation:.3f} | {one.held_out_correlation:.3f} "
            f"| {100 * one.inside:.0f} % |"
        )
    return "\n".join(lines) + "\n"


def people(found: Sequence[Found]) -> str:
    """Return the members of each crowd, in Markdown."""
    return "".join(
        f"- **{one.crowd.name}**: "
        + ", ".join(f"{count} {kind}" for kind, count in one.crowd.people.items())
        + f"; {one.crowd.images} images with {one.crowd.labels_per_image} labels each\n"
        for one in found
    )


def finding_chart(found: Sequence[Found]) -> str:
    """Return a chart of the share of bad labels among the lowest, one panel per crowd, as SVG."""
    parts = []
    reviewed = np.linspace(0, 1, 51)
    for place, one in enumerate(found):
        x0, y0 = _corner(place)
        parts.append(_panel(x0, y0, one.crowd.name, "share reviewed", "bad labels found"))
        parts.append(
            f'<line x1="{x0 + 0.2 * PANEL:g}" x2="{x0 + 0.2 * PANEL:g}" y1="{y0}" '
            f'y2="{y0 + PANEL}" stroke="#999" stroke-dasharray="4 3"/>'
        )
        for _, field, color in RANKINGS:
            shares = [one.share_found(getattr(one, field), float(r)) for r in reviewed]
            parts.append(_line(x0, y0, reviewed, shares, color))
    keys = [(name, color) for name, _, color in RANKINGS]
    return _picture(parts, len(found), keys)


def labelers_chart(found: Sequence[Found]) -> str:
    """Return a chart of estimated over true skill with intervals, one panel per crowd, as SVG."""
    parts = []
    for place, one in enumerate(found):
        x0, y0 = _corner(place)
        parts.append(_panel(x0, y0, one.crowd.name, "true skill", "estimated"))
        parts.append(_line(x0, y0, np.array([0.0, 1.0]), [0.0, 1.0], "#999"))
        for labeler in one.labelers:
            x, color = x0 + PANEL * labeler.true, COLORS[labeler.kind]
            low, high, mean = (
                y0 + PANEL * (1 - value) for value in (labeler.low, labeler.high, labeler.skill)
            )
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" '
                f'stroke="{color}" stroke-opacity="0.5"/>'
                f'<circle cx="{x:.1f}" cy="{mean:.1f}" r="3" fill="{color}"/>'
            )
    kinds = {labeler.kind for one in found for labeler in one.labelers}
    return _picture(parts, len(found), [(k, c) for k, c in COLORS.items() if k in kinds])


def _corner(place: int) -> tuple[int, int]:
    return LEFT + (place % 2) * (PANEL + 2 * GAP), TOP + (place // 2) * (PANEL + GAP)


def _panel(x0: int, y0: int, name: str, across: str, up: str) -> str:
    ticks = "".join(
        f'<text x="{x0 + PANEL * t:g}" y="{y0 + PANEL + 14}" text-anchor="middle">{t:g}</text>'
        f'<text x="{x0 - 6}" y="{y0 + PANEL * (1 - t) + 4:g}" text-anchor="end">{t:g}</text>'
        for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
    )
    middle = y0 + PANEL // 2
    return (
        f'<rect x="{x0}" y="{y0}" width="{PANEL}" height="{PANEL}" fill="none" stroke="#777"/>'
        f'<text x="{x0 + PANEL // 2}" y="{y0 - 8}" text-anchor="middle" font-weight="bold">'
        f"{escape(name)}</text>{ticks}"
        f'<text x="{x0 + PANEL // 2}" y="{y0 + PANEL + 30}" text-anchor="middle">{across}</text>'
        f'<text transform="rotate(-90 {x0 - 34} {middle})" x="{x0 - 34}" y="{middle}" '
        f'text-anchor="middle">{up}</text>'
    )


def _line(
    x0: int, y0: int, across: npt.NDArray[np.float64], up: Sequence[float], color: str
) -> str:
    points = " ".join(
        f"{x0 + PANEL * x:.1f},{y0 + PANEL * (1 - y):.1f}" for x, y in zip(across, up, strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>'


def _picture(parts: Sequence[str], panels: int, keys: Sequence[tuple[str, str]]) -> str:
    height = TOP + -(-panels // 2) * (PANEL + GAP) + 20
    named = "".join(
        f'<text x="{LEFT + n * 110 + (n * 40 if len(keys) < 4 else 0)}" y="{height - 12}" '
        f'fill="{color}">{escape(name)}</text>'
        for n, (name, color) in enumerate(keys)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>{"".join(parts)}{named}</svg>\n'
    )
