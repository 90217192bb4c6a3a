"""The drawing page for labels."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from labeling.annotation import registry
from labeling.annotation.closed_campaigns import for_open_campaign
from labeling.annotation.drawing_page import drawing_page
from labeling.models import Campaign
from labeling.people.visitors import (
    has_seen_tutorial,
    labeler_of,
)

OFFLINE_WORKER = settings.BASE_DIR / "static" / "dist" / "offline_worker.js"


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
    return drawing_page(
        request,
        campaign,
        labeler,
        reverse("annotation:next_image", args=(slug,)),
        # Managers look at a campaign before it is public.
        opens_offline=campaign.is_public,
    )


@never_cache
@require_GET
def offline_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker that opens drawing pages without a network.

    A service worker controls only pages below its own path. Its address must not change, so it is
    not served like the other scripts, whose names contain a checksum.
    """
    try:
        script = OFFLINE_WORKER.read_bytes()
    except FileNotFoundError as error:
        raise Http404 from error
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")
