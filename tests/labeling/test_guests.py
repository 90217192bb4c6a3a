"""Guests draw without an account: their session, their tokens, and how much they may ask."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from labeling.models import Assignment, Campaign, Image, Label, Labeler
from labeling.visitors import GUEST_KEY
from tests.factories import new_account, new_campaign, new_image, submission
from tests.labeling.test_api import LABELS, NEXT, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign, 1)


@pytest.fixture
def guest() -> APIClient:
    """A browser nobody knows yet, which checks CSRF as a real one."""
    return APIClient(enforce_csrf_checks=True)


def csrf_token(browser: APIClient) -> str:
    """The token the drawing page carries in its configuration."""
    browser.get("/c/navcam/tutorial/")
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    answer = browser.post("/c/navcam/tutorial/seen/", form, format="multipart")
    assert answer.status_code == 302
    page = browser.get("/c/navcam/draw/")
    return str(page.context["annotate_config"]["csrf_token"])


def test_a_guest_draws_without_an_account(guest: APIClient, image: Image) -> None:
    token = csrf_token(guest)

    answer = guest.post(NEXT, HTTP_X_CSRFTOKEN=token).json()
    response = guest.post(LABELS, submission(answer["image"]["id"]), HTTP_X_CSRFTOKEN=token)

    assert response.status_code == 201
    labeler = Labeler.objects.get()
    assert str(labeler.guest_key) == guest.session[GUEST_KEY]
    assert Label.objects.get().labeler == labeler


@pytest.mark.parametrize("url", [NEXT, LABELS, "/api/assignments/1/skip/"])
def test_a_guest_without_the_token_is_refused(guest: APIClient, image: Image, url: str) -> None:
    csrf_token(guest)

    assert refusal(guest.post(url, submission(image)), 403) == "permission_denied"
    assert not Assignment.objects.exists()


def test_a_label_of_nobody_we_know(guest: APIClient, image: Image) -> None:
    guest.get("/c/navcam/tutorial/")
    token = guest.cookies["csrftoken"].value

    response = guest.post(LABELS, submission(image), HTTP_X_CSRFTOKEN=token)

    assert refusal(response, 403) == "unknown_labeler"
    assert not Labeler.objects.exists()


def test_signing_in_keeps_the_guests_labels(image: Image) -> None:
    browser = APIClient()
    given = browser.post(NEXT).json()
    browser.post(LABELS, submission(given["image"]["id"]))
    guest = Labeler.objects.get()

    user = new_account("sven")
    user.set_password("a password of Sven")
    user.save()
    login = {"login": "sven", "password": "a password of Sven"}
    assert browser.post("/accounts/login/", login, format="multipart").status_code == 302
    answer = browser.post(NEXT).json()

    assert answer["labels_sent"] == 1
    guest.refresh_from_db()
    assert (guest.user, guest.guest_key) == (user, None)
    assert GUEST_KEY not in browser.session


# -- throttling ------------------------------------------------------------------------------------


def test_a_fast_labeler_is_not_throttled(campaign: Campaign) -> None:
    browser = APIClient()
    for _ in range(20):
        new_image(campaign)

    for _ in range(20):
        given = browser.post(NEXT).json()
        assert browser.post(LABELS, submission(given["image"]["id"])).status_code == 201

    assert browser.post(NEXT).json()["labels_sent"] == 20


@pytest.mark.usefixtures("public")
def test_a_flood_is_told_when_to_come_back(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = APIClient()
    client.force_login(new_account("vera"))
    monkeypatch.setattr(UserRateThrottle, "rate", "2/min", raising=False)

    answers = [client.post(NEXT) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert refusal(answers[-1], 429) == "throttled"
    assert int(answers[-1]["Retry-After"]) > 0
