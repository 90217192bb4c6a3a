"""The managers' pages: the list of campaigns, and the overview of one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.models import Campaign, Image
from merging.masks.services.merges import merge_image
from merging.releases.services.requests import request_release
from review.queue.services.ratings import rate
from review.scores.services.scores import score_image
from tests.factories import (
    ACTOR,
    accept,
    draw,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=3)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


# -- campaigns -------------------------------------------------------------------------------------


def test_several_campaigns_are_listed(campaign: Campaign, admin: Client) -> None:
    new_campaign("other", name="The other one")

    page = admin.get("/manage/").content.decode()

    for slug in ("navcam", "other"):
        assert f"/manage/{slug}/" in page
    assert "The other one" in page


def test_no_campaign_at_all(admin: Client) -> None:
    assert admin.get("/manage/").status_code == 200


def test_unknown_campaigns(admin: Client) -> None:
    for page in ("", "gold/", "gold/plan/", "gold/experts/", "releases/"):
        assert admin.get(f"/manage/venus/{page}").status_code == 404


def test_progress_counts_each_step(campaign: Campaign, admin: Client) -> None:
    image = new_image(campaign)
    a, b = accept(image, "00..", "...."), accept(image, "0000", "....")
    accept(image, "....", "....")
    draw(image, "00..", "....")
    gold = new_image(campaign, pool=Image.Pool.GOLD)
    accept(gold, "0...", "....", role="expert")
    new_image(campaign, retired_at="2026-01-01T00:00:00Z")
    score_image(image.pk)
    rate(Actor.of_user(new_reviewer()), a, 1)
    assert b.image == image

    page = admin.get("/manage/navcam/")

    figures = page.context["figures"]
    assert (figures.labels, figures.processed, figures.empty, figures.rejected) == (4, 3, 1, 1)
    assert (figures.images, figures.gold_images, figures.gold_labels) == (1, 1, 1)
    assert page.context["progress"] == {
        "scored": 2,
        "queued": 0,
        "rated": 1,
        "reported": 0,
        "releases": 0,
    }
    merge = page.context["merge"]
    assert (merge.trusted, merge.stale) == (0, 2)
    merge_image(image.pk)
    merge_image(gold.pk)
    merge = admin.get("/manage/navcam/").context["merge"]
    assert (merge.trusted, merge.stale) == (0, 0), "one label is not enough for a class"


@pytest.mark.parametrize("page", ["", "gold/", "gold/experts/", "releases/"])
def test_the_number_of_queries_does_not_grow_with_the_campaign(
    campaign: Campaign, admin: Client, page: str
) -> None:
    def grow(versions: str) -> None:
        for version in versions:
            accept(new_image(campaign), "00..", "....")
            gold = new_image(campaign)
            assign_gold(ACTOR, gold, [new_expert(f"{version}{n}") for n in range(3)])
            request_release(Actor.of_user(new_reviewer(f"r{version}")), campaign, version)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(f"/manage/navcam/{page}").status_code == 200
        return len(captured)

    grow("1")
    few = queries()
    grow("23456")
    assert queries() == few


# -- the admin site --------------------------------------------------------------------------------


def test_the_admin_site_opens_what_it_lists(campaign: Campaign, admin: Client) -> None:
    image = new_image(campaign)
    label = accept(image, "00..", "....")
    for url in (
        "/admin/",
        f"/admin/labeling/campaign/{campaign.pk}/change/",
        "/admin/labeling/image/",
        f"/admin/labeling/image/{image.pk}/change/",
        "/admin/labeling/label/",
        f"/admin/labeling/label/{label.pk}/change/",
        f"/admin/labeling/labeler/{label.labeler_id}/change/",
    ):
        assert admin.get(url).status_code == 200, url


def test_the_rules_speak_the_admins_language(campaign: Campaign, admin: Client) -> None:
    url = f"/admin/labeling/campaign/{campaign.pk}/change/"
    page = admin.get(url, headers={"accept-language": "es"}).content.decode()
    assert "Etiquetas por imagen" in page
    assert "Target labels" not in page


def test_labels_are_not_deleted_or_changed_by_hand(campaign: Campaign, admin: Client) -> None:
    label = accept(new_image(campaign), "00..", "....")
    url = f"/admin/labeling/label/{label.pk}"

    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{url}/change/", {"status": "rejected"}).status_code == 403
    label.refresh_from_db()
    assert label.status == "accepted"
    assert labels.reject(ACTOR, label)
