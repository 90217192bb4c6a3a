"""The admins' pages: progress of a campaign, its releases."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from ai4mars_site.tasks import nudge
from labeling.admin_views import managed_campaign
from labeling.models import Campaign, Feedback, Image, ImageReport, Label, Role
from labeling.permissions import may_manage
from merging import downloads
from merging.forms import ReleaseForm
from merging.methods import Kind, methods_beside
from merging.models import LabelingPolicy, MergedMask, Release
from merging.services import merges
from merging.services import releases as release_service
from merging.tasks import build_release
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
    images = campaign.images.in_dataset().order_by("-crowd_label_count", "product_id")
    return render(
        request,
        "merging/campaign.html",
        {
            "campaign": campaign,
            "progress": progress_of(campaign),
            "images": [image_card(image) for image in images[:RECENT_IMAGES]],
            "policies": LabelingPolicy.objects.filter(campaign=campaign).select_related(
                "author", "image"
            ),
        },
    )


def progress_of(campaign: Campaign) -> dict[str, int]:
    """How far each step of the loop is."""
    to_label = Q(pool=Image.Pool.CROWD, set_aside_at=None)
    images = campaign.images.usable().aggregate(
        images=Count("pk", filter=to_label),
        images_done=Count("pk", filter=to_label & Q(crowd_label_count__gte=campaign.target_labels)),
        gold_images=Count("pk", filter=Q(pool=Image.Pool.GOLD)),
    )
    crowd = Q(role=Role.CROWD)
    labels = Label.objects.filter(image__campaign=campaign).aggregate(
        labels=Count("pk", filter=crowd),
        processed=Count("pk", filter=crowd & ~Q(status=Label.Status.RECEIVED)),
        empty=Count("pk", filter=crowd & Q(status=Label.Status.EMPTY)),
        rejected=Count("pk", filter=crowd & Q(status=Label.Status.REJECTED)),
        gold_labels=Count("pk", filter=~crowd),
    )
    return {
        **images,
        **labels,
        "scored": distribution.total(campaign, Role.CROWD),
        "queued": queue.remaining(campaign),
        "rated": Rating.objects.standing().filter(label__image__campaign=campaign).count(),
        "merged": MergedMask.objects.filter(image__campaign=campaign, variant="train").count(),
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
        "pool": image.pool,
    }


@require_http_methods(["GET", "POST"])
@login_required
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """Releases of a campaign; a POST asks the workers for a new one."""
    campaign = managed_campaign(request, slug)
    form = ReleaseForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            release = release_service.announce(
                campaign,
                form.cleaned_data["version"],
                wanted_of(campaign, form.cleaned_data),
                user_id=request.user.pk,
            )
        except release_service.ReleaseRefused as refused:
            form.add_error("version", str(refused))
        else:
            nudge(build_release, release.pk)
            return redirect("releases", slug)
    return render(
        request,
        "merging/releases.html",
        {
            "campaign": campaign,
            "form": form,
            "releases": [
                release_card(release)
                for release in campaign.releases.select_related("campaign", "created_by")
            ],
        },
    )


def wanted_of(campaign: Campaign, chosen: dict[str, Any]) -> release_service.Wanted:
    """What was chosen in the form; a lot is drawn anew for each release."""
    methods = methods_beside(merges.rule_of(campaign), secrets.randbits(31))
    return release_service.Wanted(
        layout=chosen["layout"],
        method=methods[Kind(chosen["method"])],
        formats=tuple(chosen["formats"]),
    )


@require_POST
@login_required
def release_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a release that waits or is being built; what was made of it is kept."""
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    campaign = managed_campaign(request, release.campaign.slug)
    if release_service.stop(release):
        messages.success(
            request, _("Release %(version)s is stopped.") % {"version": release.version}
        )
    return redirect("releases", campaign.slug)


@require_POST
@login_required
def release_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a release that was stopped, or has failed, as it was wanted."""
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    campaign = managed_campaign(request, release.campaign.slug)
    if release_service.resume(release):
        nudge(build_release, release.pk)
    return redirect("releases", campaign.slug)


def release_card(release: Release) -> dict[str, Any]:
    return {
        **release_state(release),
        "version": release.version,
        "layout": release.layout,
        "created": release.created_at,
        "created_by": release.created_by,
        "progress_url": reverse("release_progress", args=(release.pk,)),
        "stop_url": reverse("release_stop", args=(release.pk,)),
        "resume_url": reverse("release_resume", args=(release.pk,)),
        "changes": release.changes,
        "formats": release.formats,
        "released_on": release.released_on,
        "statistics_url": reverse("release_statistics", args=(release.pk,)),
        "board_url": reverse("board", args=(release.pk,)),
    }


def release_state(release: Release) -> dict[str, Any]:
    """What changes while a release is built."""
    return {
        "status": release.status,
        "done": release.done,
        "total": release.total,
        "percent": release.percent,
        "message": release.message,
        "sha256": release.sums_sha256,
        "size": release.size,
        "download_url": (
            reverse("release_download", args=(release.pk,)) if release.archive else None
        ),
    }


@require_GET
@login_required
def release_progress(request: HttpRequest, pk: int) -> JsonResponse:
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    managed_campaign(request, release.campaign.slug)
    return JsonResponse(release_state(release))


@require_safe
@login_required
def release_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A release's archive, whole or a range of it."""
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    managed_campaign(request, release.campaign.slug)
    if not release.archive.name:
        raise Http404
    return downloads.answer(request, release)
