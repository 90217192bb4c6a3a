"""The skill model, compared with crowd-kit, a plain implementation, and known labelers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.skill import votes as votes_module
from terrain.skill.dawid_skene import SkillModel, fit, posteriors
from terrain.skill.patterns import NO_VOTE, VotePatterns
from terrain.skill.votes import CampaignVotes, ImageVotes, collect_votes
from tests.review.skill.crowd_kit import CASES, KEPT, votes


def votes_of(
    drawn: np.ndarray, classes: int, pixels: np.ndarray | None = None, images: int = 1
) -> CampaignVotes:
    """Return votes, uint8 (patterns, labelers), as those of one image, or divided among several."""
    pixels = np.ones(len(drawn), dtype=np.int64) if pixels is None else pixels
    parts = np.array_split(np.arange(len(drawn)), images)
    who = range(drawn.shape[1])
    return collect_votes(
        (ImageVotes(VotePatterns(drawn[part], pixels[part]), who) for part in parts),
        drawn.shape[1],
        classes,
    )


def posteriors_of(votes: CampaignVotes, model: SkillModel) -> np.ndarray:
    return np.concatenate([posteriors(b, model.prior, model.matrices)[0] for b in votes.blocks])


def made_up(
    rng: np.random.Generator, matrices: np.ndarray, patterns: int, missing: float
) -> np.ndarray:
    """Return votes drawn from the model for labelers with these confusion matrices."""
    labelers, classes, _ = matrices.shape
    truth = rng.integers(classes, size=patterns)
    chance = rng.random((patterns, labelers, 1))
    reached = matrices.cumsum(axis=2)[np.arange(labelers), truth[:, None]]
    drawn = (chance > reached).sum(axis=2).clip(max=classes - 1)
    return np.where(rng.random(drawn.shape) < missing, NO_VOTE, drawn).astype(np.uint8)


def plain(drawn: np.ndarray, classes: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return posteriors and matrices by equations 2.3 to 2.5 of Dawid and Skene, pixel by pixel."""
    one_hot = (drawn[:, :, None] == np.arange(classes)).astype(np.float64)
    voting = drawn != NO_VOTE
    chances = one_hot.sum(axis=1) / voting.sum(axis=1)[:, None]
    for _ in range(rounds):
        prior = chances.mean(axis=0)
        counts = np.einsum("it,iwd->wtd", chances, one_hot)
        total = counts.sum(axis=2, keepdims=True)
        matrices = np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / classes)
        matrices = np.maximum(matrices, 1e-10)
        matrices /= matrices.sum(axis=2, keepdims=True)
        likelihood = np.tile(np.log(prior), (len(drawn), 1))
        for i in range(len(drawn)):
            for w in np.flatnonzero(voting[i]):
                likelihood[i] += np.log(matrices[w, :, drawn[i, w]])
        chances = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
    return chances, matrices


@pytest.mark.parametrize("case", range(len(CASES)))
def test_posteriors_are_those_of_crowd_kit(case: int) -> None:
    kept = json.loads(KEPT.read_text())["cases"][case]
    drawn, classes = votes(case), CASES[case][2]
    assert drawn.tolist() == kept["votes"], "crowd-kit was asked about these votes"

    given = votes_of(drawn, classes)
    model = fit(given, rounds=kept["rounds"], tolerance=-1)

    assert posteriors_of(given, model) == pytest.approx(np.array(kept["posteriors"]), abs=1e-6)


