"""Skill with its uncertainty, for simulated labelers of known skill."""

from __future__ import annotations

import numpy as np
import pytest

from terrain.skill.dawid_skene import fit
from terrain.skill.estimates import CROWD_OBSERVATIONS, estimate, pixels_per_observation
from terrain.skill.patterns import NO_VOTE, VotePatterns
from terrain.skill.votes import Block, CampaignVotes, ImageVotes, collect_votes

CLASSES = 3
REGIONS, PIXELS = 6, 500


def campaign(
    matrices: np.ndarray, images: int, seed: int, present: float = 0.6, classes: int = CLASSES
) -> CampaignVotes:
    """Return images of a few regions each, where a labeler gives each region a single class."""
    rng = np.random.default_rng(seed)
    labelers = len(matrices)
    collected = []
    for _ in range(images):
        who = np.flatnonzero(rng.random(labelers) < present)
        truth = rng.integers(CLASSES, size=REGIONS)
        reached = matrices.cumsum(axis=2)[who, truth[:, None]]
        drawn = (rng.random((REGIONS, len(who), 1)) > reached).sum(axis=2).clip(max=CLASSES - 1)
        drawn = np.where(rng.random(drawn.shape) < 0.2, NO_VOTE, drawn).astype(np.uint8)
        patterns = VotePatterns(drawn, np.full(REGIONS, PIXELS))
        collected.append(ImageVotes(patterns.overlapping(), who.tolist()))
    return collect_votes(collected, labelers, classes)


def people(seed: int, count: int = 20) -> np.ndarray:
    """Return confusion matrices of labelers from poor to good."""
    rng = np.random.default_rng(seed)
    right = rng.uniform(0.5, 0.98, (count, CLASSES))
    wrong = (1 - right) / (CLASSES - 1)
    eye = np.eye(CLASSES)
    return right[:, :, None] * eye + wrong[:, :, None] * (1 - eye)


def balanced(matrices: np.ndarray) -> np.ndarray:
    return np.diagonal(matrices, axis1=1, axis2=2).mean(axis=1)


def test_a_region_and_not_a_pixel_is_an_observation() -> None:
    votes = campaign(people(1), 120, 1)

    pixels = pixels_per_observation(votes, fit(votes))

    assert pixels == pytest.approx(np.full(CLASSES, PIXELS), rel=0.35)


def test_intervals_hold_what_they_promise() -> None:
    inside = []
    for seed in range(10):
        matrices = people(seed)
        found = estimate(campaign(matrices, 60, 100 + seed))
        truth = balanced(matrices)
        inside.append((found.low <= truth) & (truth <= found.high))
        assert (found.low <= found.skill).all()
        assert (found.skill <= found.high).all()
    assert 0.90 <= np.mean(inside) <= 0.99


def test_who_has_drawn_more_is_known_better() -> None:
    matrices = np.tile(0.7 * np.eye(CLASSES) + 0.1, (12, 1, 1))
    few, many = (estimate(campaign(matrices, images, 3)) for images in (8, 80))

    assert (many.high - many.low).mean() < 0.6 * (few.high - few.low).mean()
    assert many.observations.mean() > 5 * few.observations.mean()
    assert (many.deviations < few.deviations).mean() > 0.9


def test_a_newcomer_is_taken_to_be_like_the_crowd() -> None:
    matrices = people(5, 8)
    votes = campaign(matrices, 60, 5)
    with_newcomer = CampaignVotes(
        votes.classes,
        votes.labeler_count + 1,
        votes.image_count,
        votes.labelers,
        votes_with_extra_column(votes),
    )

    found = estimate(with_newcomer)

    assert found.observations[-1] == pytest.approx(np.zeros(CLASSES))
    assert found.skill[-1] == pytest.approx(balanced(matrices).mean(), abs=0.05)
    assert found.high[-1] - found.low[-1] > 2 * (found.high - found.low)[:-1].mean()
    row = found.model.matrices[-1, 0, 0]
    expected = np.sqrt(row * (1 - row) / (CROWD_OBSERVATIONS + 1))
    assert found.deviations[-1, 0, 0] == pytest.approx(expected)


def votes_with_extra_column(votes: CampaignVotes) -> tuple[Block, ...]:
    blocks = []
    for block in votes.blocks:
        marks = block.marks.copy()
        marks.resize(marks.shape[0], marks.shape[1] + votes.classes)
        blocks.append(Block(marks, block.pixels, block.image, block.label))
    return tuple(blocks)


def test_classes_nobody_drew_do_not_count() -> None:
    """A campaign of 21 classes, of which three occur."""
    matrices = people(6)
    found = estimate(campaign(matrices, 60, 6, classes=21))

    assert found.classes == (0, 1, 2)
    assert found.skill == pytest.approx(balanced(matrices), abs=0.2)
    assert found.skill.max() > 0.85


def test_a_class_that_occurs_only_by_mistake_does_not_count() -> None:
    """One labeler in the campaign labels a region as a fourth class by mistake."""
    matrices = people(7)
    votes = campaign(matrices, 60, 7, classes=4)
    stray = ImageVotes(
        VotePatterns(np.array([[1, 1, 1, 1, 3]], dtype=np.uint8), np.array([PIXELS])), range(5)
    )
    other = collect_votes([stray], votes.labeler_count, 4)
    together = CampaignVotes(
        4,
        votes.labeler_count,
        votes.image_count + 1,
        np.concatenate([votes.labelers, other.labelers]),
        (*votes.blocks, renumbered(other, votes)),
    )

    assert estimate(together).classes == (0, 1, 2)


def renumbered(later: CampaignVotes, earlier: CampaignVotes) -> Block:
    (block,) = later.blocks
    return Block(
        block.marks,
        block.pixels,
        block.image + np.int32(earlier.image_count),
        block.label + np.int32(len(earlier.labelers)),
    )


def test_one_image_is_enough_to_say_something_and_to_say_how_little() -> None:
    drawn = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 0]], dtype=np.uint8)
    image = ImageVotes(VotePatterns(drawn, np.array([500, 300, 300])), (0, 1, 2))

    found = estimate(collect_votes([image], 3, CLASSES))

    assert found.classes == (0, 1)
    assert found.skill[2] < found.skill[0] == pytest.approx(found.skill[1])
    assert (found.high - found.low > 0.2).all()


def test_without_votes_nothing_is_known() -> None:
    found = estimate(collect_votes([], 2, CLASSES))

    assert found.skill == pytest.approx(np.full(2, 1 / CLASSES))
    assert (found.high - found.low > 0.4).all()
    assert estimate(collect_votes([], 0, CLASSES)).skill.shape == (0,)
