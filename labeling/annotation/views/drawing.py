"""The drawing page for labels."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from labeling.annotation import registry
from labeling.annotation.closed_campaigns import for_open_campaign
from labeling.annotation.drawing_page import drawing_page
from labeling.models import Campaign
from labeling.people.visitors import (
    has_seen_tutorial,
    labeler_of,
)


@require_GET
@for_open_campaign
def annotate(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Render the drawing page; on the first visit, redirect to the tutorial."""
    slug = campaign.slug
    if not has_seen_tutorial(request, campaign):
        return redirect("training:tutorial", slug)
    labeler = labeler_of(request)
    if missing := registry.missing_prerequisite(campaign, labeler):
        return redirect(missing.page, slug)
    return drawing_page(request, campaign, labeler, reverse("annotation:next_image", args=(slug,)))
