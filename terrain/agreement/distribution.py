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
    """A score as the distribution counts it, by one of the orders of a queue."""

    order: str
    role: str
    score: float
    is_waiting: bool


class BinChange(NamedTuple):
    """By how much one bin changes: all its scores, and those of labels that wait for a rating."""

    order: str
    role: str
    place: int
    scores: int
    waiting: int


def bin_of(score: float) -> int:
    """The bin of a score of 0..1: bin b holds b/1024 <= score < (b + 1)/1024, the last also 1."""
    return min(int(score * BINS), BINS - 1)


def bar_of(score: float) -> int:
    """The bar of a score of 0..1, in the same way: 32 of equal width, 1 in the last."""
    return min(int(score * BARS), BARS - 1)


def bin_range(place: int) -> tuple[float, float]:
    """The lowest score of a bin, and the first above it; the last bin reaches beyond 1."""
    return place / BINS, 2.0 if place == BINS - 1 else (place + 1) / BINS


def find_rank(counts: Iterable[tuple[int, int]], rank: int) -> tuple[int, int] | None:
    """In which bin the score of this rank lies, and its rank there; the lowest score has rank 0.

    ``counts`` are (bin, scores in it), bins ascending. None where there are fewer scores.
    """
    for place, count in counts:
        if rank < count:
            return place, rank
        rank -= count
    return None


def bin_changes(gone: Iterable[BinnedScore], come: Iterable[BinnedScore]) -> list[BinChange]:
    """How the bins change, in their order; bins that do not are left out."""
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
