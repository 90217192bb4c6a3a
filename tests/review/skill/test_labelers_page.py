"""The page on which managers see the skill of labelers."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.test import Client

from labeling.models import Campaign
from labeling.people.services.labelers import new_guest
from review.skill import views
from tests.factories import accept, new_admin, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db

PAGE = "/review/navcam/labelers/"


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def client() -> Client:
    browser = Client()
    browser.force_login(new_admin())
    return browser


def estimate() -> None:
    call_command("estimate_skill", "--campaign", "navcam", stdout=io.StringIO())


def test_labelers_of_least_skill_come_first(campaign: Campaign, client: Client) -> None:
    people = [new_guest() for _ in range(4)]
    for _ in range(4):
        image = new_image(campaign)
        for person in people[:3]:
            accept(image, "0011", "2233", labeler=person)
        accept(image, "0022", "0033", labeler=people[3])
    estimate()

    answer = client.get(PAGE)
    rows = answer.context["rows"]

    assert rows[0]["skill"].labeler == people[3]
    assert len(rows) == 4
    matrix = rows[0]["matrix"]
    assert [line["name"] for line in matrix] == ["Soil", "Bedrock", "Sand", "Big rock"]
    bedrock = {cell["drawn"]: cell["chance"] for cell in matrix[1]["cells"]}
    assert bedrock["Sand"] > 0.5 > bedrock["Bedrock"]
    spanish = client.get(PAGE, headers={"accept-language": "es"}).context["rows"][0]["matrix"]
    assert [line["name"] for line in spanish] == ["Tierra", "Roca madre", "Arena", "Roca grande"]
    text = answer.content.decode()
    assert f"?part=all&amp;labeler={people[3].pk}" in text
    assert "Labels have changed since then" not in text

    accept(image, "0011", "2233")
    assert "Labels have changed since then" in client.get(PAGE).content.decode()


def test_an_estimate_can_be_asked_for(
    campaign: Campaign, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "enqueue", lambda task, *ids: task(*ids))
    image = new_image(campaign)
    for _ in range(2):
        accept(image, "0011", "2233")
    assert "Estimate now" in client.get(PAGE).content.decode()

    answer = client.post(PAGE, follow=True)

    assert "being estimated" in answer.content.decode()
    assert "from 2 labels on 1 images" in answer.content.decode()
    assert "Estimate now" not in answer.content.decode()


def test_nothing_to_compare_is_said(campaign: Campaign, client: Client) -> None:
    accept(new_image(campaign), "0011", "2233")
    estimate()

    assert "No two labels overlap yet" in client.get(PAGE).content.decode()


def test_it_is_for_managers(campaign: Campaign) -> None:
    reviewer = Client()
    reviewer.force_login(new_reviewer())
    assert reviewer.get(PAGE).status_code == 403
    assert reviewer.post(PAGE).status_code == 403
    assert PAGE not in reviewer.get("/review/navcam/scores/").content.decode()
    assert Client().get(PAGE).status_code == 302


def test_managers_find_it_from_the_scores(campaign: Campaign, client: Client) -> None:
    assert PAGE in client.get("/review/navcam/scores/").content.decode()
    assert client.get("/review/venus/labelers/").status_code == 404
