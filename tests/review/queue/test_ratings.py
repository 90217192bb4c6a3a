"""Ratings: 1 throws a label out, and withdrawing it restores the label (paper 3.2)."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from rest_framework.test import APIClient

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.annotation.services.corrections import CorrectionRefused, correct
from labeling.models import Campaign, Image, Label
from labeling.people.services.labelers import labeler_of_user
from review.models import Rating
from review.queue import api
from review.queue.services import ratings
from review.queue.services.ratings import RatingRefused, rate, undo
from review.scores.tasks import score_image
from tests.factories import ACTOR, accept, box, draw, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db

RATINGS = "/api/ratings/"
Status = Label.Status


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=1)


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign)


@pytest.fixture
def label(image: Image) -> Label:
    return accept(image, "00..", "....")


@pytest.fixture
def rita() -> User:
    return new_reviewer()


@pytest.fixture
def rolf() -> User:
    return new_reviewer("rolf")


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the images whose scoring was enqueued."""
    asked: list[int] = []

    def note(task: object, image_id: int) -> None:
        assert task is score_image
        asked.append(image_id)

    monkeypatch.setattr(api, "enqueue", note)
    return asked


@pytest.fixture
def client(rita: User) -> APIClient:
    browser = APIClient()
    browser.force_login(rita)
    return browser


def state(label: Label) -> tuple[str, int, int]:
    label.refresh_from_db()
    image = Image.objects.get(pk=label.image_id)
    return label.status, image.crowd_label_count, image.labels_version


# -- the service -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [2, 3, 4, 5])
def test_a_rating_of_2_to_5_leaves_the_label(label: Label, rita: User, value: int) -> None:
    before = state(label)

    rating = rate(Actor.of_user(rita), label, value, "fine")

    assert (rating.value, rating.comment) == (value, "fine")
    assert state(label) == before


def test_1_throws_out_and_the_image_wants_another_label(label: Label, rita: User) -> None:
    assert label.image not in Image.objects.in_pool()
    assert state(label) == (Status.ACCEPTED, 1, 1)

    rate(Actor.of_user(rita), label, 1)

    assert state(label) == (Status.REJECTED, 0, 2)
    assert label.image in Image.objects.in_pool()


def test_taking_a_1_back_restores_the_label(label: Label, rita: User) -> None:
    undo(ACTOR, rate(Actor.of_user(rita), label, 1))

    assert state(label) == (Status.ACCEPTED, 1, 3)
    assert not Rating.objects.active().exists()
    assert Rating.objects.get().withdrawn_at is not None, "it stays as history"
    rate(Actor.of_user(rita), label, 5)


def test_taking_another_rating_back_changes_nothing_else(label: Label, rita: User) -> None:
    before = state(label)

    undo(ACTOR, rate(Actor.of_user(rita), label, 4))

    assert state(label) == before


def test_a_second_rating_of_the_same_reviewer(label: Label, rita: User) -> None:
    rate(Actor.of_user(rita), label, 4)

    with pytest.raises(RatingRefused, match="already rated it"):
        rate(Actor.of_user(rita), label, 1)

    assert [rating.value for rating in Rating.objects.all()] == [4]
    assert state(label)[0] == Status.ACCEPTED


def test_ones_own_label(image: Image, rita: User) -> None:
    own = accept(image, "00..", "....", labeler=labeler_of_user(rita))

    with pytest.raises(RatingRefused, match="your own label"):
        rate(Actor.of_user(rita), own, 5)

    assert not Rating.objects.exists()


def test_labels_that_are_not_to_be_rated(image: Image, rita: User) -> None:
    rejected = accept(image, "00..", "....")
    labels.reject(ACTOR, rejected)
    for label in (rejected, accept(image, "....", "...."), draw(image, "00..", "....")):
        with pytest.raises(RatingRefused):
            rate(Actor.of_user(rita), label, 3)
    assert not Rating.objects.exists()


def test_two_reviewers_may_judge_one_label(label: Label, rita: User, rolf: User) -> None:
    rate(Actor.of_user(rita), label, 4)
    low = rate(Actor.of_user(rolf), label, 1)
    assert state(label)[0] == Status.REJECTED

    undo(ACTOR, Rating.objects.get(reviewer=rita))
    assert state(label)[0] == Status.REJECTED, "the 1 still stands"

    undo(ACTOR, low)
    assert state(label)[0] == Status.ACCEPTED


