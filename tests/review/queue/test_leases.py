"""A label is on the screen of one reviewer: leases, second opinions, the audit, filters."""

from __future__ import annotations

import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Label
from labeling.people.services.labelers import new_guest
from review import policies
from review.models import AgreementScore, LabelFlag, Rating, ReviewLease, ReviewPlan
from review.queue.services import queue
from review.queue.services.queue import Filters, claim, end_leases, next_for
from review.queue.services.ratings import RatingRefused, rate, undo
from review.queue.services.records import record_of
from review.scores.services.scores import score_image
from tests.factories import ACTOR, accept, draw, give_score, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    made = new_campaign(queue_percent=100)
    ReviewPlan.objects.create(campaign=made, audit_percent=0)
    return made


@pytest.fixture
def rita() -> User:
    return new_reviewer()


@pytest.fixture
def rolf() -> User:
    return new_reviewer("rolf")


def scored(campaign: Campaign, *scores: float) -> list[Label]:
    made = []
    for score in scores:
        made.append(accept(new_image(campaign), "00..", "...."))
        give_score(made[-1], score)
    return made


def given(campaign: Campaign, reviewer: User, *skipped: Label, **filters: object) -> Label | None:
    ids = [label.pk for label in skipped]
    found = next_for(campaign, reviewer, ids, Filters(**filters))  # type: ignore[arg-type]
    return found and found.label


def test_two_reviewers_are_given_two_labels(campaign: Campaign, rita: User, rolf: User) -> None:
    first, second, third = scored(campaign, 0.1, 0.2, 0.3)

    assert given(campaign, rita) == first
    assert given(campaign, rolf) == second
    assert given(campaign, rita) == first, "what is on the screen stays there"
    assert given(campaign, rita, first) == third, "what is fetched ahead is held too"


def test_a_label_let_go_is_free_at_once(campaign: Campaign, rita: User, rolf: User) -> None:
    (label,) = scored(campaign, 0.1)
    given(campaign, rita)
    assert given(campaign, rolf) is None

    end_leases([label.pk], rolf)
    assert given(campaign, rolf) is None, "only who has it can let it go"
    end_leases([label.pk], rita)

    assert given(campaign, rolf) == label


def test_a_lease_ends_by_itself(campaign: Campaign, rita: User, rolf: User) -> None:
    (label,) = scored(campaign, 0.1)
    given(campaign, rita)
    ReviewLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert given(campaign, rolf) == label
    assert not claim(label.pk, rita)


def test_what_stays_on_the_screen_is_held_longer(
    campaign: Campaign, rita: User, rolf: User
) -> None:
    first, second, third = scored(campaign, 0.1, 0.2, 0.3)
    for label in (first, second, third):
        assert claim(label.pk, rita)
    almost_over = timezone.now() + timedelta(seconds=1)
    ReviewLease.objects.update(expires_at=almost_over)
    ReviewLease.objects.filter(label=second).update(reviewer=rolf)
    rate(Actor.of_user(rolf), third, 4)

    lost = queue.extend_leases([first.pk, second.pk, third.pk], rita)

    assert lost == {second.pk, third.pk}
    assert ReviewLease.objects.get(label=first).expires_at > almost_over
    assert ReviewLease.objects.get(label=second).reviewer == rolf


def test_a_rating_after_somebody_elses_is_no_accident(
    campaign: Campaign, rita: User, rolf: User
) -> None:
    (label,) = scored(campaign, 0.1)
    given(campaign, rita)
    ReviewLease.objects.all().delete()
    rate(Actor.of_user(rolf), label, 4)

    with pytest.raises(RatingRefused, match="already rated this label"):
        rate(Actor.of_user(rita), label, 2)

    assert Rating.objects.count() == 1
    rate(Actor.of_user(rita), label, 2, also_settled=True)


