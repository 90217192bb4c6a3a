"""Reports of images: nothing to label, something wrong; and managers' decisions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.annotation.errors import NotAssigned, RetiredImage, UnknownImage
from labeling.annotation.services.assignments import next_assignment
from labeling.annotation.services.labels import AlreadyLabeled
from labeling.models import Assignment, Campaign, Image, ImageReport, Labeler
from labeling.people.services.labelers import labeler_of_user, new_guest
from labeling.reports import services
from tests.factories import ACTOR, assign, draw, new_account, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(nothing_minimum=2)


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign)


@pytest.fixture
def vera(image: Image) -> Labeler:
    labeler = labeler_of_user(new_account("vera"))
    assign(image, labeler)
    return labeler


@pytest.fixture
def client(vera: Labeler) -> APIClient:
    browser = APIClient()
    browser.force_login(vera.user)
    return browser


@pytest.fixture
def admin() -> Client:
    browser = Client()
    browser.force_login(new_admin())
    return browser


def another_says_nothing(image: Image) -> None:
    labeler = new_guest()
    assign(image, labeler)
    services.nothing_to_label(ACTOR, labeler, image.pk)


def is_set_aside(image: Image) -> bool:
    image.refresh_from_db()
    assert (image.set_aside_at is None) == (image in Image.objects.in_pool())
    return image.set_aside_at is not None


# -- nothing to label ------------------------------------------------------------------------------


def test_nothing_to_label_closes_the_image_without_a_label(image: Image, vera: Labeler) -> None:
    assert services.nothing_to_label(ACTOR, vera, image.pk)
    assert not services.nothing_to_label(ACTOR, vera, image.pk), "said once"

    assignment = Assignment.objects.get()
    assert (assignment.status, assignment.closed_at is None) == ("done", False)
    assert not image.labels.exists()
    assert ImageReport.objects.get().kind == "nothing"
    assert not is_set_aside(image)


def test_with_enough_answers_the_image_is_set_aside(image: Image, vera: Labeler) -> None:
    services.nothing_to_label(ACTOR, vera, image.pk)
    for _ in range(3):
        services.nothing_to_label(ACTOR, vera, image.pk)
    assert not is_set_aside(image), "one person is one answer"

    another_says_nothing(image)

    assert is_set_aside(image)
    assert image.retired_at is None
    assert next_assignment(image.campaign, new_guest()) is None


def test_an_image_is_set_aside_when_fewer_answers_are_asked_for(
    image: Image, vera: Labeler
) -> None:
    services.nothing_to_label(ACTOR, vera, image.pk)
    assert services.sweep() == 0
    Campaign.objects.update(nothing_minimum=1)
    assert (services.sweep(), services.sweep()) == (1, 0)
    assert is_set_aside(image)
    # It stays aside until an admin decides, and what was decided stays.
    Campaign.objects.update(nothing_minimum=3)
    assert (services.sweep(), is_set_aside(image)) == (0, True)
    services.keep(ACTOR, image.campaign, image.pk)
    Campaign.objects.update(nothing_minimum=1)
    assert (services.sweep(), is_set_aside(image)) == (0, False)


def test_a_gold_image_is_not_set_aside(image: Image, vera: Labeler) -> None:
    Image.objects.update(pool=Image.Pool.GOLD)
    services.nothing_to_label(ACTOR, vera, image.pk)
    another_says_nothing(image)

    image.refresh_from_db()
    assert image.set_aside_at is None


def test_whoever_draws_after_all_takes_the_answer_back(image: Image, vera: Labeler) -> None:
    services.nothing_to_label(ACTOR, vera, image.pk)

    draw(image, "00..", "....", labeler=vera)
    another_says_nothing(image)

    assert not is_set_aside(image)
    assert ImageReport.objects.filter(labeler=vera).count() == 0


def test_nothing_to_label_is_refused_where_it_makes_no_sense(
    campaign: Campaign, image: Image, vera: Labeler
) -> None:
    with pytest.raises(UnknownImage):
        services.nothing_to_label(ACTOR, vera, image.pk + 1)
    with pytest.raises(NotAssigned):
        services.nothing_to_label(ACTOR, new_guest(), image.pk)
    draw(image, "00..", "....", labeler=vera)
    with pytest.raises(AlreadyLabeled):
        services.nothing_to_label(ACTOR, vera, image.pk)
    retired = new_image(campaign, retired_at=timezone.now())
    assign(retired, vera)
    with pytest.raises(RetiredImage):
        services.nothing_to_label(ACTOR, vera, retired.pk)
    assert not ImageReport.objects.exists()


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_the_last_two_answers_at_once(image: Image, attempt: int) -> None:
    """On PostgreSQL: the image is set aside, whichever report comes last."""
    people = [new_guest() for _ in range(2)]
    for labeler in people:
        assign(image, labeler)
    together = threading.Barrier(2)

    def say(labeler: Labeler) -> bool:
        try:
            together.wait(20)
            return services.nothing_to_label(ACTOR, labeler, image.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(say, people))

    assert is_set_aside(image)


# -- the API ---------------------------------------------------------------------------------------


def test_nothing_to_label_over_the_api(client: APIClient, image: Image) -> None:
    answers = [client.post(f"/api/images/{image.pk}/nothing/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    for answer in answers:
        assert answer.json() == {"image": image.pk, "labels_sent": 1}


def test_something_wrong_over_the_api(client: APIClient, image: Image) -> None:
    url = f"/api/images/{image.pk}/reports/"

    first = client.post(url, {"reason": "overlay", "comment": " The bar is on the rover. "})
    again = client.post(url, {"reason": "overlay", "comment": "The bar is on the rover."})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"image": image.pk, "labels_sent": 0}
    report = ImageReport.objects.get()
    assert (report.kind, report.reason) == ("wrong", "overlay")
    assert report.comment == "The bar is on the rover."
    assert Assignment.objects.get().status == "open", "it can still be drawn"


def test_what_is_reported_last_counts_until_an_admin_decides(
    client: APIClient, image: Image
) -> None:
    url = f"/api/images/{image.pk}/reports/"
    client.post(url, {"reason": "overlay", "comment": "The bar is on the rover."})

    assert client.post(url, {"reason": "dark"}).status_code == 200
    said = ImageReport.objects.values_list("reason", "comment")
    assert list(said) == [("dark", "")]

    services.keep(ACTOR, image.campaign, image.pk)
    assert client.post(url, {"reason": "dark"}).status_code == 200, "nothing new"
    refused = client.post(url, {"reason": "bright"})
    assert (refused.status_code, refused.json()["code"]) == (409, "report_settled")
    assert list(said.all()) == [("dark", "")]


@pytest.mark.parametrize(
    "fields",
    [{}, {"reason": "ugly"}, {"reason": "dark", "comment": "x" * 501}, {"reason": ["dark"]}],
)
def test_reports_that_cannot_be(client: APIClient, image: Image, fields: dict[str, Any]) -> None:
    assert client.post(f"/api/images/{image.pk}/reports/", fields).status_code == 400
    assert not ImageReport.objects.exists()


def test_refused_reports(client: APIClient, image: Image, vera: Labeler) -> None:
    new_one = new_image(image.campaign)
    draw(image, "00..", "....", labeler=vera)
    stranger = APIClient()

    for browser, url, status, code in (
        (client, f"/api/images/{image.pk}/nothing/", 409, "already_labeled"),
        (client, f"/api/images/{new_one.pk}/nothing/", 403, "not_assigned"),
        (client, f"/api/images/{'9' * 18}/nothing/", 404, "unknown_image"),
        (stranger, f"/api/images/{image.pk}/nothing/", 403, "unknown_labeler"),
        (stranger, f"/api/images/{image.pk}/reports/", 403, "unknown_labeler"),
    ):
        answer = browser.post(url, {"reason": "dark"})
        assert (answer.status_code, answer.json()["code"]) == (status, code), url


# -- what admins decide ----------------------------------------------------------------------------


def decide(admin: Client, image: Image, decision: str) -> Any:
    url = f"/manage/navcam/reports/{image.pk}/"
    return admin.post(url, {"decision": decision}, follow=True)


@pytest.fixture
def reported(image: Image, vera: Labeler) -> Image:
    services.report_problem(ACTOR, vera, image.pk, "other", "A hair on the lens")
    services.nothing_to_label(ACTOR, vera, image.pk)
    another_says_nothing(image)
    return image


def test_the_page_shows_what_was_said(admin: Client, reported: Image) -> None:
    new_image(reported.campaign)  # nobody has said anything of it
    page = admin.get("/manage/navcam/reports/")

    [card] = page.context["cards"]
    assert card["said"] == [("Nothing to label", 2), ("Something else", 1)]
    assert card["comments"] == ["A hair on the lens"]
    assert card["is_set_aside"]
    assert admin.get("/manage/navcam/").context["progress"]["reported"] == 1


def test_what_is_set_aside_comes_first(admin: Client, reported: Image) -> None:
    for labeler in (new_guest(), new_guest()):
        other = new_image(reported.campaign)
        assign(other, labeler)
        services.report_problem(ACTOR, labeler, other.pk, "dark")

    cards = admin.get("/manage/navcam/reports/").context["cards"]

    assert [card["is_set_aside"] for card in cards] == [True, False, False]


def test_keep_brings_the_image_back_and_forgets_the_answers(admin: Client, reported: Image) -> None:
    page = decide(admin, reported, "keep")

    assert page.context["cards"] == []
    assert page.context["decided"]["product_id"] == reported.product_id
    assert not is_set_aside(reported)
    another_says_nothing(reported)
    assert not is_set_aside(reported), "two new answers are needed"

    another_says_nothing(reported)
    assert is_set_aside(reported)


def test_keep_can_be_taken_back(admin: Client, reported: Image) -> None:
    decide(admin, reported, "keep")

    page = decide(admin, reported, "reopen")

    assert is_set_aside(reported)
    assert len(page.context["cards"]) == 1
    assert not page.context["decided"]["can_reopen"]


def test_retire_and_take_back(admin: Client, reported: Image) -> None:
    decide(admin, reported, "retire")
    reported.refresh_from_db()
    assert (reported.retired_reason, reported.retired_at is None) == ("reported", False)
    [card] = admin.get("/manage/navcam/reports/?settled=1").context["cards"]
    assert card["is_retired"]

    decide(admin, reported, "reopen")
    reported.refresh_from_db()
    assert (reported.retired_reason, reported.retired_at) == ("", None)
    assert ImageReport.objects.waiting().count() == 3


def test_taking_back_leaves_an_image_out_that_was_retired_for_another_reason(
    admin: Client, reported: Image
) -> None:
    decide(admin, reported, "keep")
    Image.objects.update(retired_at=timezone.now(), retired_reason="dark")

    decide(admin, reported, "reopen")

    reported.refresh_from_db()
    assert reported.retired_reason == "dark"


def test_only_the_last_decision_is_taken_back(admin: Client, reported: Image) -> None:
    decide(admin, reported, "keep")
    another_says_nothing(reported)
    decide(admin, reported, "keep")

    decide(admin, reported, "reopen")

    assert ImageReport.objects.waiting().count() == 1


@pytest.mark.parametrize("decision", ["", "delete", "reopen"])
def test_decisions_that_change_nothing(admin: Client, reported: Image, decision: str) -> None:
    page = decide(admin, reported, decision)

    assert page.context["decided"] is None
    assert ImageReport.objects.waiting().count() == 3


def test_images_of_another_campaign(admin: Client, reported: Image) -> None:
    new_campaign("other")
    url = f"/manage/other/reports/{reported.pk}/"
    assert admin.post(url, {"decision": "retire"}).status_code == 404
    assert admin.get("/manage/other/reports/").context["cards"] == []


@pytest.mark.parametrize("asked", ["did=keep&image=x", "did=keep&image=999", "did=no&image=1"])
def test_addresses_that_tell_of_nothing(admin: Client, campaign: Campaign, asked: str) -> None:
    assert admin.get(f"/manage/navcam/reports/?{asked}").context["decided"] is None


def test_only_admins_decide(reported: Image, client: APIClient) -> None:
    url = f"/manage/navcam/reports/{reported.pk}/"
    assert client.post(url, {"decision": "retire"}).status_code == 403
    assert ImageReport.objects.waiting().count() == 3


def test_an_image_set_aside_is_no_longer_part_of_the_progress(
    admin: Client, reported: Image
) -> None:
    new_image(reported.campaign)

    assert admin.get("/manage/navcam/").context["figures"].images == 1
    [card] = admin.get("/").context["campaigns"]
    assert card["figures"].images == 1
