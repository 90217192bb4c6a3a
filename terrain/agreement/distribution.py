"""The distribution of agreement scores, counted in bins (paper 3.2, Figure 5).

1,024 bins: their borders are exact in binary, so a score is on the same side of a border in
Python, SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

BINS = 1024

#: Of the 1,024 bins that are counted, so many together are one bar of a picture.
BARS = 32


class BinnedScore(NamedTuple):
    """A score and whether its label is in the queue's distribution, in one order of the queue."""

    order: str
    role: str
    score: float
    is_waiting: bool


class BinChange(NamedTuple):
    """The change in the count of one bin: of all scores, and of labels that await a rating."""

    order: str
    role: str
    place: int
    scores: int
    waiting: int


def bin_of(score: float) -> int:
    """Return the bin of a score in 0..1: bin b is [b/1024, (b + 1)/1024), the last includes 1.

    >>> bin_of(0.0), bin_of(0.5), bin_of(1.0)
    (0, 512, 1023)
    """
    return min(int(score * BINS), BINS - 1)


def bar_of(score: float) -> int:
    """Return the bar of a score in 0..1: 32 bars of equal width, the last includes 1.

    >>> bar_of(0.5), bar_of(1.0)
    (16, 31)
    """
    return min(int(score * BARS), BARS - 1)


def bin_range(place: int) -> tuple[float, float]:
    """Return the lowest score of a bin and its exclusive upper limit."""
    return place / BINS, 2.0 if place == BINS - 1 else (place + 1) / BINS


def find_rank(counts: Iterable[tuple[int, int]], rank: int) -> tuple[int, int] | None:
    """Return the bin of the score with this rank, and its rank within the bin, both from 0.

    ``counts`` are (bin, scores in it), bins ascending. None where there are fewer scores.

    >>> find_rank([(0, 2), (512, 3)], rank=3)
    (512, 1)
    """
    for place, count in counts:
        if rank < count:
            return place, rank
        rank -= count
    return None


def bin_changes(gone: Iterable[BinnedScore], come: Iterable[BinnedScore]) -> list[BinChange]:
    """Return the changed bins in order, after `gone` scores were removed and `come` ones added."""
    change: dict[tuple[str, str, int], list[int]] = {}
    for counted, step in ((gone, -1), (come, 1)):
        for order, role, score, is_waiting in counted:
            counts = change.setdefault((order, role, bin_of(score)), [0, 0])
            counts[0] += step
            counts[1] += step * is_waiting
    return [
        BinChange(order, role, place, scores, waiting)
        for (order, role, place), (scores, waiting) in sorted(change.items())
        if scores or waiting
    ]