def test_a_second_opinion_is_another_reviewers(campaign: Campaign, rita: User, rolf: User) -> None:
    campaign.review_plan.second_opinion_percent = 100
    campaign.review_plan.save()
    (label,) = scored(campaign, 0.1)

    rating = rate(Actor.of_user(rita), label, 4)
    assert given(campaign, rita) is None
    assert given(campaign, rolf) == label
    rate(Actor.of_user(rolf), label, 3)
    assert given(campaign, new_reviewer("ruth")) is None

    undo(ACTOR, rating)
    assert given(campaign, rita) == label


def test_a_thrown_out_label_needs_no_second_opinion(
    campaign: Campaign, rita: User, rolf: User
) -> None:
    campaign.review_plan.second_opinion_percent = 100
    campaign.review_plan.save()
    (label,) = scored(campaign, 0.1)

    rate(Actor.of_user(rita), label, 1)

    assert given(campaign, rolf) is None
    assert not AgreementScore.objects.get(label=label).is_waiting


def test_samples_are_random_shares_and_independent() -> None:
    rng = random.Random(7)
    ids = [uuid.UUID(int=rng.getrandbits(128)) for _ in range(20_000)]
    audit = {i for i in ids if policies.is_sampled(i, "audit", 10)}
    second = {i for i in ids if policies.is_sampled(i, "second opinion", 10)}
    assert len(audit) == pytest.approx(2000, rel=0.1)
    assert len(audit & second) == pytest.approx(200, rel=0.3)
    assert not any(policies.is_sampled(i, "audit", 0) for i in ids)
    assert all(policies.is_sampled(i, "audit", 100) for i in ids)


def test_the_audit_comes_in_between_and_after_the_queue(campaign: Campaign, rita: User) -> None:
    campaign.queue_percent = 50
    campaign.save()
    doubtful = scored(campaign, *(0.01 * n for n in range(6)))
    better = scored(campaign, *(0.5 + 0.01 * n for n in range(6)))
    AgreementScore.objects.filter(label__in=better[:2]).update(audit=True)

    order = []
    while label := given(campaign, rita):
        order.append(label)
        rate(Actor.of_user(rita), label, 3)

    audited = [label for label in order if label in better]
    assert [label for label in order if label in doubtful] == doubtful
    assert sorted(audited, key=str) == sorted(better[:2], key=str)
    assert order[queue.AUDIT_EVERY - 1] in better


def test_filters(campaign: Campaign, rita: User) -> None:
    campaign.queue_percent = 50
    campaign.save()
    soil, bedrock = (
        accept(new_image(campaign), "00..", "...."),
        accept(new_image(campaign), "11..", "...."),
    )
    give_score(soil, 0.1)
    give_score(bedrock, 0.9)

    assert given(campaign, rita) == soil
    assert given(campaign, rita, part="all", class_code=1) == bedrock
    assert given(campaign, rita, class_code=1) is None
    assert given(campaign, rita, part="all", labeler=bedrock.labeler_id) == bedrock
    assert given(campaign, rita, part="all", image=soil.image_id) == soil
    assert given(campaign, rita, part="flagged") is None
    LabelFlag.objects.create(label=bedrock, reviewer=rita)
    assert given(campaign, rita, part="flagged") == bedrock
    assert given(campaign, rita, part="audit") is None


# -- the API ---------------------------------------------------------------------------------------


@pytest.fixture
def client(rita: User) -> APIClient:
    browser = APIClient()
    browser.force_login(rita)
    return browser


NEXT = "/api/campaigns/navcam/review/next/"


