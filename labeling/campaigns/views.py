"""The front page: the open campaigns."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeling.annotation.serializers import TerrainClassSerializer
from labeling.annotation.services.remaining import remaining
from labeling.campaigns.services.figures import figures_of
from labeling.models import Campaign, Labeler
from labeling.people.visitors import labeler_of


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    campaigns = (
        Campaign.objects.open().select_related("figures").prefetch_related("terrain_classes")
    )
    labeler = labeler_of(request)
    cards = [campaign_card(campaign, labeler) for campaign in campaigns]
    # The first campaign with new images; only when there is none, one with skipped images.
    to_draw = sorted(
        (card for card in cards if card["can_draw"]), key=lambda card: not card["has_new"]
    )
    return render(
        request,
        "labeling/campaigns/landing.html",
        {"campaigns": cards, "first": to_draw[0] if to_draw else None},
    )


def campaign_card(campaign: Campaign, labeler: Labeler | None) -> dict[str, Any]:
    """Return a campaign, its progress, and what it has for this labeler, for the front page."""
    left = remaining(campaign, labeler)
    figures = figures_of(campaign)
    return {
        "slug": campaign.slug,
        "name": campaign.local_name,
        "description": campaign.local_description,
        "has_new": left.has_new,
        "skipped": left.skipped,
        "can_draw": left.has_new or left.skipped > 0,
        "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        "percent": figures.images_done * 100 // figures.images if figures.images else 0,
        "figures": figures,
    }
