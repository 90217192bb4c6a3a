"""Practice through the site: pages, the API, and the managers' page of reference images."""

from __future__ import annotations

import base64
import io
import uuid
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow
from rest_framework.test import APIClient

from labeling.images.preparation.pictures import png_bytes, read_mask
from labeling.models import Campaign, Image, Label, PracticeAttempt, ReferenceAnswer
from labeling.training.services import reference_answers
from tests.factories import (
    ACTOR,
    Mask,
    accept,
    box,
    mask,
    new_account,
    new_admin,
    new_campaign,
    new_image,
    rows,
    submission,
)
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db

NEXT, LESSON = "/api/campaigns/navcam/next/", "/api/campaigns/navcam/practice/next/"
RIGHT = [box(2, 0, 0, 4, 1), box(0, 0, 1, 4, 2)]


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(reference_image_percent=0)


def known(campaign: Campaign, is_lesson: bool = True) -> Image:
    image = new_image(campaign)
    reference_answers.set_answer(
        ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK, is_lesson
    )
    return image


def send(browser: APIClient, image: int, polygons: Any = RIGHT, **fields: Any) -> Any:
    return browser.post("/api/labels/", submission(image, polygons=polygons, **fields))


def test_a_lesson_through_the_api(campaign: Campaign) -> None:
    image, browser = known(campaign), Visitor()
    given = browser.post(LESSON, {}).json()
    assert (given["image"]["id"], given["role"], given["labels_sent"]) == (image.pk, "practice", 0)

    sent = submission(image, polygons=[box(2, 0, 0, 3, 1)])
    answer = browser.post("/api/labels/", sent)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["id"], body["labels_sent"]) == (sent["id"], 0)
    told = body["answer_feedback"]
    assert not told["passed"]
    assert {each["code"]: each["iou"] for each in told["classes"]} == {0: 0.0, 2: 0.75}
    assert "75% of the sand" in told["classes"][1]["words"][0]
    # Both masks, to be drawn over the picture.
    png = base64.b64decode(told["codes"].removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Pillow.open(io.BytesIO(png)))
    assert rows(pixels[..., 0]) == ["2222", "0000"]
    assert rows(pixels[..., 1]) == ["222.", "...."]

    again = browser.post("/api/labels/", sent)
    assert (again.status_code, again.json()) == (200, body)
    assert PracticeAttempt.objects.count() == 1
    assert not Label.objects.exists()
    assert browser.post(LESSON, {}).json()["image"] is None


def test_a_lesson_refuses_what_a_label_would(campaign: Campaign) -> None:
    image, browser = known(campaign), Visitor()
    browser.post(LESSON, {})
    answer = send(browser, image.pk, [box(9, 0, 0, 2, 1)])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    stranger = Visitor()
    stranger.post(NEXT, {})
    assert send(stranger, image.pk).status_code == 403
    assert not PracticeAttempt.objects.exists()


def test_nobody_sends_an_attempt_under_anothers_id(campaign: Campaign) -> None:
    image, first, second = known(campaign), Visitor(), Visitor()
    for browser in (first, second):
        browser.post(LESSON, {})
    one = str(uuid.uuid4())
    assert send(first, image.pk, id=one).status_code == 201
    assert send(second, image.pk, id=one).status_code == 409


def test_real_pictures_come_after_required_practice() -> None:
    campaign = new_campaign(practice="required", reference_image_percent=0)
    image, real = known(campaign), new_image(campaign)
    browser = Visitor()
    refused = browser.post(NEXT, {})
    assert (refused.status_code, refused.json()["code"]) == (403, "practice_first")
    browser.post(LESSON, {})
    assert send(browser, image.pk, [box(2, 0, 0, 1, 1)]).json()["answer_feedback"]["must_pass"]
    assert browser.post(NEXT, {}).status_code == 403
    assert browser.post(LESSON, {}).json()["image"]["id"] == image.pk
    assert send(browser, image.pk).json()["answer_feedback"]["passed"]
    assert browser.post(NEXT, {}).json()["image"]["id"] == real.pk


def test_a_known_picture_comes_among_real_ones_and_leaves_no_label(campaign: Campaign) -> None:
    Campaign.objects.update(reference_image_percent=100)
    image, real, browser = known(campaign, is_lesson=False), new_image(campaign), APIClient()
    browser.force_login(new_account("vera"))
    given = browser.post(NEXT, {"ahead": 1}).json()
    assert (given["image"]["id"], given["role"]) == (image.pk, "crowd"), "no word on what it is"
    [ahead] = given["ahead"]
    assert set(given["image"]) == set(ahead["image"]), "nor by what is told of it"
    assert [each["image"]["id"] for each in given["ahead"]] == [real.pk]
    answer = send(browser, image.pk)
    assert answer.json()["answer_feedback"]["classes"][0]["iou"] == 1.0
    assert not answer.json()["answer_feedback"]["may_repeat"]
    assert answer.json()["labels_sent"] == 0
    assert send(browser, image.pk).status_code == 409
    assert send(browser, real.pk).json()["labels_sent"] == 1
    assert list(Label.objects.values_list("image", flat=True)) == [real.pk]


