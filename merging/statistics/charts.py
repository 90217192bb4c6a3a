"""Where the lying bars of a chart stand, a row for each class, in units of its SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The right edge of the field that the bars lie in, in a picture 640 wide.
RIGHT = 568
TOP, ROW, BAR, BELOW = 14, 34, 20, 46
#: About how wide a letter is (font size 12), and what is beside a name. Of a name that is too long
#: for the widest place the beginning is cut off.
LETTER, BESIDE, NARROWEST, WIDEST = 7, 16, 60, 260


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a row's bar; `share` is of the field's width, 0..1."""

    x: float
    width: float
    share: float


@dataclass(frozen=True, slots=True)
class Row:
    """One bar; `middle` is where the words beside it stand. No segments: nothing is known."""

    y: float
    middle: float
    end: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis, at `percent` of the field's width."""

    x: float
    percent: int


def left_of(names: Sequence[str]) -> int:
    """The left edge of the field: the rows' names are to its left."""
    longest = max(map(len, names), default=0)
    return min(max(LETTER * longest + BESIDE, NARROWEST), WIDEST)


def rows(shares: Sequence[Sequence[float] | None], left: int) -> list[Row]:
    """One row for each, its shares one after the other; None is a row without a bar."""
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
    """Where names end, where the field lies with `count` rows, and the height of the picture."""
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
