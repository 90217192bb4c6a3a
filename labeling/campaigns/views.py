"""The front page: the open campaigns."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeling.annotation.serializers import TerrainClassSerializer
from labeling.campaigns.services.figures import figures_of
from labeling.models import Campaign


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    campaigns = (
        Campaign.objects.open().select_related("figures").prefetch_related("terrain_classes")
    )
    return render(
        request,
        "labeling/campaigns/landing.html",
        {"campaigns": [campaign_card(campaign) for campaign in campaigns]},
    )


def campaign_card(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign and its progress for the front page."""
    figures = figures_of(campaign)
    return {
        "slug": campaign.slug,
        "name": campaign.name,
        "description": campaign.description,
        "is_open": campaign.is_open,
        "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        "percent": figures.images_done * 100 // figures.images if figures.images else 0,
        "figures": figures,
    }