def test_how_many_a_filter_leaves(
    campaign: Campaign, client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scored(campaign, 0.1, 0.2, 0.3)
    campaign.queue_percent = 0
    campaign.save()
    assert client.get(NEXT).json()["remaining"] == 0
    assert client.get(NEXT, {"part": "all"}).json()["remaining"] == 3
    assert client.get(NEXT, {"part": "all", "image": made[0].image_id}).json()["remaining"] == 1

    monkeypatch.setattr(queue, "MANY", 2)
    assert client.get(NEXT, {"part": "all"}).json()["remaining"] == 2


def test_a_page_says_what_it_still_shows(campaign: Campaign, client: APIClient, rolf: User) -> None:
    first, second = scored(campaign, 0.1, 0.2)
    rate(Actor.of_user(rolf), second, 4)

    answer = client.post(
        "/api/review/hold/", {"labels": [str(first.pk), str(second.pk)]}, format="json"
    )

    assert answer.json() == {"lost": [str(second.pk)]}
    assert given(campaign, rolf) is None


def test_a_rating_sent_twice_is_one(campaign: Campaign, client: APIClient) -> None:
    (label,) = scored(campaign, 0.1)
    body = {"label": str(label.pk), "value": 1, "reasons": ["spam"], "comment": "Hm"}

    first = client.post("/api/ratings/", body, format="json")
    second = client.post("/api/ratings/", body, format="json")
    other = client.post("/api/ratings/", {**body, "value": 2}, format="json")

    assert first.json() == second.json()
    assert (other.status_code, other.json()["code"]) == (409, "settled")
    assert Rating.objects.count() == 1


def test_what_could_lead_a_rating_comes_with_its_answer(
    campaign: Campaign, client: APIClient, rolf: User
) -> None:
    image = new_image(campaign)
    labels = [accept(image, row, "....") for row in ("0011", "0000", "0001")]
    score_image(image.pk)
    drawn = {"id", "version", "polygons"}

    answer = client.get(NEXT, {"part": "all"}).json()

    assert answer["hide_record"]
    assert set(answer) == {"scored", "remaining", "rated", "hide_record", "label", "others"}
    assert set(answer["label"]) == drawn | {"image", "flag", "facts"}
    assert answer["label"]["facts"] is None
    assert [set(other) for other in answer["others"]] == [drawn, drawn]
    others = [other["id"] for other in answer["others"]]
    assert others == sorted(others), "their order tells nothing of their scores"

    label = next(each for each in labels if str(each.pk) == answer["label"]["id"])
    history = f"/api/labels/{label.pk}/ratings/"
    rate(Actor.of_user(rolf), label, 4)
    refused = client.get(history)
    assert (refused.status_code, refused.json()["code"]) == (403, "rate_first")

    body = {"label": str(label.pk), "value": 3, "again": True}
    told = client.post("/api/ratings/", body, format="json").json()
    assert set(told) == {"id", "facts"}
    assert told["facts"]["labeler_id"] == label.labeler_id
    assert told["facts"]["score"] == label.agreement.score
    assert told["facts"]["ratings"] == 2
    assert len(client.get(history).json()["ratings"]) == 2


def test_what_helps_to_judge(campaign: Campaign, client: APIClient) -> None:
    ReviewPlan.objects.filter(campaign=campaign).update(hide_record=False)
    image = new_image(campaign)
    doubtful, friend = accept(image, "0011", "...."), accept(image, "0000", "....")
    score_image(image.pk)

    answer = client.get(NEXT).json()

    label, facts = answer["label"], answer["label"]["facts"]
    other = doubtful if label["id"] == str(friend.pk) else friend
    assert facts["class_agreements"] == {"0": 0.5, "1": 0.0}
    assert [o["agreement"] for o in answer["others"]] == [0.25]
    assert answer["others"][0]["labeler_id"] == other.labeler_id
    assert facts["record"] == {
        "labels": 1,
        "thrown_out": 0,
        "mean_score": 0.25,
        "ratings": 0,
        "mean_rating": None,
    }
    assert (label["flag"], facts["ratings"], answer["hide_record"]) == (None, 0, False)


def test_a_record_is_of_the_newest_labels(campaign: Campaign, rita: User) -> None:
    somebody = new_guest()
    for score in (0.1, 0.5, 0.75):
        label = accept(new_image(campaign), "00..", "....", labeler=somebody)
        give_score(label, score)
        if score != 0.5:
            rate(Actor.of_user(rita), label, 1 if score == 0.1 else 4)
    accept(new_image(new_campaign("other")), "00..", "....", labeler=somebody)

    assert record_of(somebody, campaign, newest=2) == {
        "labels": 2,
        "thrown_out": 0,
        "mean_score": 0.625,
        "ratings": 1,
        "mean_rating": 4.0,
    }
    assert record_of(somebody, campaign) == {
        "labels": 3,
        "thrown_out": 1,
        "mean_score": pytest.approx(0.45),
        "ratings": 2,
        "mean_rating": 2.5,
    }


def test_reasons_are_kept_and_history_too(campaign: Campaign, client: APIClient) -> None:
    (label,) = scored(campaign, 0.1)
    body = {"label": str(label.pk), "value": 2, "reasons": ["sloppy-border", "missed"]}

    first = client.post("/api/ratings/", body, format="json")
    client.delete(f"/api/ratings/{first.json()['id']}/")
    client.post(
        "/api/ratings/", {"label": str(label.pk), "value": 4, "comment": "Fine"}, format="json"
    )

    past = client.get(f"/api/labels/{label.pk}/ratings/").json()["ratings"]
    assert [(entry["value"], entry["withdrawn_at"] is None) for entry in past] == [
        (4, True),
        (2, False),
    ]
    assert past[1]["reasons"] == ["missed", "sloppy-border"]
    unknown = client.post("/api/ratings/", {**body, "reasons": ["ugly"]}, format="json")
    assert unknown.status_code == 400


def test_flags(campaign: Campaign, client: APIClient) -> None:
    (label,) = scored(campaign, 0.1)
    flag = f"/api/labels/{label.pk}/flag/"

    assert client.put(flag, {"note": "Sand or soil?"}, format="json").status_code == 204
    assert client.put(flag, {"note": "Soil, I think"}, format="json").status_code == 204
    assert client.get(NEXT).json()["label"]["flag"] == {"reviewer": "rita", "note": "Soil, I think"}
    assert client.delete(flag).status_code == 204
    assert client.get(NEXT).json()["label"]["flag"] is None


@pytest.mark.parametrize("query", [{"part": "best"}, {"class_code": "sand"}, {"image": "-1"}])
def test_filters_that_are_none(
    campaign: Campaign, client: APIClient, query: dict[str, str]
) -> None:
    assert client.get(NEXT, query).status_code == 400


# -- many at once ----------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_over_a_thousand_labels(
    campaign: Campaign, rita: User, rolf: User
) -> None:
    """On PostgreSQL: none is rated twice or lost, although a browser dies with leased labels."""
    image = new_image(campaign)
    made = [draw(image, "00..", "....") for _ in range(1000)]
    Label.objects.update(status="accepted", processed_at=timezone.now(), pixel_counts={"0": 2})
    for number, label in enumerate(made):
        give_score(label, number / 1000)
    # A third one took two labels and never came back.
    ruth = new_reviewer("ruth")
    held = given(campaign, ruth)
    assert held is not None
    given(campaign, ruth, held)
    together = threading.Barrier(2)

    def review(reviewer: User) -> int:
        rated = 0
        try:
            together.wait(20)
            while label := given(campaign, reviewer):
                rate(
                    Actor.of_user(reviewer),
                    Label.objects.select_related("labeler").get(pk=label.pk),
                    3,
                )
                rated += 1
        finally:
            connections.close_all()
        return rated

    with ThreadPoolExecutor(2) as pool:
        rated = list(pool.map(review, (rita, rolf)))

    assert sum(rated) == Rating.objects.count() == 998
    assert min(rated) > 0
    assert Rating.objects.values("label").distinct().count() == 998
    ReviewLease.objects.filter(reviewer=ruth).update(expires_at=timezone.now())
    assert review_rest(campaign, rita) == 2
    assert queue.remaining(campaign) == 0


def review_rest(campaign: Campaign, reviewer: User) -> int:
    rated = 0
    while label := given(campaign, reviewer):
        rate(Actor.of_user(reviewer), label, 3)
        rated += 1
    return rated
