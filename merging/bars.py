"""Where the lying bars of a chart stand, a row for each class, in units of its SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The picture's width, and the field in it that the bars lie in; names are to its left.
WIDTH, LEFT, RIGHT = 640, 190, 568
TOP, ROW, BAR, BELOW = 14, 34, 20, 46


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
    x: float
    words: str


def rows(shares: Sequence[Sequence[float] | None]) -> list[Row]:
    """One row for each, its shares one after the other; None is a row without a bar."""
    made = []
    for place, parts in enumerate(shares):
        y, x = TOP + place * ROW + (ROW - BAR) / 2, float(LEFT)
        segments = []
        for share in parts or ():
            width = share * (RIGHT - LEFT)
            segments.append(Segment(round(x, 2), round(width, 2), share))
            x += width
        made.append(Row(y, y + BAR / 2 + 4, round(x + 6, 2), tuple(segments)))
    return made


def field(count: int) -> dict[str, float]:
    """Where the field ends below `count` rows, and the height of the picture."""
    bottom = TOP + count * ROW
    return {"top": TOP, "bottom": bottom, "words": bottom + 16, "height": bottom + BELOW}


def ticks() -> list[Tick]:
    """0 %, 20 % ... 100 % along the lower edge."""
    return [Tick(round(LEFT + n / 5 * (RIGHT - LEFT), 2), f"{20 * n} %") for n in range(6)]
