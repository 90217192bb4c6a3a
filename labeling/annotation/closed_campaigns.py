"""The page for campaigns that are closed or not public yet."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from labeling.annotation.services import drafts
from labeling.models import Campaign, Draft, Label, Labeler
from labeling.people.permissions import may_manage
from labeling.people.visitors import identity, labeler_of, page_visit, visit_of

View = Callable[[HttpRequest, Campaign], HttpResponse]


def for_open_campaign(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Pass the slug's campaign to a view, or return a page that explains why it is not available.

    Managers see a campaign that is not public yet as volunteers will see it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, slug: str) -> HttpResponse:
        campaign = get_object_or_404(Campaign.objects.with_publicity().with_drawings(), slug=slug)
        if campaign.is_open and (campaign.is_public or may_manage(request.user)):
            return view(request, campaign)
        return closed_page(request, campaign)

    return guarded


@never_cache
def closed_page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Return the page of a closed campaign (410) or of one that is not public yet (404).

    Browsers must not cache it. A campaign counts as closed if all its images were retired after
    people had drawn on them.
    """
    is_closed = campaign.is_public or campaign.has_drawings
    labeler = labeler_of(request)
    known = _known(request, campaign, labeler) if is_closed else {}
    return render(
        request,
        "labeling/annotation/closed.html",
        {
            "campaign": campaign,
            "is_closed": is_closed,
            "open_campaigns": Campaign.objects.open(),
            **known,
        },
        status=HTTPStatus.GONE if is_closed else HTTPStatus.NOT_FOUND,
    )


def _known(request: HttpRequest, campaign: Campaign, labeler: Labeler | None) -> dict[str, Any]:
    """Return what the visitor has drawn here, and how the page sends drawings that are still on the
    device.

    A visitor who has saved nothing yet may have finished a drawing while offline.
    """
    if labeler is None and visit_of(request) is None:
        return {}
    drawn = (
        {}
        if labeler is None
        else {
            "sent": Label.objects.filter(labeler=labeler, image__campaign=campaign).count(),
            "unfinished": Draft.objects.filter(labeler=labeler, image__campaign=campaign).count(),
            "draft_days": drafts.lifetime_of(labeler).days,
        }
    )
    return {
        **drawn,
        "outbox_config": {
            "labeler": identity(labeler, page_visit(request, labeler)),
            "csrf_token": get_token(request),
            "urls": {
                "labels": reverse("annotation:labels"),
                "skip": reverse("annotation:skip_image", args=(0,)).replace("0", "{id}"),
                "nothing": reverse("reports:nothing", args=(0,)).replace("0", "{id}"),
                "session": reverse("annotation:session"),
            },
        },
    }
