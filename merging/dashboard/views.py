"""Pages of managers: all campaigns, and the progress of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.tasks import enqueue
from labeling.campaigns.services.figures import figures_of, is_large
from labeling.models import Campaign, Image, ImageReport, Role, SiteFeedback
from labeling.people.access import managed_campaign, require_manager
from merging.dashboard import services
from merging.gold.services import consensus
from merging.masks.services import progress
from merging.masks.tasks import merge_campaign
from merging.models import Release
from review.models import Rating
from review.queue.services import queue
from review.scores.services import distribution

RECENT_IMAGES = 24
#: The maximum number of labels that a request deletes. More would take too long for a browser.
MAX_DELETED = 20_000


@require_GET
@login_required
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show all campaigns."""
    require_manager(request)
    return render(
        request,
        "merging/dashboard/campaigns.html",
        {
            "campaigns": Campaign.objects.with_publicity(),
            "unread_feedback": SiteFeedback.objects.unread().count(),
        },
    )


@require_GET
@login_required
def campaign_overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the progress of one campaign."""
    managed_campaign(request, slug)
    campaign = Campaign.objects.with_publicity().get(slug=slug)
    assert isinstance(request.user, User)
    figures = figures_of(campaign)
    merge = progress.campaign_progress(campaign, is_large(figures))
    if merge.stale:
        enqueue(merge_campaign, campaign.pk)
    images = campaign.images.in_dataset().order_by("-crowd_label_count", "product_id")
    return render(
        request,
        "merging/dashboard/campaign.html",
        {
            "campaign": campaign,
            "figures": figures,
            "has_classes": campaign.terrain_classes.exists(),
            "is_large": is_large(figures),
            "progress": progress_of(campaign),
            "merge": merge,
            "images": [image_card(image) for image in images[:RECENT_IMAGES]],
            "guidelines": consensus.guidelines_of(campaign, request.user),
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def delete_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask whether to delete a campaign, and delete it."""
    campaign = managed_campaign(request, slug)
    belongings = services.contents_of(campaign)
    reason = ""
    try:
        services.check(campaign)
        if belongings.labels > MAX_DELETED:
            raise services.DeleteRefused(
                _(
                    "This campaign is too large to delete here. Use this command instead: "
                    "%(command)s"
                )
                % {"command": f"manage.py delete_campaign {slug}"}
            )
    except services.DeleteRefused as refused:
        reason = str(refused)
    problem = ""
    if request.method == "POST" and not reason:
        try:
            typed = request.POST.get("typed", "").strip()
            services.delete(Actor.of_request(request), campaign, typed)
        except services.DeleteRefused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("“%(name)s” was deleted.") % {"name": campaign.local_name})
            return redirect("dashboard:manage")
    return render(
        request,
        "merging/dashboard/delete.html",
        {
            "campaign": campaign,
            "belongings": belongings,
            "reason": reason,
            "problem": problem,
        },
    )


def progress_of(campaign: Campaign) -> dict[str, int]:
    """Return the progress of each step of the workflow, in addition to the campaign's figures."""
    return {
        "scored": distribution.total(campaign, Role.CROWD),
        "queued": queue.remaining(campaign),
        "rated": Rating.objects.active().filter(label__image__campaign=campaign).count(),
        "reported": ImageReport.objects.waiting()
        .filter(image__campaign=campaign)
        .values("image")
        .distinct()
        .count(),
        "releases": campaign.releases.filter(status=Release.Status.COMPLETE).count(),
    }


def image_card(image: Image) -> dict[str, Any]:
    """Return what the page shows of one image."""
    return {
        "product_id": image.product_id,
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "labels": image.crowd_label_count,
        "target": image.campaign.target_labels,
        "is_complete": image.crowd_label_count >= image.campaign.target_labels,
        "pool": image.pool,
    }
