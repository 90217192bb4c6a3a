"""The review queue: the lowest fifth of all scores of a campaign (paper 3.2)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.models import Campaign, Image, Label
from labeling.people.services.labelers import labeler_of_user
from review import policies
from review.models import ReviewPlan
from review.queue.services import queue
from review.queue.services.ratings import rate
from review.scores.services.threshold import Threshold, threshold
from tests.factories import (
    ACTOR,
    accept,
    give_score,
    new_account,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db

NEXT = "/api/campaigns/navcam/review/next/"


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign without the audit, which would add random labels to the queue."""
    made = new_campaign()
    ReviewPlan.objects.create(campaign=made, audit_percent=0)
    return made


@pytest.fixture
def rita() -> User:
    return new_reviewer()


@pytest.fixture
def client(rita: User) -> APIClient:
    browser = APIClient()
    browser.force_login(rita)
    return browser


def scored(campaign: Campaign, *scores: float) -> list[Label]:
    """Return one label per score, each on its own image."""
    made = []
    for score in scores:
        made.append(accept(new_image(campaign), "00..", "...."))
        give_score(made[-1], score)
    return made


def queued(campaign: Campaign) -> list[uuid.UUID]:
    return [
        score.label_id
        for score in queue.doubtful(campaign).waiting()
        if score.label.image.retired_at is None
    ]


@pytest.mark.parametrize(
    ("scores", "percent", "length"),
    [
        (0, 20, 0),
        (4, 20, 0),
        (5, 20, 1),
        (9, 20, 1),
        (10, 20, 2),
        (14, 20, 2),
        (326_000, 20, 65_200),
        (7, 0, 0),
        (7, 100, 7),
        (3, 33, 0),
        (10, 29, 2),
    ],
)
def test_the_share_is_rounded_down(scores: int, percent: int, length: int) -> None:
    assert policies.queue_length(scores, percent) == length


@pytest.mark.parametrize("status", Label.Status)
def test_which_labels_may_be_rated(status: str) -> None:
    assert policies.may_be_rated(Label(status=status)) == (status == Label.Status.ACCEPTED)


@pytest.mark.parametrize(
    ("value", "out"), [(1, True), (2, False), (3, False), (4, False), (5, False)]
)
def test_which_ratings_throw_out(value: int, out: bool) -> None:
    assert policies.throws_out(value) == out


def test_the_lowest_fifth_worst_first(campaign: Campaign) -> None:
    made = scored(campaign, 0.9, 0.3, 0.8, 0.1, 0.7, 0.6, 0.5, 0.95, 0.4, 0.2)

    assert queued(campaign) == [made[3].pk, made[9].pk]
    end = threshold(campaign)
    assert end == Threshold(0.2, made[9].pk)


def test_labels_of_retired_images_are_not_reviewed(campaign: Campaign) -> None:
    made = scored(campaign, 0.1, 0.2, 0.3, 0.4, 0.5)
    Image.objects.filter(pk=made[0].image_id).update(retired_at=timezone.now())

    assert queued(campaign) == []


def test_with_fewer_than_five_scores_the_queue_is_empty(campaign: Campaign) -> None:
    scored(campaign, 0.1, 0.2, 0.3, 0.4)

    assert threshold(campaign) is None
    assert queued(campaign) == []


def test_the_share_is_of_all_labels_of_the_campaign_not_of_each_image(campaign: Campaign) -> None:
    good, bad = new_image(campaign), new_image(campaign)
    for score in (0.9, 0.91, 0.92, 0.93, 0.94):
        give_score(accept(good, "00..", "...."), score)
    worst = []
    for score in (0.1, 0.11, 0.12, 0.13, 0.14):
        worst.append(accept(bad, "00..", "...."))
        give_score(worst[-1], score)

    assert queued(campaign) == [worst[0].pk, worst[1].pk], "none of the good image"


def test_other_campaigns_have_a_distribution_of_their_own(campaign: Campaign) -> None:
    made = scored(campaign, 0.5, 0.6, 0.7, 0.8, 0.9)
    scored(new_campaign("other"), *[0.1] * 10)

    assert queued(campaign) == [made[0].pk]


def test_experts_are_not_in_the_crowds_queue(campaign: Campaign) -> None:
    made = scored(campaign, 0.5, 0.6, 0.7, 0.8, 0.9)
    for _ in range(5):
        give_score(accept(new_image(campaign), "00..", "....", role="expert"), 0.0)

    assert queued(campaign) == [made[0].pk]


def test_equal_scores_are_cut_by_the_labels_id(campaign: Campaign) -> None:
    made = scored(campaign, *[0.5] * 11)
    ids = sorted(label.pk for label in made)

    assert queued(campaign) == ids[:2]
    assert queued(campaign) == ids[:2], "and always in the same way"