def test_while_another_1_stands_the_label_stays_out(label: Label, rita: User, rolf: User) -> None:
    low = rate(Actor.of_user(rita), label, 1)
    Rating.objects.create(label=label, reviewer=rolf, value=1)

    undo(ACTOR, low)

    assert state(label)[0] == Status.REJECTED


def test_a_label_thrown_out_a_moment_ago_gets_no_second_1(
    label: Label, rita: User, rolf: User
) -> None:
    same_label_elsewhere = Label.objects.get(pk=label.pk)
    rate(Actor.of_user(rolf), same_label_elsewhere, 1)
    before = state(same_label_elsewhere)
    assert label.status == Status.ACCEPTED, "as it was read before"

    with pytest.raises(RatingRefused, match="has since been thrown out"):
        rate(Actor.of_user(rita), label, 1)

    assert list(Rating.objects.values_list("reviewer", flat=True)) == [rolf.pk]
    assert state(label) == before


def test_a_rating_taken_back_twice_at_once_restores_once(label: Label, rita: User) -> None:
    rating = rate(Actor.of_user(rita), label, 1)
    same_rating_elsewhere = Rating.objects.get(pk=rating.pk)
    undo(ACTOR, same_rating_elsewhere)
    before = state(label)

    ratings.undo(ACTOR, rating)

    assert state(label) == before


# -- ratings and corrections -----------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 4])
def test_a_rated_label_is_fixed_for_good(label: Label, rita: User, value: int) -> None:
    rating = rate(Actor.of_user(rita), label, value)

    label.refresh_from_db()
    assert label.lock_reason == Label.LockReason.RATED
    undo(ACTOR, rating)
    label.refresh_from_db()
    assert label.lock_reason == Label.LockReason.RATED, "what was rated stays, also taken back"


def test_a_label_corrected_since_it_was_read_is_not_rated(label: Label, rita: User) -> None:
    as_read = Label.objects.get(pk=label.pk)
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(1, 0, 0, 2, 1)], 1)
    labels.process_image(label.image_id)
    before = state(label)

    with pytest.raises(RatingRefused, match="changed"):
        rate(Actor.of_user(rita), as_read, 1)
    with pytest.raises(RatingRefused, match="changed"):
        rate(Actor.of_user(rita), label, 1, version=1)

    assert (state(label), label.lock_reason) == (before, "")
    assert not Rating.objects.exists()
    assert rate(Actor.of_user(rita), label, 5, version=2)


def test_a_second_rating_refused_leaves_the_label_as_it_is(label: Label, rita: User) -> None:
    rate(Actor.of_user(rita), label, 4)
    Label.objects.filter(pk=label.pk).update(locked_at=None, lock_reason="")

    with pytest.raises(RatingRefused, match="already rated it"):
        rate(Actor.of_user(rita), label, 1)

    label.refresh_from_db()
    assert label.locked_at is None


def test_the_reviewer_says_which_version_was_on_the_screen(
    client: APIClient, label: Label, enqueued: list[int]
) -> None:
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(1, 0, 0, 2, 1)], 1)
    labels.process_image(label.image_id)

    old = client.post(RATINGS, {"label": str(label.pk), "value": 1, "version": 1})
    new = client.post(RATINGS, {"label": str(label.pk), "value": 1, "version": 2})

    assert (old.status_code, new.status_code) == (409, 201)


# -- the API ---------------------------------------------------------------------------------------


def test_rating_and_taking_back_ask_for_new_scores(
    client: APIClient, label: Label, enqueued: list[int]
) -> None:
    response = client.post(RATINGS, {"label": str(label.pk), "value": 1})

    assert response.status_code == 201
    rating = Rating.objects.get()
    assert response.json()["id"] == rating.pk
    assert state(label)[0] == Status.REJECTED

    assert client.delete(f"{RATINGS}{rating.pk}/").status_code == 204
    assert state(label)[0] == Status.ACCEPTED
    assert enqueued == [label.image_id] * 2
    assert client.delete(f"{RATINGS}{rating.pk}/").status_code == 404


