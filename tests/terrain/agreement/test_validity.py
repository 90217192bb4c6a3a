"""Whether scores predict ratings, on numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from terrain.agreement.validity import (
    evaluate_rule,
    rank_correlation,
    recall_curve,
    share_to_review,
    weighted_kappa,
)
from terrain.metrics.intervals import Interval, wilson_interval


def test_rank_correlation_by_hand() -> None:
    # Ranks of the scores 1..5, of the ratings 2 1 3 5 4: 1 - 6 * (1 + 1 + 0 + 1 + 1) / (5 * 24)
    found = rank_correlation([0.1, 0.2, 0.3, 0.4, 0.5], [2, 1, 3, 5, 4])
    assert found is not None
    assert found.value == pytest.approx(0.8)
    assert found.low < 0.8 < found.high <= 1


@pytest.mark.parametrize(
    ("scores", "ratings"),
    [
        ([], []),
        ([0.1, 0.2, 0.3], [1, 2, 3]),
        ([0.5] * 9, [1, 2, 3] * 3),
        ([0.1, 0.2] * 5, [4] * 10),
    ],
)
def test_where_there_is_no_correlation_to_speak_of(scores: list[float], ratings: list[int]) -> None:
    assert rank_correlation(scores, ratings) is None


def test_a_perfect_correlation() -> None:
    assert rank_correlation([0.1, 0.2, 0.3, 0.4, 0.5], [1, 2, 3, 4, 5]) == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize("count", [4, 5, 31, 1000, 20_000])
def test_rank_correlation_is_the_one_of_scipy_to_the_last_bit(count: int) -> None:
    rng = np.random.default_rng(count)
    scores = rng.random(count).round(3)
    ratings = np.clip(1 + (4 * scores + rng.standard_normal(count)).round(), 1, 5).astype(int)
    scores[:2], ratings[:2] = (0.1, 0.9), (1, 5)
    found = rank_correlation(scores.tolist(), ratings.tolist())
    assert found is not None
    assert found.value == stats.spearmanr(scores, ratings).statistic


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """The interval must contain a known population's correlation in about 95 % of 400 samples."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        both = rng.standard_normal(120)
        x, y = both + rng.standard_normal(120), both + rng.standard_normal(120)
        found = rank_correlation(x.tolist(), y.tolist())
        # Of two normal variables with correlation 1/2.
        truth = 6 / np.pi * np.arcsin(0.25)
        assert found is not None
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_shares() -> None:
    assert wilson_interval(0, 0) is None
    found = wilson_interval(8, 10)
    assert found is not None
    assert (found.value, round(found.low, 3), round(found.high, 3)) == (0.8, 0.490, 0.943)
    nothing, everything = wilson_interval(0, 10), wilson_interval(10, 10)
    assert nothing is not None
    assert everything is not None
    assert nothing.low == 0.0
    assert everything.high == pytest.approx(1.0)


def test_the_rule_of_the_queue() -> None:
    rule = evaluate_rule([0.1, 0.2, 0.3, 0.4], [1, 4, 1, 5], threshold=0.2)
    assert (rule.reviewed, rule.bad, rule.found) == (2, 2, 1)
    assert rule.precision is not None
    assert rule.recall is not None
    assert (rule.precision.value, rule.recall.value) == (0.5, 0.5)
    assert evaluate_rule([0.9], [5], 0.2).precision is None


def test_how_much_to_review() -> None:
    scores = [n / 10 for n in range(10)]
    assert share_to_review(scores, [1, 5, 1, 5, 5, 5, 5, 5, 5, 1]) == 1.0
    assert share_to_review(scores, [1, 5, 1, 5, 5, 5, 5, 5, 5, 1], wanted=0.6) == 0.3
    assert share_to_review(scores, [1] * 2 + [5] * 8) == 0.2
    assert share_to_review([0.5] * 4, [1, 5, 5, 5]) == 1.0, "equal scores are looked at together"
    assert share_to_review(scores, [5] * 10) is None


def test_the_curve_of_finding() -> None:
    assert recall_curve([0.3, 0.1, 0.2, 0.2], [5, 1, 1, 5]) == [
        (0.0, 0.0),
        (0.25, 0.5),
        (0.75, 1.0),
        (1.0, 1.0),
    ]
    assert recall_curve([0.1], [5]) == []


def test_agreement_of_reviewers() -> None:
    same = weighted_kappa([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert same is not None
    assert same.value == 1.0
    # By hand: squared differences 0 1 0 1 of 16; by chance the mean over all 16 pairs.
    found = weighted_kappa([1, 2, 4, 5], [1, 3, 4, 4])
    by_chance = np.mean([(a - b) ** 2 for a in (1, 2, 4, 5) for b in (1, 3, 4, 4)])
    assert found is not None
    assert found.value == pytest.approx(1 - (2 / 4) / by_chance)
    assert found.low <= found.value <= found.high
    assert weighted_kappa([], []) is None
    assert weighted_kappa([4, 4], [4, 4]) is None