def test_pixels_one_by_one_give_the_same() -> None:
    """A pattern of n pixels counts as n pixels."""
    rng = np.random.default_rng(8)
    drawn = votes(1)
    pixels = rng.integers(1, 30, len(drawn))
    singly = np.repeat(drawn, pixels, axis=0)

    weighed = votes_of(drawn, 3, pixels, images=4)
    model = fit(weighed, rounds=25, tolerance=-1)

    chances, matrices = plain(singly, 3, rounds=25)
    assert np.repeat(posteriors_of(weighed, model), pixels, axis=0) == pytest.approx(
        chances, abs=1e-9
    )
    assert model.matrices == pytest.approx(matrices, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    labelers=st.integers(1, 6),
    classes=st.integers(1, 5),
    missing=st.floats(0, 0.9),
    smoothed=st.sampled_from((0.0, 0.5, 20.0)),
)
def test_what_is_maximized_never_falls(
    seed: int, labelers: int, classes: int, missing: float, smoothed: float
) -> None:
    rng = np.random.default_rng(seed)
    drawn = rng.integers(classes, size=(25, labelers))
    drawn = np.where(rng.random(drawn.shape) < missing, NO_VOTE, drawn).astype(np.uint8)
    smoothing = smoothed * rng.random((classes, classes)) if smoothed else None

    model = fit(votes_of(drawn, classes, rng.integers(1, 99, 25)), smoothing, rounds=30)

    assert len(model.history) >= 1
    # Chances are held above 1e-10, which can cost as much as rounding does.
    assert (np.diff(model.history) > -1e-7).all()
    assert model.matrices.sum(axis=2) == pytest.approx(np.ones((labelers, classes)))


def test_known_labelers_are_found_again() -> None:
    rng = np.random.default_rng(2)
    good = 0.82 * np.eye(3) + 0.06
    blind = np.array([[0.9, 0.05, 0.05], [0.7, 0.2, 0.1], [0.05, 0.05, 0.9]])
    spam = np.tile([0.8, 0.1, 0.1], (3, 1))
    matrices = np.stack([good, good, good, blind, spam, good])

    model = fit(votes_of(made_up(rng, matrices, 20_000, 0.4), 3))

    assert model.converged
    assert model.matrices == pytest.approx(matrices, abs=0.03)
    assert model.prior == pytest.approx(np.full(3, 1 / 3), abs=0.02)


def test_what_is_left_open_counts_neither_for_nor_against() -> None:
    """Labels are sparse by design: with half of the votes missing, the skill stays the same."""
    rng = np.random.default_rng(4)
    matrices = np.tile(0.7 * np.eye(3) + 0.1, (5, 1, 1))
    drawn = made_up(rng, matrices, 20_000, 0.0)
    half = drawn.copy()
    half[rng.random(len(half)) < 0.5, 0] = NO_VOTE

    whole, sparse = (fit(votes_of(d, 3)).matrices[0] for d in (drawn, half))

    assert sparse == pytest.approx(whole, abs=0.02)


def test_the_order_of_labelers_and_the_names_of_classes_change_nothing() -> None:
    drawn = votes(2)
    order, names = np.random.default_rng(1).permutation(8), np.array([2, 3, 1, 0])
    renamed = np.where(drawn == NO_VOTE, NO_VOTE, names[drawn % 4]).astype(np.uint8)[:, order]

    one, other = fit(votes_of(drawn, 4)), fit(votes_of(renamed, 4))

    assert other.matrices[:, names[:, None], names] == pytest.approx(one.matrices[order], abs=1e-9)
    assert other.history == pytest.approx(one.history)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = votes(2)
    whole = fit(votes_of(drawn, 4, images=9))
    monkeypatch.setattr(votes_module, "BLOCK_PATTERNS", 25)

    in_blocks = votes_of(drawn, 4, images=9)

    assert len(in_blocks.blocks) > 2
    assert fit(in_blocks).matrices == pytest.approx(whole.matrices, abs=1e-12)


def test_smoothing_is_as_if_more_had_been_drawn() -> None:
    drawn = np.array([[0, 0, NO_VOTE], [1, 1, NO_VOTE]], dtype=np.uint8)
    smoothing = np.array([[3.0, 1.0], [0.5, 1.5]])

    model = fit(votes_of(drawn, 2), smoothing, tolerance=1e-12)

    together = model.counts + smoothing
    assert model.matrices == pytest.approx(together / together.sum(axis=2, keepdims=True), abs=1e-4)
    assert model.matrices[2] == pytest.approx(np.array([[0.75, 0.25], [0.25, 0.75]])), "no votes"


def test_without_votes_all_chances_are_equal() -> None:
    model = fit(collect_votes([], 2, 4))
    assert model.matrices == pytest.approx(np.full((2, 4, 4), 0.25))
    assert model.prior == pytest.approx(np.full(4, 0.25))