def pixels_of(told: dict[str, Any]) -> tuple[Mask, Mask]:
    """Return the answer and the drawing, as far as the feedback's overlay shows them."""
    png = base64.b64decode(told["codes"].removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Pillow.open(io.BytesIO(png)))
    return pixels[..., 0], pixels[..., 1]


@pytest.mark.parametrize("practice", ["optional", "required"])
def test_an_attempt_that_is_none_is_not_shown_the_answer(practice: str) -> None:
    campaign = new_campaign(practice=practice, reference_image_percent=0)
    image, browser = known(campaign), Visitor()
    browser.post(LESSON, {})

    told = send(browser, image.pk, []).json()["answer_feedback"]

    assert told["answer"] == "none"
    assert "Draw more" in told["note"]
    assert [rows(each) for each in pixels_of(told)] == [["....", "...."]] * 2
    assert [each["words"] for each in told["classes"]] == [
        ["You did not find the soil in this picture."],
        ["You did not find the sand in this picture."],
    ]


def test_required_practice_shows_the_answer_when_it_is_passed() -> None:
    """Otherwise the answer could be copied from its overlay in the next attempt."""
    campaign = new_campaign(practice="required", reference_image_percent=0)
    image, browser = known(campaign), Visitor()
    browser.post(LESSON, {})

    told = send(browser, image.pk, [box(2, 1, 0, 3, 2)]).json()["answer_feedback"]

    assert (told["answer"], told["passed"]) == ("drawn", False)
    answer, drawn = pixels_of(told)
    assert rows(drawn) == [".22.", ".22."]
    # Right in the first row; wrong in the second, and not a word of what is there.
    assert answer.tolist() == [[255, 2, 2, 255], [255, 254, 254, 255]]
    assert 254 not in campaign.class_codes()

    passed = send(browser, image.pk).json()["answer_feedback"]
    assert (passed["answer"], passed["note"]) == ("all", "")
    assert rows(pixels_of(passed)[0]) == ["2222", "0000"]


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("public")
def test_the_tutorial_offers_practice_where_there_is_some(
    campaign: Campaign, client: Client
) -> None:
    assert "Practice first" not in client.get("/c/navcam/tutorial/").content.decode()
    assert client.get("/c/navcam/practice/")["Location"] == "/c/navcam/tutorial/"
    assert "/c/navcam/practice/" not in client.get("/c/navcam/guide/").content.decode()
    known(campaign)
    assert "/c/navcam/practice/" in client.get("/c/navcam/guide/").content.decode()
    shown = client.get("/c/navcam/tutorial/").content.decode()
    assert "Practice first" in shown
    assert "Start drawing" in shown
    assert client.post("/c/navcam/tutorial/seen/", {"practice": ""})["Location"] == (
        "/c/navcam/practice/"
    )
    shown = client.get("/c/navcam/practice/").content.decode()
    assert LESSON in shown
    assert "since=" not in shown


@pytest.mark.usefixtures("public")
def test_required_practice_stands_before_the_drawing_page(client: Client) -> None:
    campaign = new_campaign(practice="required")
    client.post("/c/navcam/tutorial/seen/")
    assert client.get("/c/navcam/draw/").status_code == 200, "nothing to practice on yet"
    known(campaign)
    assert client.get("/c/navcam/draw/")["Location"] == "/c/navcam/practice/"
    assert "Start drawing" not in client.get("/c/navcam/tutorial/").content.decode()


def test_who_has_practiced_may_do_it_again(campaign: Campaign) -> None:
    image, browser = known(campaign), Visitor()
    browser.post("/c/navcam/tutorial/seen/", format="multipart")
    browser.post(LESSON, {})
    send(browser, image.pk)
    shown = browser.get("/c/navcam/practice/").content.decode()
    assert LESSON + "?since=" in shown
    assert browser.post(LESSON + "?since=2000-01-01T00:00:00Z", {}).json()["image"] is None
    again = browser.post(LESSON + "?since=2100-01-01T00:00:00Z", {}).json()
    assert again["image"]["id"] == image.pk
    assert browser.post(LESSON + "?since=yesterday", {}).status_code == 400


# -- the admins' page ------------------------------------------------------------------------------


@pytest.fixture
def admin() -> APIClient:
    browser = APIClient(enforce_csrf_checks=False)
    browser.force_login(new_admin())
    return browser


