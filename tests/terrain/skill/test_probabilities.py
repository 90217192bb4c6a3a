"""Posteriors from votes weighted by their labelers' skill."""

from __future__ import annotations

import numpy as np
import pytest

from terrain.bitplanes import pack_planes
from terrain.skill.dawid_skene import SkillModel
from terrain.skill.patterns import NO_VOTE, vote_patterns
from terrain.skill.probabilities import class_probabilities, expected_quality
from terrain.skill.votes import CampaignVotes, ImageVotes, collect_votes
from tests.factories import mask

EVEN = np.full(2, 0.5)


def matrix(right: float, classes: int = 2) -> np.ndarray:
    wrong = (1 - right) / (classes - 1)
    return (right - wrong) * np.eye(classes) + wrong


def model_of(matrices: np.ndarray, prior: np.ndarray) -> SkillModel:
    zero = np.zeros_like(matrices)
    return SkillModel(prior, matrices, zero, zero[0], (), True)


def votes_of(*labels: np.ndarray, classes: int = 2) -> CampaignVotes:
    patterns = vote_patterns([pack_planes(m, range(classes)) for m in labels]).overlapping()
    return collect_votes([ImageVotes(patterns, range(len(labels)))], len(labels), classes)


def test_one_good_labeler_outweighs_two_poor_ones() -> None:
    votes = np.array([[0, 1, 1]], dtype=np.uint8)
    matrices = np.stack([matrix(0.95), matrix(0.6), matrix(0.6)])

    chances = class_probabilities(votes, EVEN, matrices)

    odds = (0.95 / 0.05) * (0.4 / 0.6) ** 2
    assert chances == pytest.approx(np.array([[odds / (1 + odds), 1 / (1 + odds)]]))
    equal = class_probabilities(votes, EVEN, np.stack([matrix(0.8)] * 3))
    assert equal.argmax() == 1, "among equals the majority"


def test_who_always_says_the_same_says_nothing() -> None:
    votes = np.array([[0, 1]], dtype=np.uint8)
    always_0 = np.array([[1.0, 0.0], [1.0, 0.0]]).clip(1e-10)

    chances = class_probabilities(votes, EVEN, np.stack([always_0, matrix(0.7)]))

    assert chances == pytest.approx(np.array([[0.3, 0.7]]))


def test_without_votes_it_is_the_prior() -> None:
    votes = np.full((1, 2), NO_VOTE, dtype=np.uint8)
    chances = class_probabilities(votes, np.array([0.2, 0.8]), np.stack([matrix(0.9)] * 2))
    assert chances == pytest.approx(np.array([[0.2, 0.8]]))


def test_the_order_of_labels_does_not_change_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    votes = rng.integers(0, 2, (50, 9), dtype=np.uint8)
    matrices = np.stack([matrix(right) for right in rng.uniform(0.5, 0.99, 9)])
    order = rng.permutation(9)

    chances = class_probabilities(votes, EVEN, matrices)

    assert (chances == class_probabilities(votes[:, order], EVEN, matrices[order])).all()


def test_quality_by_hand() -> None:
    """With perfect labelers, the expected Jaccard index equals that with the others' posterior."""
    a, b, c = mask("0000", "11.."), mask("0000", "11.."), mask("0011", "11..")
    sure = np.stack([matrix(1 - 1e-9)] * 3)

    quality = expected_quality(votes_of(a, b, c), model_of(sure, EVEN))

    # Two pixels, of which A says 0, B says 0 and C says 1: without C's vote they are 0.
    assert quality[2] == pytest.approx(((2 / 4) + (2 / 4)) / 2)
    # Without A's vote B and C stand against each other: each pixel is half 0 and half 1.
    assert quality[0] == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert quality[0] == pytest.approx(quality[1])


def test_a_poor_labelers_company_does_not_make_a_label_good() -> None:
    truth, wrong = mask("0011", "0011"), mask("1111", "1111")
    labels = [truth, truth, wrong, wrong, wrong]
    always_1 = np.array([[0.05, 0.95], [0.05, 0.95]])
    model = model_of(np.stack([matrix(0.9)] * 2 + [always_1] * 3), EVEN)

    quality = expected_quality(votes_of(*labels), model)

    # Of each the other true one is the only company that says anything.
    assert quality[:2] == pytest.approx([0.9 / 1.1] * 2)
    assert quality[2:].max() < 0.5


def test_what_was_missed_lowers_the_quality() -> None:
    whole, half = mask("0000", "1111"), mask("00..", "11..")
    model = model_of(np.stack([matrix(0.95)] * 4), EVEN)

    quality = expected_quality(votes_of(whole, whole, whole, half), model)

    assert quality[0] > 0.95
    assert quality[3] == pytest.approx(0.5, abs=0.02)


def test_a_label_that_nobody_else_touches_has_no_quality() -> None:
    model = model_of(np.stack([matrix(0.95)] * 3), EVEN)
    quality = expected_quality(votes_of(mask("00.."), mask("00.."), mask("..11")), model)
    assert np.isnan(quality[2])
    assert not np.isnan(quality[:2]).any()
