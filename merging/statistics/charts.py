"""The layout of horizontal bar charts with a row for each class, in units of the SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The right edge of the bars, in a picture of width 640.
RIGHT = 568
TOP, ROW, BAR, BELOW = 14, 34, 20, 46
#: About how wide a letter is (font size 12), and what is beside a name. Of a name that is too long
#: for the widest place the beginning is cut off.
LETTER, BESIDE, NARROWEST, WIDEST = 7, 16, 60, 260


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. `share` is its share of the full width, 0..1."""

    x: float
    width: float
    share: float


@dataclass(frozen=True, slots=True)
class Row:
    """One bar.

    `middle` is the baseline of the text beside it. A bar without segments is unknown.
    """

    y: float
    middle: float
    end: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis, and its text."""

    x: float
    percent: int


def left_of(names: Sequence[str]) -> int:
    """Return the x position where the bars start; the row names are to the left of it."""
    longest = max(map(len, names), default=0)
    return min(max(LETTER * longest + BESIDE, NARROWEST), WIDEST)


def rows(shares: Sequence[Sequence[float] | None], left: int) -> list[Row]:
    """Return one row for each item, with its shares side by side; None is a row without a bar."""
    made = []
    for place, parts in enumerate(shares):
        y, x = TOP + place * ROW + (ROW - BAR) / 2, float(left)
        segments = []
        for share in parts or ():
            width = share * (RIGHT - left)
            segments.append(Segment(round(x, 2), round(width, 2), share))
            x += width
        made.append(Row(y, y + BAR / 2 + 4, round(x + 6, 2), tuple(segments)))
    return made


def field(count: int, left: int) -> dict[str, float]:
    """Return the positions of names and bars for `count` rows, and the height of the chart."""
    bottom = TOP + count * ROW
    return {
        "names": left - 8,
        "left": left,
        "top": TOP,
        "bottom": bottom,
        "words": bottom + 16,
        "height": bottom + BELOW,
    }


def ticks(left: int) -> list[Tick]:
    """Return the marks of the lower edge, from 0 to 100 percent in steps of 20."""
    return [Tick(round(left + n / 5 * (RIGHT - left), 2), 20 * n) for n in range(6)]
