"""The admins' pages: all campaigns, and how far one is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ai4mars_site.tasks import nudge
from labeling.admin_views import managed_campaign
from labeling.models import Campaign, Feedback, Image, ImageReport, Role
from labeling.permissions import may_manage
from labeling.services.figures import figures_of, is_large
from merging.models import Release
from merging.services import consensus, merge_progress
from merging.tasks import merge_campaign
from review.models import Rating
from review.services import distribution, queue

RECENT_IMAGES = 24


@require_GET
@login_required
def campaigns(request: HttpRequest) -> HttpResponse:
    """All campaigns."""
    if not may_manage(request.user):
        raise PermissionDenied("This page is for the campaign's admins.")
    return render(
        request,
        "merging/campaigns.html",
        {
            "campaigns": Campaign.objects.all(),
            "unread_feedback": Feedback.objects.unread().count(),
        },
    )


@require_GET
@login_required
def campaign_overview(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = managed_campaign(request, slug)
    assert isinstance(request.user, User)
    figures = figures_of(campaign)
    merge = merge_progress.of_campaign(campaign, is_large(figures))
    if merge.stale:
        nudge(merge_campaign, campaign.pk)
    images = campaign.images.in_dataset().order_by("-crowd_label_count", "product_id")
    return render(
        request,
        "merging/campaign.html",
        {
            "campaign": campaign,
            "figures": figures,
            "is_large": is_large(figures),
            "progress": progress_of(campaign),
            "merge": merge,
            "images": [image_card(image) for image in images[:RECENT_IMAGES]],
            "policies": consensus.policies_of(campaign, request.user),
        },
    )


def progress_of(campaign: Campaign) -> dict[str, int]:
    """How far each step of the loop is, beside the campaign's figures."""
    return {
        "scored": distribution.total(campaign, Role.CROWD),
        "queued": queue.remaining(campaign),
        "rated": Rating.objects.standing().filter(label__image__campaign=campaign).count(),
        "reported": ImageReport.objects.waiting()
        .filter(image__campaign=campaign)
        .values("image")
        .distinct()
        .count(),
        "releases": campaign.releases.filter(status=Release.Status.COMPLETE).count(),
    }


def image_card(image: Image) -> dict[str, Any]:
    return {
        "product_id": image.product_id,
        "thumb_url": reverse("image_file", args=(image.pk, "thumbnail")),
        "display_url": reverse("image_file", args=(image.pk, "display")),
        "labels": image.crowd_label_count,
        "target": image.campaign.target_labels,
        "is_complete": image.crowd_label_count >= image.campaign.target_labels,
        "pool": image.pool,
    }
