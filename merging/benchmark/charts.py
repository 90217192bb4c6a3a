"""The layout of the chart of a confusion matrix, in units of its SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terrain.metrics.confusion import Evaluation
from terrain.metrics.confusion_tables import confusion_cells
from terrain.metrics.intervals import Interval

#: Space for true classes at the left, for rotated predicted classes at the top, and at the right.
LEFT, TOP, MARGIN = 150, 120, 72
#: The minimum and maximum width of a cell, and its height.
NARROW, WIDE, CELL_HEIGHT = 44, 92, 44
FIELD = 460


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of the chart; `percent` is the cell's share of the pixels of its true class."""

    x: float
    y: float
    middle_x: float
    middle_y: float
    share: float
    percent: float | None
    true: str
    predicted: str
    pixels: int
    is_dark: bool
    is_right: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The name of a class and its position."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Margin:
    """A percentage at the right of the cells or below them; None without pixels."""

    x: float
    y: float
    percent: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The chart of a confusion matrix."""

    width: float
    height: float
    cell_width: float
    cell_height: float
    right: float
    bottom: float
    squares: tuple[Square, ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    no_label: Mark
    recalls: tuple[Margin, ...]
    precisions: tuple[Margin, ...]
    accuracy: Margin


def picture(evaluation: Evaluation, titles: Sequence[str]) -> Picture:
    """Return the chart of the matrix, as in Tables 3 and 4 of the paper.

    Rows are true classes, columns predicted ones. Each cell has its share of the pixels of the true
    class. Recall is at the right, precision below, overall accuracy in the corner. A last column
    without a name counts pixels without a prediction.

    Args:
        evaluation: The result of a comparison.
        titles: The names of the classes, in the order of the rows.
    """
    count = len(titles)
    wide = max(NARROW, min(WIDE, FIELD / (count + 1)))
    columns = [LEFT + wide * place for place in range(count + 1)]
    lines = [TOP + CELL_HEIGHT * place for place in range(count)]
    right, bottom = LEFT + wide * (count + 1), TOP + CELL_HEIGHT * count
    below, beside = bottom + CELL_HEIGHT / 2 + 4, right + MARGIN / 2
    squares = []
    for y, row, true in zip(lines, confusion_cells(evaluation), titles, strict=True):
        for x, cell, predicted in zip(columns, row, [*titles, ""], strict=True):
            squares.append(
                Square(
                    x=round(x, 2),
                    y=y,
                    middle_x=round(x + wide / 2, 2),
                    middle_y=y + CELL_HEIGHT / 2 + 4,
                    share=cell.share or 0.0,
                    percent=None if cell.share is None else 100 * cell.share,
                    true=true,
                    predicted=predicted,
                    pixels=cell.pixels,
                    is_dark=(cell.share or 0.0) > 0.75,
                    is_right=cell.is_right,
                )
            )

    def center(x: float) -> float:
        return round(x + wide / 2, 2)

    middles = [y + CELL_HEIGHT / 2 + 4 for y in lines]
    return Picture(
        width=round(right + MARGIN, 2),
        height=bottom + CELL_HEIGHT + 12,
        cell_width=round(wide, 2),
        cell_height=CELL_HEIGHT,
        right=round(right, 2),
        bottom=bottom,
        squares=tuple(squares),
        rows=tuple(Mark(LEFT - 10, y, title) for y, title in zip(middles, titles, strict=True)),
        columns=tuple(
            Mark(center(x), TOP - 10, title) for x, title in zip(columns, titles, strict=False)
        ),
        no_label=Mark(center(columns[-1]), TOP - 10, ""),
        recalls=tuple(
            Margin(beside, y, percent_of(each.recall))
            for y, each in zip(middles, evaluation.classes, strict=True)
        ),
        precisions=tuple(
            Margin(center(x), below, percent_of(each.precision))
            for x, each in zip(columns, evaluation.classes, strict=False)
        ),
        accuracy=Margin(beside, below, percent_of(evaluation.accuracy)),
    )


def percent_of(interval: Interval | None) -> float | None:
    """Return the value of an interval in percent, or None."""
    return None if interval is None else 100 * interval.value
