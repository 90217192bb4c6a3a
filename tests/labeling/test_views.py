"""Every page of the site: who may see it, and that it conforms to its content security policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from ai4mars_site import __version__
from labeling.models import Campaign, Image, Labeler
from merging.models import Release
from tests.factories import (
    accept,
    assign,
    new_account,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>")
INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)


def check_policy(response: HttpResponse) -> None:
    """Check that the policy is sent, and that it blocks nothing in the page."""
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not INLINE.search(page), INLINE.search(page)
    for script in SCRIPT.finditer(page):
        attributes = script["attributes"]
        assert "src=" in attributes or 'type="application/json"' in attributes, script[0]


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign, 1, on_rover=("0000", "1100"))


def browser(user: Any = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


VISITORS = {
    "nobody": lambda: None,
    "volunteer": lambda: new_account("vera"),
    "expert": lambda: new_expert().user,
    "reviewer": lambda: new_reviewer(),
    "admin": lambda: new_admin(),
}

EVERYBODY = frozenset(VISITORS)
REVIEWING = frozenset({"reviewer", "admin"})
ADMIN = frozenset({"admin"})


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("/", EVERYBODY),
        ("/c/navcam/tutorial/", EVERYBODY),
        ("/c/navcam/draw/", EVERYBODY),
        ("/drawings/", EVERYBODY),
        ("/feedback/", EVERYBODY),
        ("/feedback/thanks/", EVERYBODY),
        ("/accounts/login/", EVERYBODY),
        ("/accounts/signup/", EVERYBODY),
        ("/review/", REVIEWING),
        ("/review/navcam/", REVIEWING),
        ("/manage/navcam/", ADMIN),
        ("/manage/navcam/gold/", ADMIN),
        ("/manage/navcam/gold/experts/", ADMIN),
        ("/gold/navcam/meeting/", ADMIN),
        ("/gold/navcam/guidelines.csv", ADMIN),
        ("/manage/navcam/reports/", ADMIN),
        ("/manage/feedback/", ADMIN),
        ("/manage/navcam/releases/", ADMIN),
    ],
)
def test_who_sees_which_page(image: Image, visitor: str, url: str, may: frozenset[str]) -> None:
    gold = new_image(image.campaign, 2, pool=Image.Pool.GOLD)
    assign(gold, new_expert("eva"), role="expert")
    accept(image, "00..", "....")
    for number, status in enumerate(["queued", "failed"]):
        Release.objects.create(campaign=image.campaign, version=f"0.{number}", status=status)
    client = browser(VISITORS[visitor]())
    client.post("/c/navcam/tutorial/seen/")
    asked_for = url.startswith("/accounts/") and visitor != "nobody"

    response = client.get(url)

    if asked_for:
        assert response.status_code == 302, "whoever is in need not log in"
    elif visitor in may:
        assert response.status_code == 200
        check_policy(response)
    elif visitor == "nobody":
        assert response.status_code == 302
        assert response["Location"] == f"/accounts/login/?next={url}"
    else:
        assert response.status_code == 403
        check_policy(response)


def test_an_account_that_was_closed_sees_nothing(image: Image) -> None:
    for user in (new_reviewer(), new_admin()):
        client = browser(user)
        user.is_active = False
        user.save()
        assert client.get("/review/").status_code == 302
        assert client.get("/manage/navcam/").status_code == 302


# -- the landing page ------------------------------------------------------------------------------


def test_the_site_without_any_campaign() -> None:
    response = Client().get("/")

    assert response.status_code == 200
    assert response.context["campaigns"] == []
    assert "import_images" in response.content.decode()
    check_policy(response)


def test_a_campaigns_card_counts_what_is_there(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(target_labels=1, merge_minimum=1)
    done, new_one = new_image(campaign), new_image(campaign)
    new_image(campaign, retired_at=timezone.now())
    gold = new_image(campaign, pool=Image.Pool.GOLD)
    label = accept(done, "00..", "....")
    accept(gold, "00..", "....", role="expert")
    new_campaign("closed", is_open=False)

    [card] = Client().get("/").context["campaigns"]

    figures = card["figures"]
    assert (figures.images, figures.images_done, card["percent"]) == (2, 1, 50)
    assert (figures.labels, figures.labelers) == (1, 1)
    assert [terrain["name"] for terrain in card["classes"]][:2] == ["Soil", "Bedrock"]
    assert label.image == done != new_one


def test_a_name_is_text_and_not_a_part_of_the_page() -> None:
    name = "</script><script>alert(1)</script>"
    new_campaign(name=name, description=name)
    client = Client()
    client.post("/c/navcam/tutorial/seen/")

    for url in ("/", "/c/navcam/tutorial/", "/c/navcam/draw/"):
        response = client.get(url)
        assert name not in response.content.decode(), url
        check_policy(response)


def test_a_browser_that_asks_for_an_icon_gets_one() -> None:
    assert Client().get("/favicon.ico")["Location"].endswith(".svg")


# -- tutorial and drawing page ---------------------------------------------------------------------


@pytest.mark.usefixtures("public")
def test_the_tutorial_comes_first_and_once(campaign: Campaign) -> None:
    client = Client()

    first = client.get("/c/navcam/draw/")
    assert (first.status_code, first["Location"]) == (302, "/c/navcam/tutorial/")

    seen = client.post("/c/navcam/tutorial/seen/")
    assert (seen.status_code, seen["Location"]) == (302, "/c/navcam/draw/")
    client.post("/c/navcam/tutorial/seen/")
    assert client.get("/c/navcam/draw/").status_code == 200

    new_image(new_campaign("other"), 1)
    other = client.get("/c/other/draw/")
    assert other["Location"] == "/c/other/tutorial/", "each campaign has a tutorial of its own"


@pytest.mark.usefixtures("public")
def test_reading_the_tutorial_is_not_having_finished_it(campaign: Campaign) -> None:
    client = Client()
    client.get("/c/navcam/tutorial/")

    assert client.get("/c/navcam/draw/").status_code == 302
    assert client.get("/c/navcam/tutorial/seen/").status_code == 405


@pytest.mark.parametrize("url", ["/c/navcam/draw/", "/c/navcam/tutorial/", "/c/venus/draw/"])
def test_closed_and_unknown_campaigns_are_not_there(url: str) -> None:
    new_campaign(is_open=False)

    response = Client().get(url)

    assert response.status_code == 404
    check_policy(response)


@pytest.mark.usefixtures("public")
def test_the_drawing_page_knows_its_campaign_and_addresses(campaign: Campaign) -> None:
    client = browser(new_expert().user)
    client.post("/c/navcam/tutorial/seen/")

    config = client.get("/c/navcam/draw/").context["annotate_config"]

    assert [terrain["code"] for terrain in config["campaign"]["classes"]] == [0, 1, 2, 3]
    assert config["urls"] == {
        "next": "/api/campaigns/navcam/next/",
        "labels": "/api/labels/",
        "skip": "/api/images/{id}/skip/",
        "skipped": "/api/campaigns/navcam/skipped/",
        "draft": "/api/images/{id}/draft/",
        "session": "/api/session/",
        "nothing": "/api/images/{id}/nothing/",
        "report": "/api/images/{id}/reports/",
        "sent": "/api/labels/{id}/",
        "correct": "/api/labels/{id}/correct/",
        "my_drawing": "/drawings/{id}/",
        "login": "/accounts/login/?next=/c/navcam/draw/",
        "tutorial": "/c/navcam/tutorial/",
        "home": "/",
    }
    labeler = Labeler.objects.get()
    assert config["labeler"] == {
        "id": labeler.pk,
        "name": "erik",
        "is_guest": False,
        "visit": None,
        "device_name": None,
        "role": "expert",
    }


@pytest.mark.usefixtures("public")
def test_opening_the_drawing_page_stores_nothing(campaign: Campaign) -> None:
    client = Client()
    client.post("/c/navcam/tutorial/seen/")

    opened = [client.get("/c/navcam/draw/").context["annotate_config"]["labeler"] for _ in "ab"]

    assert [each["id"] for each in opened] == [None, None]
    assert opened[0]["device_name"] == opened[1]["device_name"], "it is the same visitor"
    assert not Labeler.objects.exists()
    assert not Session.objects.exists()


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("display", "image/jpeg"),
        ("thumbnail", "image/jpeg"),
        ("rover-mask", "image/png"),
    ],
)
def test_an_images_files(image: Image, kind: str, media_type: str) -> None:
    response = Client().get(f"/images/{image.pk}/{kind}/")

    assert (response.status_code, response["Content-Type"]) == (200, media_type)
    assert "max-age=3600" in response["Cache-Control"]
    stored = image.rover_mask if kind == "rover-mask" else getattr(image, kind)
    with stored.open("rb") as file:
        assert b"".join(response.streaming_content) == file.read()


@pytest.mark.parametrize("kind", ["range-mask", "original", "camera_model", "no-such"])
def test_files_that_are_not_there(image: Image, kind: str) -> None:
    assert Client().get(f"/images/{image.pk}/{kind}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "9" * 30])
def test_images_that_are_not_there(number: str) -> None:
    assert Client().get(f"/images/{number}/display/").status_code == 404


def test_healthz_asks_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        response = Client().get("/healthz")

    assert response.json() == {"status": "ok", "version": __version__}
