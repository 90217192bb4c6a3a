"""Figures agree on all pages, before and after a rule changes."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from labeling.annotation.services.assignments import assign_gold
from labeling.campaigns.services import figures
from labeling.models import Campaign, CampaignFigures, Image, Label
from labeling.training.services import reference_answers
from merging.dashboard import views
from merging.masks import tasks
from merging.masks.services import comparisons, merges, progress
from merging.masks.services.merges import merge_image
from merging.models import MergedMask, Release
from merging.statistics import services
from tests.factories import (
    ACTOR,
    accept,
    draw,
    mask,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
)
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with every special case; three labels are requested and needed to merge."""
    cache.clear()
    campaign = new_campaign(target_labels=3, merge_minimum=3)
    complete, over, begun, thrown, mixed = (new_image(campaign) for _ in range(5))
    for _ in range(3):
        accept(complete, "0000", "....")
    for _ in range(5):
        accept(over, "11..", "....")
    for _ in range(2):
        accept(begun, "2222", "....")
    Label.objects.filter(pk=accept(thrown, "0...", "....").pk).update(status="rejected")
    accept(mixed, "....", "....")  # empty
    draw(mixed, "3...", "....")  # waits for post-processing
    new_image(campaign)  # without labels
    aside = new_image(campaign, set_aside_at=timezone.now())
    for _ in range(3):
        accept(aside, "0...", "....")
    retired = new_image(campaign)
    for _ in range(3):
        accept(retired, "0...", "....")
    merge_image(retired.pk)
    Image.objects.filter(pk=retired.pk).update(retired_at=timezone.now())
    lesson = new_image(campaign)
    reference_answers.set_answer(ACTOR, lesson, mask("00..", "...."), "mask")
    # Gold that the crowd had labeled, with its mask of that time, and a label of an expert that
    # was thrown out.
    gold = new_image(campaign)
    for _ in range(3):
        accept(gold, "0000", "....")
    merge_image(gold.pk)
    experts = [new_expert(name) for name in ("erik", "eva", "emil")]
    assign_gold(ACTOR, gold, experts)
    for expert in experts:
        accept(gold, "00..", "....", labeler=expert, role="expert")
    Label.objects.filter(labeler=experts[2]).update(status="rejected")
    Image.objects.filter(pk=thrown.pk).update(crowd_label_count=0)
    return campaign


def pages(admin: Client) -> dict[str, Any]:
    """Return the figures of each page, by name."""
    overview = admin.get("/manage/navcam/").context
    front = Client().get("/").context["campaigns"][0]["figures"]
    gold = admin.get("/manage/navcam/gold/").context
    stats = admin.get("/manage/navcam/statistics/").context
    total, found = stats["total"], overview["figures"]
    return {
        "to draw": {found.images, front.images, gold["training"]},
        "done": {found.images_done, front.images_done},
        "labels": {found.labels, front.labels},
        "gold": {
            found.gold_images,
            total.test_images,
            len(gold["gold_images"]),
            sum(count for _name, count in stats["terrain"]),
        },
        "dataset": {found.dataset_images, total.images},
        "train labels": {found.train_labels, total.train_labels},
        "gold labels": {found.gold_labels, total.test_labels},
        "all": {
            found.all_images,
            found.images
            + found.set_aside_images
            + found.gold_images
            + found.practice_images
            + found.retired_images,
        },
        "stale": {overview["merge"].stale, stats.get("stale")},
    }


EXPECTED = {
    "to draw": {6},
    "done": {2},
    "labels": {3 + 5 + 2 + 1 + 2 + 3 + 3 + 3},
    "gold": {1},
    "dataset": {8},
    "train labels": {3 + 5 + 2 + 2 + 3},
    "gold labels": {2},
    "all": {10},
}


def bring_up_to_date(campaign: Campaign) -> None:
    """Run the tasks that pages and sweeps enqueue."""
    tasks.merge_campaign(campaign.pk)
    cache.clear()


def test_the_pages_agree_with_each_other_and_with_a_release(
    campaign: Campaign, admin: Client, tmp_path: Path
) -> None:
    # Complete, over, begun, mixed, set aside; and gold.
    assert pages(admin) == EXPECTED | {"stale": {6}}
    bring_up_to_date(campaign)
    assert pages(admin) == EXPECTED | {"stale": {0}}
    overview = admin.get("/manage/navcam/").context
    assert overview["merge"].trusted == 3, "complete, over and set aside have three labels"

    now = services.campaign_statistics(campaign).totals
    build(campaign, tmp_path)
    released = services.release_statistics(Release.objects.get())
    assert released is not None
    assert released.totals.total() == now.total()
    assert released.totals.pixels == now.pixels
    assert released.totals.orbital == now.orbital


