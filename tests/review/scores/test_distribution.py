"""The distribution of scores in bins, kept consistent with the scores."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.models import Campaign, Label, Role
from review.models import AgreementScore, Order, ScoreBin
from review.queue.services import queue
from review.queue.services.ratings import rate, undo
from review.scores.services import distribution
from review.scores.services.scores import score_image
from review.scores.services.threshold import threshold
from terrain.agreement.distribution import (
    BINS,
    BinnedScore,
    bin_changes,
    bin_of,
    bin_range,
    find_rank,
)
from tests.factories import ACTOR, accept, give_score, new_campaign, new_image, new_reviewer

scores = st.floats(0, 1)


@given(score=scores)
def test_a_score_is_in_the_bin_whose_range_holds_it(score: float) -> None:
    place = bin_of(score)
    lowest, above = bin_range(place)
    assert 0 <= place < BINS
    assert lowest <= score < above


@given(st.lists(scores, max_size=40), st.integers(0, 50))
def test_the_bin_of_a_rank(drawn: list[float], rank: int) -> None:
    ordered = sorted(drawn)
    counts: dict[int, int] = {}
    for score in ordered:
        counts[bin_of(score)] = counts.get(bin_of(score), 0) + 1
    found = find_rank(sorted(counts.items()), rank)
    if rank >= len(ordered):
        assert found is None
    else:
        place, within = found or (-1, -1)
        assert place == bin_of(ordered[rank])
        assert [score for score in ordered if bin_of(score) == place][within] == ordered[rank]


def test_only_bins_that_change_are_said() -> None:
    half, low = (BinnedScore("skill", "crowd", score, True) for score in (0.5, 0.1))
    assert bin_changes([half], [half]) == []
    rated = half._replace(is_waiting=False)
    assert bin_changes([half, low], [rated]) == [
        ("skill", "crowd", bin_of(0.1), -1, -1),
        ("skill", "crowd", bin_of(0.5), 0, -1),
    ]


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def counted(campaign: Campaign) -> dict[tuple[str, str, int], tuple[int, int]]:
    rows = ScoreBin.objects.filter(campaign=campaign).exclude(count=0, waiting=0)
    return {(row.order, row.role, row.place): (row.count, row.waiting) for row in rows}


def assert_in_step(campaign: Campaign) -> None:
    """Check that the counts equal a recount."""
    before = counted(campaign)
    distribution.recount(campaign)
    assert counted(campaign) == before
    expected: dict[tuple[str, str, int], tuple[int, int]] = {}
    scores = AgreementScore.objects.filter(campaign=campaign)
    for order, score in itertools.product(Order, scores):
        place = (order.value, score.role, bin_of(getattr(score, order.field)))
        all_, waiting = expected.get(place, (0, 0))
        expected[place] = (all_ + 1, waiting + score.is_waiting)
    assert before == expected


@pytest.mark.django_db
def test_counts_follow_labels_and_ratings(campaign: Campaign) -> None:
    image, rita = new_image(campaign), new_reviewer()
    made = [accept(image, drawn, "....") for drawn in ("0000", "00..", "0011", "2222")]
    assert counted(campaign) == {}
    score_image(image.pk)
    assert_in_step(campaign)
    assert distribution.total(campaign, Role.CROWD) == 4

    rating = rate(Actor.of_user(rita), made[3], 1)
    assert_in_step(campaign)
    score_image(image.pk)
    assert_in_step(campaign)
    assert distribution.total(campaign, Role.CROWD) == 4, "a label thrown out keeps its score"

    undo(ACTOR, rating)
    score_image(image.pk)
    assert_in_step(campaign)
    rate(Actor.of_user(rita), made[0], 5)
    assert_in_step(campaign)
    for label in made[1:]:
        labels.reject(ACTOR, Label.objects.get(pk=label.pk))
    score_image(image.pk)
    assert_in_step(campaign)


@pytest.mark.django_db
def test_the_threshold_is_the_score_of_its_rank(campaign: Campaign) -> None:
    """Exactly, even if many scores share a bin."""
    rng = random.Random(4)
    drawn = [0.5 + rng.random() / 2000 for _ in range(25)] + [rng.random() for _ in range(25)]
    image = new_image(campaign)
    for score in drawn:
        give_score(accept(image, "00..", "...."), score)

    for percent in (1, 2, 20, 50, 77, 100):
        campaign.queue_percent = percent
        length = 50 * percent // 100
        end = threshold(campaign)
        assert (end and end.score) == (sorted(drawn)[length - 1] if length else None)
        assert queue.doubtful(campaign).count() == queue.remaining(campaign) == length


@pytest.mark.django_db
def test_the_rank_of_a_score(campaign: Campaign) -> None:
    image = new_image(campaign)
    made = [give_score(accept(image, "00..", "...."), s) for s in (0.2, 0.2001, 0.9, 0.2, 1.0)]
    assert [distribution.rank_of(score) for score in made] == [1, 3, 4, 1, 5]
