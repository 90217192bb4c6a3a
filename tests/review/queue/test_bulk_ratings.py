"""One rating for all labels of a labeler or an image."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Image, Label
from labeling.people.services.labelers import labeler_of_user, new_guest
from review.models import LabelFlag, Rating, ReviewPlan
from review.queue.services import bulk_ratings
from review.queue.services.bulk_ratings import Done, NotRated, Preview, chosen, preview, rate_batch
from review.queue.services.ratings import rate
from tests.factories import accept, draw, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db

URL = "/api/campaigns/navcam/review/bulk/"
WITHDRAW = "/api/ratings/withdraw/"


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


@pytest.fixture
def rita() -> User:
    return new_reviewer()


def spam(campaign: Campaign, count: int) -> list[Label]:
    """Return labels of one labeler, each on an image that another person has labeled too."""
    labeler = new_guest()
    made = []
    for _ in range(count):
        image = new_image(campaign)
        accept(image, "00..", "....")
        made.append(accept(image, "3333", "3333", labeler=labeler))
    return made


def test_a_preview_says_what_would_change_and_changes_nothing(
    campaign: Campaign, rita: User
) -> None:
    made = spam(campaign, 3)
    rate(Actor.of_user(rita), made[0], 2)
    accept(made[1].image, "11..", "....")
    labels = chosen(campaign, labeler=made[0].labeler_id)

    kept = NotRated(own=0, rated=1, thrown_out=0, not_ready=0)
    # The second image keeps enough labels; the third falls below two.
    assert preview(labels, rita, 1) == Preview(2, 2, 0, kept, reopened=1, stale_merges=2)
    assert preview(labels, rita, 5) == Preview(2, 2, 0, kept, reopened=0, stale_merges=0)
    assert Rating.objects.count() == 1


def test_what_was_foretold_happens(campaign: Campaign, rita: User) -> None:
    made = spam(campaign, 3)
    labels = chosen(campaign, labeler=made[0].labeler_id)
    foretold = preview(labels, rita, 1)

    done, images, made_now = rate_batch(Actor.of_user(rita), labels, 1, "All the same", ["spam"])

    assert done == Done(rated=3, refused=0, remaining=0)
    assert images == {label.image_id for label in made}
    assert set(labels.values_list("status", flat=True)) == {Label.Status.REJECTED}
    assert Image.objects.in_pool().count() == foretold.reopened == 3
    assert [r.reasons for r in Rating.objects.all()] == [["spam"]] * 3
    assert sorted(made_now) == sorted(Rating.objects.values_list("pk", flat=True))
    again, *_ = rate_batch(Actor.of_user(rita), labels, 1)
    assert again == Done(0, 0, 0), "doing it twice does no harm"


def test_a_long_one_goes_on_where_it_was(
    campaign: Campaign, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_ratings, "BATCH", 2)
    labels = chosen(campaign, labeler=spam(campaign, 3)[0].labeler_id)

    assert rate_batch(Actor.of_user(rita), labels, 1)[0] == Done(2, 0, 1)
    assert rate_batch(Actor.of_user(rita), labels, 1)[0] == Done(1, 0, 0)


def test_ones_own_labels_are_left_alone(campaign: Campaign, rita: User) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....", labeler=labeler_of_user(rita))
    other = accept(image, "11..", "....")

    done, *_ = rate_batch(Actor.of_user(rita), chosen(campaign, image=image.pk), 1)

    assert done.rated == 1
    assert [rating.label for rating in Rating.objects.all()] == [other]


def test_labels_others_have_rated_are_rated_on_purpose(campaign: Campaign, rita: User) -> None:
    made = spam(campaign, 1)
    rate(Actor.of_user(new_reviewer("rolf")), made[0], 4)

    done, *_ = rate_batch(Actor.of_user(rita), chosen(campaign, labeler=made[0].labeler_id), 1)

    assert done.rated == 1


def test_many_ratings_are_taken_back(campaign: Campaign, rita: User) -> None:
    made = spam(campaign, 3)
    rolf = new_reviewer("rolf")
    theirs = rate(Actor.of_user(rolf), made[0].image.labels.exclude(pk=made[0].pk).get(), 4)
    labels = chosen(campaign, labeler=made[0].labeler_id)
    *_, given = rate_batch(Actor.of_user(rita), labels, 1)

    browser = APIClient()
    browser.force_login(rita)
    answer = browser.post(WITHDRAW, {"ratings": [*given, theirs.pk]}, format="json")

    assert answer.json() == {"undone": 3}
    assert set(labels.values_list("status", flat=True)) == {Label.Status.ACCEPTED}
    assert list(Rating.objects.active()) == [theirs], "only one's own"
    again = browser.post(WITHDRAW, {"ratings": given}, format="json")
    assert again.json() == {"undone": 0}


def test_the_api(campaign: Campaign, rita: User) -> None:
    made = spam(campaign, 2)
    browser = APIClient()

    def ask(**body: Any) -> Any:
        return browser.post(URL, body, format="json")

    assert ask(labeler=1, value=1).status_code == 403
    browser.force_login(rita)
    assert ask(value=1).status_code == 400
    foretold = ask(labeler=made[0].labeler_id, image=None, value=1, preview=True).json()
    assert foretold == {
        "labels": 2,
        "images": 2,
        "flagged": 0,
        "not_rated": {"own": 0, "rated": 0, "thrown_out": 0, "not_ready": 0, "closed": 0},
        "reopened": 2,
        "stale_merges": 2,
    }
    done = ask(labeler=made[0].labeler_id, value=1, reasons=["spam"]).json()
    given = list(Rating.objects.order_by("pk").values_list("pk", flat=True))
    assert done == {"rated": 2, "refused": 0, "remaining": 0, "ratings": given}


def test_why_labels_are_left_alone_is_counted_once_each(campaign: Campaign, rita: User) -> None:
    image = new_image(campaign)
    own = accept(image, "00..", "....", labeler=labeler_of_user(rita))
    rated, out, reached, flagged = (accept(image, "00..", "....") for _ in range(4))
    waits = draw(image, "11..", "....")
    rate(Actor.of_user(rita), rated, 1)
    rate(Actor.of_user(new_reviewer("rolf")), out, 1)
    LabelFlag.objects.create(label=flagged, reviewer=rita)
    labels = chosen(campaign, image=image.pk)

    found = preview(labels, rita, 2)

    assert found.not_rated == NotRated(own=1, rated=1, thrown_out=1, not_ready=1)
    assert (found.labels, found.flagged) == (2, 1)
    assert labels.count() == 6
    assert {own.pk, waits.pk, reached.pk} <= set(labels.values_list("pk", flat=True))


def test_the_page_says_what_it_leaves_alone_and_leads_there(campaign: Campaign, rita: User) -> None:
    label = spam(campaign, 1)[0]
    rate(Actor.of_user(rita), label, 2)
    browser = Client()
    browser.force_login(rita)

    page = browser.get(f"/review/navcam/bulk/?labeler={label.labeler_id}").content.decode()

    assert "1 that you have rated" in page
    assert f'href="/review/navcam/ratings/?labeler={label.labeler_id}"' in page


@pytest.mark.parametrize("hide_record", [True, False])
def test_the_page_of_a_picture_tells_scores_and_names_only_where_the_plan_does(
    campaign: Campaign, rita: User, hide_record: bool
) -> None:
    ReviewPlan.objects.update_or_create(campaign=campaign, defaults={"hide_record": hide_record})
    label = accept(new_image(campaign), "00..", "....")
    browser = Client()
    browser.force_login(rita)

    page = browser.get("/review/navcam/bulk/", {"image": label.image.product_id})

    [shown] = page.context["bulk_config"]["labels"]
    drawn = {"id", "version", "polygons", "image"}
    assert set(shown) == drawn | (set() if hide_record else {"labeler", "labeler_id", "score"})
