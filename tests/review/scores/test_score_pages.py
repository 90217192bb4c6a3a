"""The distribution of scores as chart and table, with the validity report."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Label, Role
from review.models import AgreementScore, ReviewPlan
from review.queue.services.ratings import rate, undo
from review.scores import charts
from review.scores.services.histogram import Part, histogram
from review.scores.services.validity import audit_sample, double_ratings, report
from terrain.agreement.distribution import BARS
from tests.factories import (
    ACTOR,
    accept,
    give_score,
    new_account,
    new_campaign,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def campaign() -> Campaign:
    made = new_campaign()
    ReviewPlan.objects.create(campaign=made, audit_percent=100, second_opinion_percent=100)
    return made


@pytest.fixture
def client() -> Client:
    browser = Client()
    browser.force_login(new_reviewer())
    return browser


def scored(
    campaign: Campaign, *scores: float, drawn: str = "00..", role: str = "crowd"
) -> list[Label]:
    made = []
    for score in scores:
        made.append(accept(new_image(campaign), drawn, "....", role=role))
        give_score(made[-1], score)
    return made


def bar(score: float) -> int:
    return min(int(score * BARS), BARS - 1)


def test_every_score_is_in_its_bar(campaign: Campaign) -> None:
    scored(campaign, 0.0, 0.031, 0.032, 0.5, 0.5, 1.0)
    scored(campaign, 0.9, role=Role.EXPERT)
    scored(new_campaign("other"), 0.2)

    bars = histogram(campaign, Role.CROWD)

    assert len(bars) == 32
    assert {place: n for place, n in enumerate(bars) if n} == {0: 2, 1: 1, 16: 2, 31: 1}
    assert {place: n for place, n in enumerate(histogram(campaign, Role.EXPERT)) if n} == {28: 1}


def test_parts_of_a_campaign(campaign: Campaign) -> None:
    soil, bedrock = scored(campaign, 0.1)[0], scored(campaign, 0.9, drawn="11..")[0]
    soil.image.__class__.objects.filter(pk=soil.image_id).update(camera="navcam-right")
    old = timezone.make_aware(datetime(2026, 1, 1, 12))
    Label.objects.filter(pk=soil.pk).update(sent_at=old, started_at=None)

    def places(**part: object) -> list[int]:
        bars = histogram(campaign, Role.CROWD, Part(**part))  # type: ignore[arg-type]
        return [place for place, n in enumerate(bars) if n]

    assert places(class_code=0) == places(camera="navcam-right") == [bar(0.1)]
    assert places(class_code=1) == places(labeler=bedrock.labeler_id) == [bar(0.9)]
    assert places(until=old.date()) == [bar(0.1)]
    assert places(since=timezone.now().date()) == [bar(0.9)]
    assert places(camera="mastcam") == []


def test_bars_stand_for_shares() -> None:
    made = charts.bars([1, 3, 0, 0], highest=0.75)
    assert [b.height for b in made] == [pytest.approx(224 / 3, abs=0.01), 224.0, 0, 0]
    assert made[1].y == charts.TOP
    assert (made[0].low, made[0].high, made[0].count, made[0].percent) == (0.0, 0.25, 1, 25.0)
    assert charts.top_share([1, 3], [0, 0]) == 0.75
    assert charts.top_share([0], []) == 1.0
    assert [b.height for b in charts.bars([0, 0], 1.0)] == [0, 0]
    assert charts.outline([0, 0], 1.0) == ""


def test_axes_are_in_the_readers_language(campaign: Campaign, client: Client) -> None:
    scored(campaign, 0.1, 0.5, 0.6, 0.7, 0.8)

    page = client.get("/review/navcam/scores/", headers={"accept-language": "es"}).content.decode()

    assert ">0,2</text>" in page
    assert ">0.2</text>" not in page
    assert "<title>0,00-0,03: " in page


def test_the_page(campaign: Campaign, client: Client) -> None:
    scored(campaign, 0.1, 0.5, 0.6, 0.7, 0.8)

    page = client.get("/review/navcam/scores/?class_code=0")
    content = page.content.decode()

    assert page.status_code == 200
    assert "5 labels of volunteers" in content
    assert content.count("<rect") == BARS + 1
    assert 'scores.csv?class_code=0"' in content
    empty = client.get("/review/navcam/scores/?class_code=1").content.decode()
    assert "No scores match this filter" in empty
    assert client.get("/review/navcam/scores/?since=yesterday").status_code == 200


def test_picture_and_table_to_take_away(campaign: Campaign, client: Client) -> None:
    scored(campaign, 0.1, 0.5, 0.5)

    picture = ElementTree.fromstring(client.get("/review/navcam/scores.svg").content)
    table = client.get("/review/navcam/scores.csv").content.decode()

    heights = [float(rect.get("height", 0)) for rect in picture.iter(f"{SVG}rect")]
    assert len([height for height in heights[:BARS] if height > 0]) == 2
    rows = list(csv.DictReader(io.StringIO(table)))
    assert sum(int(row["crowd"]) for row in rows) == 3
    assert rows[bar(0.5)]["crowd"] == "2"


@pytest.mark.parametrize("page", ["scores/", "scores.svg", "scores.csv"])
def test_only_for_reviewers(campaign: Campaign, page: str) -> None:
    browser = Client()
    assert browser.get(f"/review/navcam/{page}").status_code == 302
    browser.force_login(new_account("vera"))
    assert browser.get(f"/review/navcam/{page}").status_code == 403


def test_only_the_random_sample_speaks(campaign: Campaign) -> None:
    rita = new_reviewer()
    made = scored(campaign, 0.1, 0.2, 0.3, 0.4)
    AgreementScore.objects.filter(label=made[0]).update(audit=False)
    for label, value in zip(made, (1, 1, 3, 5), strict=True):
        rate(Actor.of_user(rita), label, value)
    undone = rate(Actor.of_user(new_reviewer("rolf")), made[2], 1)
    undo(ACTOR, undone)

    assert sorted(zip(*audit_sample(campaign), strict=True)) == [(0.2, 1), (0.3, 3), (0.4, 5)]


def test_two_opinions(campaign: Campaign) -> None:
    rita, rolf = new_reviewer(), new_reviewer("rolf")
    made = scored(campaign, 0.1, 0.2, 0.3)
    for label, (first, second) in zip(made[:2], ((2, 3), (5, 5)), strict=True):
        rate(Actor.of_user(rita), label, first)
        rate(Actor.of_user(rolf), label, second)
    rate(Actor.of_user(rita), made[2], 4)

    assert sorted(zip(*double_ratings(campaign), strict=True)) == [(2, 3), (5, 5)]


def test_the_command_says_the_same_as_the_page(campaign: Campaign, client: Client) -> None:
    rita = new_reviewer("ruth")
    out = io.StringIO()
    call_command("validate_scores", "--campaign", "navcam", stdout=out)
    assert out.getvalue().count("not known yet") == 5

    made = scored(campaign, *(n / 20 for n in range(20)))
    for number, label in enumerate(made):
        rate(Actor.of_user(rita), label, 1 if number < 3 or number == 9 else 3 + number // 10)
    out = io.StringIO()
    call_command("validate_scores", "--campaign", "navcam", stdout=out)

    found = report(campaign)
    assert found.rule is not None
    assert (found.audited, found.rule.bad, found.rule.found, found.rule.reviewed) == (20, 4, 3, 4)
    assert found.to_review == 0.5
    said = out.getvalue()
    assert found.correlation is not None
    assert f"{found.correlation.value:.3f}" in said
    assert "0.750  (95 %" in said
    page = client.get("/review/navcam/scores/").content.decode()
    assert "Based on 20 labels" in page
    assert "<polyline" in page
