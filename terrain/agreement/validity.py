"""Tests of the paper's claim (3.2) that low agreement scores predict low ratings.

All figures are of a random sample of labels, rated whatever their score. Labels of the review queue
are not representative of the campaign, because they have low scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.metrics.contingency import count_joint, kappa, quadratic_disagreement
from terrain.metrics.intervals import Z95, Interval, wilson_interval

THROWN_OUT = 1
LEVELS = 5


def rank_correlation(scores: Sequence[float], ratings: Sequence[int]) -> Interval | None:
    """Return Spearman's correlation of score and rating, -1..1; None if undefined.

    Ties share their mean rank. The interval is Fisher's z with the variance (1 + r^2/2) / (n - 3)
    of Bonett and Wright (2000), "Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations". Fewer than four pairs, or scores or ratings that are all the same: None.
    """
    if len(scores) < 4 or len(set(scores)) < 2 or len(set(ratings)) < 2:
        return None
    ranks = np.column_stack((_mean_ranks(scores), _mean_ranks(ratings)))
    r = float(np.asarray(np.corrcoef(ranks, rowvar=False))[1, 0])
    # At -1 and 1 the transformation is infinite, and the interval is the point.
    if abs(r) > 1 - 1e-12:
        return Interval(*[math.copysign(1.0, r)] * 3)
    z, spread = math.atanh(r), Z95 * math.sqrt((1 + r * r / 2) / (len(scores) - 3))
    return Interval(r, math.tanh(z - spread), math.tanh(z + spread))


def _mean_ranks(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the rank of each value, from 1; equal values share their mean rank."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(size) - (size - 1) / 2
    ranks: npt.NDArray[np.float64] = mean_rank[group]
    return ranks


@dataclass(frozen=True, slots=True)
class QueueRule:
    """Precision and recall of "score at or below the threshold" for labels rated 1."""

    reviewed: int
    bad: int
    found: int
    precision: Interval | None
    recall: Interval | None


def evaluate_rule(scores: Sequence[float], ratings: Sequence[int], threshold: float) -> QueueRule:
    """Return precision and recall of the queue's rule for rating 1, over a random sample.

    >>> rule = evaluate_rule([0.1, 0.2, 0.9], [1, 4, 1], threshold=0.5)
    >>> rule.reviewed, rule.bad, rule.found, rule.precision.value, rule.recall.value
    (2, 2, 1, 0.5, 0.5)
    """
    low = np.asarray(scores, dtype=np.float64) <= threshold
    bad = np.asarray(ratings, dtype=np.int64) == THROWN_OUT
    reviewed, found, all_bad = int(low.sum()), int((low & bad).sum()), int(bad.sum())
    return QueueRule(
        reviewed, all_bad, found, wilson_interval(found, reviewed), wilson_interval(found, all_bad)
    )


def share_to_review(
    scores: Sequence[float], ratings: Sequence[int], wanted: float = 0.9
) -> float | None:
    """Return the share of labels to review, lowest scores first, to find most bad ones.

    Bad labels are those rated 1; ``wanted`` is the share of them to find. Labels of equal score are
    reviewed together. None if no label is bad.
    """
    values = np.asarray(scores, dtype=np.float64)
    bad = np.asarray(ratings, dtype=np.int64) == THROWN_OUT
    if not bad.any():
        return None
    needed = math.ceil(wanted * int(bad.sum()) - 1e-9)
    cut = np.sort(values[bad])[max(needed, 1) - 1]
    return float((values <= cut).mean())


def recall_curve(scores: Sequence[float], ratings: Sequence[int]) -> list[tuple[float, float]]:
    """Return (share of labels reviewed, share of bad ones found), lowest scores first.

    The curve runs from (0, 0) to (1, 1). It is empty if no label is rated 1.

    >>> recall_curve([0.1, 0.9], [1, 5])
    [(0.0, 0.0), (0.5, 1.0), (1.0, 1.0)]
    """
    bad = np.asarray(ratings, dtype=np.int64) == THROWN_OUT
    if not bad.any():
        return []
    values = np.asarray(scores, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    looked = np.arange(1, len(order) + 1) / len(order)
    found = np.cumsum(bad[order]) / bad.sum()
    # Labels of equal score are reviewed together: only the last of them is a point.
    last = np.append(np.diff(values[order]) > 0, True)
    return [(0.0, 0.0), *zip(looked[last].tolist(), found[last].tolist(), strict=True)]


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> Interval | None:
    """Return the quadratic weighted kappa of two reviewers (Cohen 1968), -1..1.

    ``first`` and ``second`` are ratings of 1..5 of the same labels, in the same order. The interval
    is by the jackknife over labels. None for fewer than two labels, and if all ratings are equal,
    since kappa is then undefined.
    """
    places = [np.asarray(ratings, dtype=np.intp) - 1 for ratings in (first, second)]
    table = count_joint(places, (LEVELS, LEVELS))
    disagreement = quadratic_disagreement(LEVELS)
    whole = kappa(table, disagreement)
    count = len(first)
    if whole is None or count < 2:
        return None
    left_out = []
    for i, j in zip(*np.nonzero(table), strict=True):
        without = table.copy()
        without[i, j] -= 1
        value = kappa(without, disagreement)
        if value is None:
            return Interval(whole, -1.0, 1.0)
        left_out += [value] * int(table[i, j])
    spread = Z95 * math.sqrt((count - 1) * float(np.var(left_out)))
    return Interval(whole, max(-1.0, whole - spread), min(1.0, whole + spread))
