"""The figures of a campaign: counted at once, or by the sweep for large campaigns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labeling.campaigns.services import figures
from labeling.campaigns.tasks import sweep_figures
from labeling.models import Campaign, CampaignFigures, Image, Label
from labeling.people.services.labelers import new_guest
from tests.factories import accept, draw, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with labels of every status on two crowd images and a gold image."""
    campaign = new_campaign(target_labels=3)
    done = new_image(campaign)
    new_image(campaign)
    new_image(campaign, retired_at=timezone.now())
    new_image(new_campaign("other"))
    person = new_guest()
    accept(done, "00..", "....", labeler=person)
    accept(done, "11..", "....")
    thrown_out = accept(done, "2...", "....")
    empty = accept(done, "3...", "....")
    Label.objects.filter(pk=thrown_out.pk).update(status=Label.Status.REJECTED)
    Label.objects.filter(pk=empty.pk).update(status=Label.Status.EMPTY)
    draw(new_image(campaign), "0...", "....", labeler=person)
    gold = new_image(campaign, pool=Image.Pool.GOLD)
    accept(gold, "00..", "....", role="expert")
    Image.objects.filter(pk=done.pk).update(crowd_label_count=3)
    return campaign


def numbers(found: CampaignFigures) -> dict[str, Any]:
    left_out = {"campaign", "counted_at", "seconds"}
    return {
        field.name: getattr(found, field.name)
        for field in found._meta.fields
        if field.name not in left_out
    }


EXPECTED = {
    "images": 3,
    "images_done": 1,
    "set_aside_images": 0,
    "gold_images": 1,
    "practice_images": 0,
    "retired_images": 1,
    "target_labels": 3,
    "labels": 5,
    "train_labels": 4,
    "labelers": 4,
    "processed": 4,
    "empty": 1,
    "rejected": 1,
    "gold_labels": 1,
}


def test_each_label_and_image_is_counted_where_it_belongs(campaign: Campaign) -> None:
    assert numbers(figures.figures_of(campaign)) == EXPECTED
    empty = figures.count(new_campaign("empty"))
    assert numbers(empty) == dict.fromkeys(EXPECTED, 0) | {"target_labels": 10}


def look(campaign: Campaign) -> CampaignFigures:
    """Return what a visitor sees now."""
    return figures.figures_of(Campaign.objects.select_related("figures").get(pk=campaign.pk))


def test_a_small_campaign_is_as_it_is_now(campaign: Campaign) -> None:
    sweep_figures()
    CampaignFigures.objects.update(seconds=0.01)

    accept(campaign.images.earliest("pk"), "0...", "....")

    assert look(campaign).labels == EXPECTED["labels"] + 1


def test_nobody_waits_while_a_large_one_is_counted(
    campaign: Campaign, django_assert_num_queries: Any
) -> None:
    sweep_figures()
    CampaignFigures.objects.update(seconds=3.0)
    accept(campaign.images.earliest("pk"), "0...", "....")

    with django_assert_num_queries(1):
        assert numbers(look(campaign)) == EXPECTED
    admin = Client()
    admin.force_login(new_admin())
    page = admin.get(f"/manage/{campaign.slug}/")
    assert "is counted every few minutes" in page.content.decode()
    assert page.context["figures"].labels == EXPECTED["labels"]


@pytest.mark.parametrize(
    ("seconds", "minutes", "again"),
    [
        (0.01, 4, False),
        (0.01, 6, True),
        (1.0, 4, False),
        (1.0, 6, True),
        (10.0, 15, False),
        (10.0, 18, True),
    ],
)
def test_the_sweep_counts_a_campaign_as_seldom_as_that_is_long(
    campaign: Campaign, seconds: float, minutes: int, again: bool
) -> None:
    sweep_figures()
    CampaignFigures.objects.filter(campaign=campaign).update(
        labels=0, seconds=seconds, counted_at=timezone.now() - timedelta(minutes=minutes)
    )

    sweep_figures()

    kept = CampaignFigures.objects.get(campaign=campaign)
    assert kept.labels == (EXPECTED["labels"] if again else 0)