def test_a_rule_that_changes_reaches_every_page(campaign: Campaign, admin: Client) -> None:
    bring_up_to_date(campaign)
    before = services.campaign_statistics(campaign).totals.pixels["train"]
    assert before == {0: 4 + 1, 1: 2, 2: 0, 3: 0}
    comparisons.compare_stale_images(campaign, 99)

    Campaign.objects.filter(pk=campaign.pk).update(merge_minimum=2, target_labels=5)
    campaign.refresh_from_db()
    overview = admin.get("/manage/navcam/")
    page = admin.get("/manage/navcam/statistics/").content.decode()
    assert "5 images are being merged again" in overview.content.decode()
    assert "by the new rule" in overview.content.decode()
    assert "5 images are being merged again" in page
    assert str(merges.rule_of(campaign)).replace(" %", "%") in html.unescape(page)
    admin.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    spanish = admin.get("/manage/navcam/statistics/").content.decode()
    assert "al menos 2 etiquetadores y más del 65\N{NO-BREAK SPACE}%" in html.unescape(spanish)
    del admin.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert not comparisons.by_lowest_match(campaign), "nothing is shown of the rule before"

    bring_up_to_date(campaign)
    train = MergedMask.objects.filter(image__in=campaign.images.to_draw())
    assert not train.exclude(rule=str(merges.rule_of(campaign)))
    after = services.campaign_statistics(campaign).totals.pixels["train"]
    assert after == {0: 4 + 1, 1: 2, 2: 4, 3: 0}
    assert pages(admin) == EXPECTED | {"done": {1}, "stale": {0}}
    assert admin.get("/manage/navcam/").context["merge"].trusted == 4
    assert "being merged again" not in admin.get("/manage/navcam/statistics/").content.decode()
    assert comparisons.compare_stale_images(campaign, 99) == 0
    assert comparisons.by_lowest_match(campaign)


def test_the_sweep_finds_a_changed_rule_and_nothing_else(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, pk: asked.append(pk))
    tasks.sweep_merges()
    bring_up_to_date(campaign)
    accept(campaign.images.to_draw().earliest("pk"), "0000", "....")
    tasks.sweep_merges()
    assert asked == [], "labels alone are merged when somebody looks, or for a release"
    Campaign.objects.filter(pk=campaign.pk).update(merge_percent=80)
    tasks.sweep_merges()
    assert asked == [campaign.pk]
    bring_up_to_date(Campaign.objects.get())
    tasks.sweep_merges()
    assert asked == [campaign.pk]


def test_a_page_asks_for_what_is_stale(
    campaign: Campaign, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(views, "enqueue", lambda task, pk: asked.append(pk))
    admin.get("/manage/navcam/")
    assert asked == [campaign.pk]
    bring_up_to_date(campaign)
    admin.get("/manage/navcam/")
    assert asked == [campaign.pk]


def test_an_image_whose_files_are_missing_does_not_stop_the_others(campaign: Campaign) -> None:
    image = campaign.images.to_draw().earliest("pk")
    Image.objects.filter(pk=image.pk).update(rover_mask="gone.png")
    tasks.merge_campaign(campaign.pk)
    assert [each.pk for each in progress.stale_images(campaign)] == [image.pk]


def test_a_large_campaign_is_counted_again_when_its_target_changes(
    campaign: Campaign, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "LIVE_SECONDS", -1.0)
    figures.sweep()
    Campaign.objects.filter(pk=campaign.pk).update(target_labels=5)
    page = admin.get("/manage/navcam/").content.decode()
    assert "Counted with 3 labels per image. The campaign now requests 5" in page
    figures.sweep()
    assert CampaignFigures.objects.get().images_done == 1
    assert "Counted with" not in admin.get("/manage/navcam/").content.decode()


def test_more_labels_than_wanted_are_no_share(campaign: Campaign, admin: Client) -> None:
    page = admin.get("/manage/navcam/").content.decode()
    assert "5 of 3 labels" not in page
    assert "complete" in page
    assert "2 of 3 labels" in page
