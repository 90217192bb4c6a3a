"""The privacy page, and what sign-up says about a guest's drawings."""

from __future__ import annotations

import html
import uuid

import pytest
from django.test import Client, override_settings

from labeling.models import Labeler
from tests.factories import draw, new_account, new_campaign, new_image
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db


def test_the_page_states_the_periods_of_the_code() -> None:
    text = Client().get("/privacy/").content.decode()
    for period in ("365 days", "30 days", "90 days", "14 days"):
        assert period in text, period


@override_settings(SESSION_COOKIE_AGE=400 * 24 * 60 * 60)
def test_the_page_follows_a_setting() -> None:
    assert "400 days" in Client().get("/privacy/").content.decode()


@pytest.mark.parametrize("address", ["/", "/accounts/signup/", "/accounts/login/", "/feedback/"])
def test_pages_link_to_it(address: str) -> None:
    assert 'href="/privacy/"' in Client().get(address).content.decode()


def test_sign_up_counts_the_guests_drawings() -> None:
    campaign = new_campaign()
    new_image(campaign)
    visitor = Visitor()
    image = visitor.post("/api/campaigns/navcam/next/").json()["image"]["id"]
    square = [[[0, 0], [2, 0], [2, 2], [0, 2]]]
    label = {"id": str(uuid.uuid4()), "image": image, "polygons": [{"class": 0, "rings": square}]}
    visitor.post("/api/labels/", label)
    labeler = Labeler.objects.get()

    def sign_up(language: str = "en") -> str:
        page = visitor.get("/accounts/signup/", headers={"accept-language": language})
        return html.unescape(page.content.decode())

    assert "Your drawing comes with you." in sign_up()
    for _ in range(3):
        draw(new_image(campaign), "00..", "....", labeler=labeler)
    assert "Your 4 drawings come with you." in sign_up()
    assert "Tus 4 dibujos se vienen contigo." in sign_up("es")


def test_sign_up_promises_nothing_to_others() -> None:
    text = Client().get("/accounts/signup/").content.decode()
    assert "come with you" not in text
    assert "comes with you" not in text
    client = Client()
    client.force_login(new_account("vera"))
    assert "with you." not in client.get("/accounts/signup/", follow=True).content.decode()
