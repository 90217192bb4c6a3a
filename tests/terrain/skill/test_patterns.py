"""Runs of equal votes, compared with the votes of each pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.bitplanes import pack_planes
from terrain.masks import NO_LABEL
from terrain.skill.patterns import NO_VOTE, VotePatterns, vote_patterns, vote_runs
from tests.factories import mask


def drawn_masks(seed: int, labels: int, classes: int, height: int, width: int) -> list[np.ndarray]:
    """Return masks made of blocks, so that there are runs, with class codes 0 .. classes - 1."""
    rng = np.random.default_rng(seed)
    masks = []
    for _ in range(labels):
        blocks = rng.integers(-1, classes, (height, -(-width // 3)))
        drawn = np.repeat(blocks, 3, axis=1)[:, :width]
        masks.append(np.where(drawn < 0, NO_LABEL, drawn).astype(np.uint8))
    return masks


def counted(masks: list[np.ndarray]) -> dict[tuple[int, ...], int]:
    """Return the number of pixels with each combination of votes, pixel by pixel."""
    stack = np.stack([m.reshape(-1) for m in masks], axis=1)
    found, pixels = np.unique(stack, axis=0, return_counts=True)
    return {
        tuple(votes): int(count)
        for votes, count in zip(found.tolist(), pixels.tolist(), strict=True)
        if set(votes) != {NO_LABEL}
    }


def as_counts(patterns: VotePatterns) -> dict[tuple[int, ...], int]:
    pairs = list(zip(map(tuple, patterns.votes.tolist()), patterns.pixels.tolist(), strict=True))
    assert len(dict(pairs)) == len(pairs), "each combination once"
    return dict(pairs)


def test_patterns_by_hand() -> None:
    a, b = mask("0011", ".1.."), mask("00.1", "2...")

    patterns = vote_patterns([pack_planes(m, (0, 1, 2)) for m in (a, b)])

    assert as_counts(patterns) == {
        (0, 0): 2,
        (1, NO_VOTE): 2,
        (1, 1): 1,
        (NO_VOTE, 2): 1,
    }
    assert as_counts(patterns.overlapping()) == {(0, 0): 2, (1, 1): 1}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    labels=st.integers(1, 24),
    classes=st.sampled_from((1, 2, 3, 4, 21, 254, 255)),
    height=st.integers(1, 9),
    width=st.integers(1, 70),
)
def test_patterns_are_those_of_the_pixels(
    seed: int, labels: int, classes: int, height: int, width: int
) -> None:
    masks = drawn_masks(seed, labels, classes, height, width)

    assert as_counts(vote_patterns([pack_planes(m, range(classes)) for m in masks])) == counted(
        masks
    )


def test_runs_spell_the_votes_of_every_pixel() -> None:
    masks = drawn_masks(5, 7, 4, 9, 50)

    runs = vote_runs([pack_planes(m, range(4)) for m in masks])

    votes = runs.votes[np.repeat(runs.pattern, runs.lengths)]
    assert (votes[: 9 * 50] == np.stack([m.reshape(-1) for m in masks], axis=1)).all()
    assert (votes[9 * 50 :] == NO_VOTE).all()


def test_no_labels_and_empty_labels_have_no_patterns() -> None:
    assert len(vote_patterns([]).pixels) == 0
    nothing = pack_planes(mask("....", "...."), (0, 1))
    assert len(vote_patterns([nothing, nothing]).pixels) == 0


def many_patterns(count: int) -> VotePatterns:
    rng = np.random.default_rng(3)
    votes = np.stack([np.arange(count) // 100, np.arange(count) % 100], axis=1).astype(np.uint8)
    return VotePatterns(votes, (1000 * rng.pareto(1.5, count)).astype(np.int64) + 1)


@pytest.mark.parametrize("most", [4, 50, 255])
def test_condensed_patterns_stand_for_all_pixels(most: int) -> None:
    patterns = many_patterns(400)

    condensed = patterns.condensed(most)

    assert len(condensed.pixels) == most
    assert condensed.pixels.sum() == patterns.pixels.sum()
    assert condensed.pixels.min() > 0
    largest = np.sort(patterns.pixels)[::-1][: most * 3 // 4]
    assert (condensed.pixels[: len(largest)] == largest).all()
    assert (condensed.votes == patterns.condensed(most).votes).all()


def test_slivers_of_each_kind_keep_their_share() -> None:
    patterns = many_patterns(2000)
    kind = patterns.votes[:, 0] < 7

    condensed = patterns.condensed(200)

    share = condensed.pixels[condensed.votes[:, 0] < 7].sum() / condensed.pixels.sum()
    assert share == pytest.approx(patterns.pixels[kind].sum() / patterns.pixels.sum(), abs=0.02)


def test_few_patterns_stay_as_they_are() -> None:
    patterns = many_patterns(40)
    assert patterns.condensed(40) is patterns