def test_the_queue_moves_as_scores_arrive(campaign: Campaign) -> None:
    first = scored(campaign, 0.5, 0.6, 0.7, 0.8, 0.9)
    assert queued(campaign) == [first[0].pk]

    more = scored(campaign, 0.1, 0.2, 0.91, 0.92, 0.93)

    assert queued(campaign) == [more[0].pk, more[1].pk]


def test_rated_labels_leave_and_do_not_pull_better_ones_in(campaign: Campaign, rita: User) -> None:
    made = scored(campaign, 0.1, 0.2, *[0.9] * 8)
    rate(Actor.of_user(rita), made[0], 4)

    assert queued(campaign) == [made[1].pk]
    rate(Actor.of_user(rita), made[1], 1)
    assert queued(campaign) == [], "of the lowest fifth all are compared"
    end = threshold(campaign)
    assert end is not None
    assert end.score == 0.2


def test_a_share_of_the_admins_choice(campaign: Campaign) -> None:
    scored(campaign, 0.1, 0.2, 0.3, 0.4)
    campaign.queue_percent = 50
    assert len(queued(campaign)) == 2
    campaign.queue_percent = 0
    assert queued(campaign) == []
    campaign.queue_percent = 100
    assert len(queued(campaign)) == 4


def test_nobody_is_given_their_own_label(campaign: Campaign, rita: User, client: APIClient) -> None:
    own = accept(new_image(campaign), "00..", "....", labeler=labeler_of_user(rita))
    give_score(own, 0.1)
    scored(campaign, 0.2, *[0.9] * 3)

    assert queued(campaign) == [own.pk]
    assert queue.next_for(campaign, rita) is None
    answer = client.get(NEXT).json()
    assert (answer["label"], answer["remaining"]) == (None, 0)
    somebody_else = queue.next_for(campaign, new_reviewer("rolf"))
    assert somebody_else is not None
    assert somebody_else.label == own


# -- the API ---------------------------------------------------------------------------------------


def test_the_next_label_with_all_a_page_needs(campaign: Campaign, client: APIClient) -> None:
    image = new_image(campaign, sol=3)
    doubtful, friend = accept(image, "00..", "...."), accept(image, "0000", "....")
    unscored = accept(image, "1111", "....")
    labels.reject(ACTOR, accept(image, "2222", "...."))
    give_score(doubtful, 0.1)
    give_score(friend, 0.8)
    scored(campaign, 0.9, 0.9, 0.9)
    ReviewPlan.objects.update_or_create(campaign=campaign, defaults={"hide_record": False})

    answer = client.get(NEXT).json()

    label, facts = answer["label"], answer["label"]["facts"]
    assert (label["id"], facts["score"], facts["rank"]) == (str(doubtful.pk), 0.1, 1)
    assert facts["labeler"] == str(doubtful.labeler)
    assert label["polygons"] == doubtful.polygons
    assert (label["image"]["id"], label["image"]["sol"]) == (image.pk, 3)
    assert {(other["id"], other["score"]) for other in answer["others"]} == {
        (str(friend.pk), 0.8),
        (str(unscored.pk), None),
    }
    assert (answer["remaining"], answer["rated"]) == (1, 0)


def test_skipped_labels_are_left_out(campaign: Campaign, client: APIClient) -> None:
    made = scored(campaign, 0.1, 0.2, *[0.9] * 8)

    def given(*skipped: Label) -> Any:
        ids = ",".join(str(label.pk) for label in skipped)
        return client.get(NEXT, {"skip": ids}).json()

    assert given()["label"]["id"] == str(made[0].pk)
    assert given(made[0])["label"]["id"] == str(made[1].pk)
    after_all = given(*made[:2])
    assert (after_all["label"], after_all["others"], after_all["remaining"]) == (None, [], 2)


def test_a_skip_that_is_none(client: APIClient, campaign: Campaign) -> None:
    response = client.get(NEXT, {"skip": "first"})

    assert response.status_code == 400
    assert response.json() == {
        "code": "invalid",
        "detail": "skip must be a list of label ids, separated by commas.",
    }


def test_an_unknown_campaign(client: APIClient) -> None:
    assert client.get("/api/campaigns/venus/review/next/").status_code == 404


@pytest.mark.parametrize(
    ("visitor", "status"),
    [
        (lambda: None, 403),
        (lambda: new_account("vera"), 403),
        (lambda: new_expert().user, 403),
        (new_reviewer, 200),
        (new_admin, 200),
    ],
)
def test_only_reviewers_review(campaign: Campaign, visitor: Any, status: int) -> None:
    browser = APIClient()
    if (user := visitor()) is not None:
        browser.force_login(user)

    assert browser.get(NEXT).status_code == status
    if status == 403:
        assert set(browser.get(NEXT).json()) == {"code", "detail"}
        assert browser.post("/api/ratings/", {}).status_code == 403
        assert browser.delete("/api/ratings/1/").status_code == 403