def page(admin: APIClient, **fields: Any) -> Any:
    return admin.post("/manage/navcam/practice/", fields, format="multipart")


def test_an_admin_hands_in_a_mask(campaign: Campaign, admin: APIClient) -> None:
    image, drawn = new_image(campaign), new_image(campaign)
    accept(drawn, "2222", "0000")

    def upload() -> SimpleUploadedFile:
        return SimpleUploadedFile("a.png", png_bytes(mask("2222", "00..")))

    assert page(admin, picture=image.product_id, mask=upload(), use_mask="").status_code == 302
    answer = ReferenceAnswer.objects.get()
    with answer.mask.open("rb") as file:
        assert rows(read_mask(file)) == ["2222", "00.."]
    for fields, said in (
        ({"picture": "nobody", "mask": upload()}, "no image with this name"),
        ({"picture": drawn.product_id, "mask": upload()}, "labeled"),
        ({"picture": image.product_id}, "Upload a mask"),
    ):
        refused = page(admin, use_mask="", **fields)
        assert refused.status_code == 200
        assert said in refused.content.decode()
    assert ReferenceAnswer.objects.count() == 1


def test_an_admin_draws_an_answer(campaign: Campaign, admin: APIClient) -> None:
    image = new_image(campaign)
    asked = page(admin, picture=image.product_id, draw="")
    assert asked["Location"] == f"/manage/navcam/practice/{image.pk}/draw/"
    shown = admin.get(asked["Location"]).content.decode()
    url = f"/api/campaigns/navcam/answers/{image.pk}/next/"
    assert url + "?since=" in shown
    given = admin.post(url + "?since=2026-01-01T00:00:00Z", {}).json()
    assert (given["image"]["id"], given["role"]) == (image.pk, "answer")
    answer = send(admin, image.pk)
    assert answer.status_code == 201
    assert "feedback" not in answer.json()
    assert ReferenceAnswer.objects.get().source == "drawn"
    with ReferenceAnswer.objects.get().mask.open("rb") as file:
        assert rows(read_mask(file)) == ["2222", "0000"]
    assert admin.post(url + "?since=2026-01-01T00:00:00Z", {}).json()["image"] is None
    assert not Label.objects.exists()
    assert not PracticeAttempt.objects.exists()
    # Later it may be drawn anew.
    assert admin.post(url, {}).json()["image"]["id"] == image.pk


def test_nobody_else_draws_answers(campaign: Campaign, admin: APIClient) -> None:
    image = new_image(campaign)
    url = f"/api/campaigns/navcam/answers/{image.pk}/next/"
    vera = APIClient()
    vera.force_login(new_account("vera"))
    assert vera.post(url, {}).status_code == 403
    assert vera.get(f"/manage/navcam/practice/{image.pk}/draw/").status_code == 403
    # Who was an admin when the page was opened, and is none any more.
    admin.post(url, {})
    User.objects.filter(username="ada").update(is_staff=False, is_superuser=False)
    assert send(admin, image.pk).status_code == 403
    assert not ReferenceAnswer.objects.exists()


def test_known_pictures_are_changed_and_taken_away(campaign: Campaign, admin: APIClient) -> None:
    image = known(campaign)
    page(admin, later=image.pk)
    assert not ReferenceAnswer.objects.get().is_lesson
    page(admin, lesson=image.pk)
    assert ReferenceAnswer.objects.get().is_lesson
    page(admin, remove_answer=image.pk)
    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD
    assert not ReferenceAnswer.objects.exists()


def test_the_rules_of_practice_are_set(campaign: Campaign, admin: APIClient) -> None:
    fields = {
        "rules": "",
        "practice": "required",
        "pass_percent": 70,
        "reference_image_percent": 10,
    }
    assert page(admin, **fields, allow_gold_practice="on").status_code == 302
    campaign.refresh_from_db()
    assert (campaign.practice, campaign.practice_pass_iou) == ("required", 0.7)
    assert (campaign.reference_image_percent, campaign.allow_gold_practice) == (10, True)
    for wrong in ({"pass_percent": 0}, {"reference_image_percent": 101}, {"practice": "now"}):
        assert page(admin, **{**fields, **wrong}).status_code == 200
    campaign.refresh_from_db()
    assert campaign.practice_pass_iou == 0.7


def test_the_page_says_how_people_did(campaign: Campaign, admin: APIClient) -> None:
    image, browser = known(campaign), Visitor()
    browser.post(LESSON, {})
    send(browser, image.pk, [box(2, 0, 0, 2, 1)])
    send(browser, image.pk)
    shown = " ".join(admin.get("/manage/navcam/practice/").content.decode().split())
    assert "1 person, 1 of 2 attempts passed, mean match 62%" in shown
