"""A confusion matrix as the paper's Tables 3 and 4 show it: as text, and as cells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terrain.metrics.confusion import Evaluation
from terrain.metrics.contingency import ratio
from terrain.metrics.intervals import Interval
from terrain.metrics.text_tables import align_columns

NO_ANSWER = "no label"


@dataclass(frozen=True, slots=True)
class Cell:
    """The pixels of one true class that got one prediction; `share` is their share of the class,
    0..1.

    `share` is None if the class has no pixel. `is_right` marks the diagonal.
    """

    pixels: int
    share: float | None
    is_right: bool


def confusion_cells(evaluation: Evaluation) -> list[list[Cell]]:
    """Return the matrix row by row: rows true, columns predicted, "no label" last."""
    return [
        [
            Cell(int(pixels), ratio(pixels, int(total)), row == column)
            for column, pixels in enumerate(line)
        ]
        for row, (line, total) in enumerate(
            zip(evaluation.confusion.tolist(), evaluation.confusion.sum(axis=1), strict=True)
        )
    ]


def format_confusion(evaluation: Evaluation, names: Mapping[int, str]) -> str:
    """Return the matrix as a text table with recall, precision and IoU.

    `names` maps class codes to names.
    """
    titles = [names.get(each.code, str(each.code)) for each in evaluation.classes]
    lines = [["true \\ predicted", *titles, NO_ANSWER, "recall"]]
    for title, row, each in zip(titles, evaluation.confusion, evaluation.classes, strict=True):
        lines.append([title, *(f"{pixels:,}" for pixels in row), format_percent(each.recall)])
    precisions = [format_percent(each.precision) for each in evaluation.classes]
    lines.append(["precision", *precisions, "", format_percent(evaluation.accuracy)])
    lines.append(
        [
            "IoU",
            *(format_percent(each.iou) for each in evaluation.classes),
            "",
            format_percent(evaluation.miou),
        ]
    )
    return "\n".join(
        [
            *align_columns(lines),
            f"overall accuracy {format_interval(evaluation.accuracy)}",
            f"mIoU {format_interval(evaluation.miou)}",
        ]
    )


def format_percent(interval: Interval | None) -> str:
    """Return an estimate such as "96.67 %", or "-" for None.

    >>> format_percent(Interval(0.9667, 0.951, 0.978))
    '96.67 %'
    """
    return "-" if interval is None else f"{100 * interval.value:.2f} %"


def format_interval(interval: Interval | None) -> str:
    """Return an estimate such as "96.67 % (95 %: 95.10 to 97.80)", or "-" for None.

    >>> format_interval(Interval(0.9667, 0.951, 0.978)), format_interval(None)
    ('96.67 % (95 %: 95.10 to 97.80)', '-')
    """
    if interval is None:
        return "-"
    return (
        f"{format_percent(interval)} (95 %: {100 * interval.low:.2f} to {100 * interval.high:.2f})"
    )