def test_refused_ratings_are_conflicts(
    client: APIClient, image: Image, label: Label, rita: User, enqueued: list[int]
) -> None:
    own = accept(image, "00..", "....", labeler=labeler_of_user(rita))
    rejected = accept(image, "00..", "....")
    labels.reject(ACTOR, rejected)
    rate(Actor.of_user(rita), label, 3)

    why = {"own": own, "settled": rejected, "already_rated": label}
    for code, refused in why.items():
        response = client.post(RATINGS, {"label": str(refused.pk), "value": 2})
        assert response.status_code == 409
        assert response.json()["code"] == code
        assert response.json()["detail"].endswith(".")
    assert (Rating.objects.count(), enqueued) == (1, [])


def test_nobody_takes_back_what_others_rated(client: APIClient, label: Label, rolf: User) -> None:
    rating = rate(Actor.of_user(rolf), label, 1)

    assert client.delete(f"{RATINGS}{rating.pk}/").status_code == 404

    assert state(label)[0] == Status.REJECTED


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 0},
        {"value": 6},
        {"value": 2.5},
        {"value": "good"},
        {"value": None},
        {"label": "first"},
        {"comment": "x" * 501},
        {"comment": "a\x00b"},
    ],
)
def test_ratings_that_cannot_be(
    client: APIClient, label: Label, enqueued: list[int], fields: dict[str, object]
) -> None:
    response = client.post(RATINGS, {"label": str(label.pk), "value": 3, **fields})

    assert response.status_code == 400
    [name] = fields
    assert response.json()["code"] == "invalid"
    assert response.json()["detail"].startswith(f"{name}: ")
    assert (Rating.objects.count(), enqueued) == (0, [])


def test_a_label_that_is_not_there(client: APIClient) -> None:
    response = client.post(RATINGS, {"label": str(uuid.uuid4()), "value": 3})

    assert response.status_code == 404
    assert response.json()["code"] == "unknown_label"


def test_a_reviewers_token_is_checked(rita: User, label: Label) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(rita)

    assert browser.post(RATINGS, {"label": str(label.pk), "value": 1}).status_code == 403
    assert state(label)[0] == Status.ACCEPTED


def test_deep_json_is_no_rating(client: APIClient, label: Label) -> None:
    response = client.post(RATINGS, b"[" * 100_000, content_type="application/json")
    assert response.status_code == 400


# -- at once ---------------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_four_reviewers_throw_one_label_out_at_once(label: Label) -> None:
    """On PostgreSQL: one succeeds, and the label is subtracted from the count once."""
    reviewers = [new_reviewer(name) for name in ("rita", "rolf", "rosa", "rick")]
    together = threading.Barrier(4)

    def judge(reviewer: User) -> bool:
        try:
            read = Label.objects.select_related("labeler").get(pk=label.pk)
            together.wait(20)
            rate(Actor.of_user(reviewer), read, 1)
        except RatingRefused:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(judge, reviewers)) == 1

    assert Rating.objects.count() == 1
    assert state(label) == (Status.REJECTED, 0, 2)


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(6))
def test_a_correction_and_a_rating_at_once(label: Label, rita: User, attempt: int) -> None:
    """On PostgreSQL: one of the two is refused, and the rating belongs to the stored version."""
    together = threading.Barrier(2)

    def judge() -> bool:
        try:
            read = Label.objects.select_related("labeler").get(pk=label.pk)
            together.wait(20)
            rate(Actor.of_user(rita), read, 1)
        except RatingRefused:
            return False
        else:
            return True
        finally:
            connections.close_all()

    def amend() -> bool:
        try:
            together.wait(20)
            correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(1, 0, 0, 2, 1)], 1)
        except CorrectionRefused:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        rated, amended = pool.submit(judge), pool.submit(amend)
        assert rated.result() != amended.result()

    if rated.result():
        assert (state(label), label.version) == ((Status.REJECTED, 0, 2), 1)
    else:
        assert (state(label), label.version) == ((Status.RECEIVED, 1, 2), 2)
        assert not Rating.objects.exists()
