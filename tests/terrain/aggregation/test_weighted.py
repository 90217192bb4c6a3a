"""Merges of vote patterns: examples, and properties for any labels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from terrain.aggregation.majority import PAPER_RULE, MergeRule, gold_rule, merge_masks
from terrain.aggregation.weighted import (
    NOBODY,
    Decision,
    em_decision,
    merge_layers,
    merged_mask,
    random_label,
    random_label_decision,
    rating_weight,
    skill_weights,
    weighted_decision,
)
from terrain.bitplanes import pack_planes
from terrain.skill.patterns import NO_VOTE, VoteRuns, vote_runs
from tests.factories import mask, rows

Mask = npt.NDArray[np.uint8]
Real = npt.NDArray[np.float64]

CODES = (0, 1)
EVEN = np.full(2, 0.5)
RATING_WEIGHTS = (1, 2, 3, 4, 2)


def pixel(votes: Sequence[int]) -> Mask:
    """Return one pattern with the given vote of each label."""
    return np.array([votes], dtype=np.uint8)


def matrix(right: float, classes: int = 2) -> Real:
    wrong = (1 - right) / (classes - 1)
    return (right - wrong) * np.eye(classes) + wrong


def said(decision: Decision) -> tuple[int, int]:
    return int(decision.winner[0]), int(decision.percent[0])


# -- one pixel -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "weights", "expected", "why"),
    [
        ([0] * 6 + [2, 1, NO_VOTE, NO_VOTE], None, (0, 75), "pixel X of the paper"),
        ([0] * 3 + [2, 2, 1] + [NO_VOTE] * 3, None, (NO_VOTE, 50), "pixel Y of the paper"),
        ([0] * 13 + [1] * 7, None, (NO_VOTE, 65), "13 of 20 is not more than 65 %"),
        ([0] * 14 + [1] * 7, None, (0, 66), "14 of 21; percent are rounded down"),
        ([0] * 3 + [1] * 7, [10] * 3 + [2] * 7, (0, 68), "30 of 44, against the majority"),
        ([0] * 3 + [1] * 7, [13] * 3 + [3] * 7, (NO_VOTE, 65), "39 of 60 is exactly 65 %"),
        ([0] * 2 + [1], [50, 50, 1], (NO_VOTE, 99), "two labelers, whatever they weigh"),
        ([0] * 3, [5, 5, 0], (NO_VOTE, 100), "who weighs nothing is no labeler"),
        ([0] * 3, [0, 0, 0], (NO_VOTE, NOBODY), "nobody who counts labeled it"),
        ([NO_VOTE] * 3, None, (NO_VOTE, NOBODY), "nobody labeled it"),
        ([0] * 3 + [1] * 3, [2] * 6, (NO_VOTE, 50), "a tie"),
    ],
)
def test_weighted_votes(
    votes: list[int], weights: list[int] | None, expected: tuple[int, int], why: str
) -> None:
    assert said(weighted_decision(pixel(votes), 3, PAPER_RULE, weights)) == expected, why


def test_a_tie_of_weights_is_unlabeled_also_where_a_half_would_do() -> None:
    half = MergeRule(1, 50, strict=False)
    assert said(weighted_decision(pixel([0, 1, 1]), 2, half, [2, 1, 1])) == (NO_VOTE, 50)
    assert said(weighted_decision(pixel([0, 1, 1]), 2, half, [2, 2, 1])) == (1, 60)


def test_the_most_probable_class_wins_against_the_majority() -> None:
    rule = MergeRule(1, 80, strict=True)
    matrices = np.stack([matrix(0.95), matrix(0.6), matrix(0.6)])
    # Odds (0.95 / 0.05) * (0.4 / 0.6)^2 = 8.44.
    assert said(em_decision(pixel([0, 1, 1]), rule, EVEN, matrices)) == (0, 89)
    strict = MergeRule(1, 90, strict=True)
    assert said(em_decision(pixel([0, 1, 1]), strict, EVEN, matrices)) == (NO_VOTE, 89)
    two = MergeRule(2, 80, strict=True)
    assert said(em_decision(pixel([0, 1, 1]), two, EVEN, matrices)) == (NO_VOTE, 89)


def test_equally_probable_classes_are_a_tie() -> None:
    rule = MergeRule(1, 0, strict=False)
    matrices = np.stack([matrix(0.8), matrix(0.8)])
    assert said(em_decision(pixel([0, 1]), rule, EVEN, matrices)) == (NO_VOTE, 50)
    nothing = pixel([NO_VOTE, NO_VOTE])
    assert said(em_decision(nothing, rule, np.array([0.9, 0.1]), matrices)) == (
        NO_VOTE,
        NOBODY,
    )


def test_a_single_label_and_how_many_agree_with_it() -> None:
    votes = np.array([[0, 1, 1], [NO_VOTE, 1, 1], [1, NO_VOTE, NO_VOTE]], dtype=np.uint8)
    chosen = random_label_decision(votes, 2, 0)
    assert chosen.winner.tolist() == [0, NO_VOTE, 1]
    assert chosen.percent.tolist() == [33, 0, 100]
    nobody = random_label_decision(np.zeros((0, 0), dtype=np.uint8), 2, None)
    assert not len(nobody.winner)


# -- weights ---------------------------------------------------------------------------------------


def test_who_guesses_weighs_nothing() -> None:
    matrices = np.stack([matrix(1.0, 4), matrix(0.25, 4), matrix(0.7, 4), matrix(0.1, 4)])
    assert skill_weights(np.full(4, 0.25), matrices) == [100, 0, 60, 0]


def test_skill_is_that_of_the_classes_there_are() -> None:
    matrices = np.stack([matrix(1.0, 3)])
    matrices[0, 2] = 1 / 3
    prior = np.array([0.6, 0.399, 0.001])
    assert skill_weights(prior, matrices) == [100]
    assert skill_weights(np.array([1.0, 0.0, 0.0]), matrices) == [100], "nothing to tell apart"


@pytest.mark.parametrize(
    ("ratings", "weight"),
    [
        ((), 2),
        ((5,), 4),
        ((2,), 1),
        ((2, 5), 2),
        ((3, 4), 2),
        ((1,), 0),
        ((1, 2), 0),
        ((4,) * 3, 3),
    ],
)
def test_a_label_weighs_by_its_median_rating(ratings: tuple[int, ...], weight: int) -> None:
    assert rating_weight(ratings, RATING_WEIGHTS) == weight
    assert rating_weight(ratings[::-1], RATING_WEIGHTS) == weight


# -- lots ------------------------------------------------------------------------------------------

names = st.lists(st.text("abcdef", min_size=1), unique=True, max_size=8)


@given(names, st.integers(0, 99), st.data())
def test_the_lot_does_not_depend_on_the_order(
    labels: list[str], seed: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(labels))
    one, other = random_label(seed, "image", labels), random_label(seed, "image", shuffled)
    if one is None or other is None:
        assert labels == []
    else:
        assert labels[one] == shuffled[other]


def test_every_label_is_drawn_equally_often() -> None:
    labels = [f"label {n}" for n in range(5)]
    drawn = [random_label(seed, "image", labels) for seed in range(2000)]
    # 400 each are expected, with a standard deviation of 18.
    assert all(abs(drawn.count(place) - 400) < 90 for place in range(5))


def test_another_label_changes_the_lot_only_where_it_wins() -> None:
    labels = [f"label {n}" for n in range(5)]
    for seed in range(200):
        before, after = (
            random_label(seed, "image", labels),
            random_label(seed, "image", [*labels, "new"]),
        )
        assert after in (before, 5)


# -- whole images ----------------------------------------------------------------------------------


def runs_of(stack: Sequence[Mask], codes: Sequence[int] = CODES) -> VoteRuns:
    return vote_runs([pack_planes(np.ascontiguousarray(each), codes) for each in stack])


def test_layers_by_hand() -> None:
    stack = [mask("001.", "..1."), mask("011.", "...."), mask("000.", "....")]
    runs = runs_of(stack)
    decision = weighted_decision(runs.votes, 2, MergeRule(2, 65, strict=True))

    made = merge_layers(runs, decision, 2, (2, 4))

    assert rows(merged_mask(runs, decision, CODES, (2, 4))) == ["001.", "...."]
    assert made.votes.tolist() == [[[3, 2, 1, 0], [0, 0, 0, 0]], [[0, 1, 2, 0], [0, 0, 1, 0]]]
    assert made.labelers.tolist() == [[3, 3, 3, 0], [0, 0, 1, 0]]
    assert made.confidence.tolist() == [[100, 66, 66, NOBODY], [NOBODY, NOBODY, 100, NOBODY]]


def test_without_labels_there_is_nothing() -> None:
    runs = runs_of([])
    decision = weighted_decision(runs.votes, 2, PAPER_RULE)
    made = merge_layers(runs, decision, 2, (1, 2))
    assert rows(merged_mask(runs, decision, CODES, (1, 2))) == [".."]
    assert made.votes.tolist() == [[[0, 0]], [[0, 0]]]
    assert (made.labelers.tolist(), made.confidence.tolist()) == ([[0, 0]], [[NOBODY, NOBODY]])


def test_votes_are_counted_to_255() -> None:
    runs = runs_of([mask("0")] * 300)
    decision = weighted_decision(runs.votes, 2, PAPER_RULE)
    made = merge_layers(runs, decision, 2, (1, 1))
    assert (made.votes.tolist(), made.labelers.tolist()) == ([[[255]], [[0]]], [[255]])


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Mask, tuple[int, ...]]:
    """Draw labels of one image (labels, height, width), with any class codes."""
    codes = draw(st.lists(st.integers(0, 254), min_size=1, max_size=6, unique=True))
    shape = (draw(st.integers(1, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 20)))
    elements = st.sampled_from([*codes, NO_VOTE])
    return draw(hnp.arrays(np.uint8, shape, elements=elements)), tuple(codes)


rules = st.builds(
    MergeRule,
    minimum=st.integers(1, 4),
    percent=st.integers(0, 100) | st.just(Fraction(200, 3)),
    strict=st.booleans(),
)


@given(stacks(), rules)
@settings(max_examples=80)
def test_equal_weights_are_the_papers_rule(
    drawn: tuple[Mask, tuple[int, ...]], rule: MergeRule
) -> None:
    stack, codes = drawn
    shape = stack.shape[1:]
    runs = runs_of(stack, codes)
    expected = merge_masks(stack, codes, rule, shape=shape)
    for weights in (None, [7] * len(stack)):
        decision = weighted_decision(runs.votes, len(codes), rule, weights)
        assert np.array_equal(merged_mask(runs, decision, codes, shape), expected)


def some_matrices(labels: int, classes: int) -> tuple[Real, Real]:
    rng = np.random.default_rng([labels, classes])
    matrices = rng.dirichlet(np.ones(classes), (labels, classes))
    return rng.dirichlet(np.ones(classes)), matrices


@given(stacks(), rules, st.data())
@settings(max_examples=60)
def test_the_order_of_labels_does_not_matter(
    drawn: tuple[Mask, tuple[int, ...]], rule: MergeRule, data: st.DataObject
) -> None:
    stack, codes = drawn
    shape, classes = stack.shape[1:], len(codes)
    order = data.draw(st.permutations(range(len(stack))))
    weights = data.draw(st.tuples(*[st.integers(0, 9)] * len(stack)))
    prior, matrices = some_matrices(len(stack), classes)

    def merged(order: Sequence[int]) -> list[Mask]:
        runs = runs_of(stack[list(order)], codes)
        decisions = [
            weighted_decision(runs.votes, classes, rule, [weights[n] for n in order]),
            em_decision(runs.votes, rule, prior, matrices[list(order)]),
        ]
        made = merge_layers(runs, decisions[1], classes, shape)
        masks = [merged_mask(runs, decision, codes, shape) for decision in decisions]
        return [*masks, made.votes, made.labelers, made.confidence]

    for one, other in zip(merged(range(len(stack))), merged(order), strict=True):
        assert np.array_equal(one, other)


@given(stacks(), st.sampled_from(["gold", "votes", "weights", "chances"]), st.data())
@settings(max_examples=120)
def test_min3_in_min2_in_min1(
    drawn: tuple[Mask, tuple[int, ...]], how: str, data: st.DataObject
) -> None:
    stack, codes = drawn
    shape, classes = stack.shape[1:], len(codes)
    runs = runs_of(stack, codes)
    weights = data.draw(st.tuples(*[st.integers(0, 9)] * len(stack)))
    percent = data.draw(st.integers(0, 100))
    prior, matrices = some_matrices(len(stack), classes)

    def merged(minimum: int) -> Mask:
        rule = MergeRule(minimum, percent, strict=False)
        if how == "gold":
            return merge_masks(stack, codes, gold_rule(minimum), shape=shape)
        if how == "chances":
            decision = em_decision(runs.votes, rule, prior, matrices)
        else:
            weighed = None if how == "votes" else weights
            decision = weighted_decision(runs.votes, classes, rule, weighed)
        return merged_mask(runs, decision, codes, shape)

    for minimum in (1, 2):
        loose, strict = merged(minimum), merged(minimum + 1)
        labeled = strict != NO_VOTE
        assert np.array_equal(strict[labeled], loose[labeled])


@given(stacks(), rules)
@settings(max_examples=40)
def test_a_pixel_is_labeled_only_as_somebody_labeled_it(
    drawn: tuple[Mask, tuple[int, ...]], rule: MergeRule
) -> None:
    stack, codes = drawn
    prior, matrices = some_matrices(len(stack), len(codes))
    runs = runs_of(stack, codes)
    decision = em_decision(runs.votes, rule, prior, matrices)
    merged = merged_mask(runs, decision, codes, stack.shape[1:])
    assert ((stack == merged).any(axis=0) | (merged == NO_VOTE)).all()
