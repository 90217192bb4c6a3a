"""Coordinates of the bars and lines of a chart, in units of its SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The picture, and the field in it that the bars stand in; the rest is for axes and words.
WIDTH, HEIGHT = 640, 300
LEFT, TOP, RIGHT, BOTTOM = 56, 20, 624, 244


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the histogram."""

    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of an axis with its text: a value of 0..1, or a percentage."""

    at: float
    value: float


def bars(counts: Sequence[int], highest: float) -> list[Bar]:
    """Return one bar per count, side by side; `highest` is the share at the top of the chart.

    Without counts, or if all are zero, the bars have no height.
    """
    total = sum(counts)
    wide = (RIGHT - LEFT) / max(len(counts), 1)
    made = []
    for place, count in enumerate(counts):
        share = count / total if total else 0.0
        height = (BOTTOM - TOP) * share / highest if highest else 0.0
        made.append(
            Bar(
                round(LEFT + place * wide, 2),
                round(BOTTOM - height, 2),
                round(wide, 2),
                round(height, 2),
                place / len(counts),
                (place + 1) / len(counts),
                count,
                100 * share,
            )
        )
    return made


def outline(counts: Sequence[int], highest: float) -> str:
    """Return the upper edge of the bars as points of an SVG polyline; "" for no scores."""
    if not sum(counts):
        return ""
    points = [(float(LEFT), float(BOTTOM))]
    for bar in bars(counts, highest):
        points += [(bar.x, bar.y), (round(bar.x + bar.width, 2), bar.y)]
    points.append((float(RIGHT), float(BOTTOM)))
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def top_share(*series: Sequence[int]) -> float:
    """Return the share at the top of the chart: the highest bar's, rounded up."""
    shares = [max(counts) / sum(counts) for counts in series if sum(counts)]
    if not shares:
        return 1.0
    steps = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
    return next(step for step in steps if step >= max(shares) - 1e-9)


def across(value: float) -> float:
    """Return the x coordinate of a value from 0 to 1."""
    return round(LEFT + value * (RIGHT - LEFT), 2)


def upward(value: float) -> float:
    """Return the y coordinate of a value from 0 to 1."""
    return round(BOTTOM - value * (BOTTOM - TOP), 2)


def value_ticks() -> list[Tick]:
    """Return the ticks of the lower axis: 0, 0.2 ... 1."""
    return [Tick(across(n / 5), n / 5) for n in range(6)]


def share_ticks(highest: float) -> list[Tick]:
    """Return the ticks of the left axis: percentages from 0 to the share `highest`."""
    return [Tick(upward(n / 5), 100 * highest * n / 5) for n in range(6)]


def curve(points: Sequence[tuple[float, float]]) -> str:
    """Return pairs of values from 0 to 1 as points of an SVG polyline."""
    return " ".join(f"{across(x):g},{upward(y):g}" for x, y in points)
