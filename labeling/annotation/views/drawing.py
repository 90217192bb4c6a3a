"""The pages a volunteer meets, and the files of images."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from labeling.annotation.closed_campaigns import for_open_campaign
from labeling.annotation.serializers import TerrainClassSerializer
from labeling.campaigns.services.figures import figures_of
from labeling.images.files import copy_name
from labeling.models import Campaign, Image, ImageReport, Labeler, Role
from labeling.people.permissions import is_expert
from labeling.people.visitors import (
    has_seen_tutorial,
    identity,
    labeler_of,
    page_visit,
    remember,
    remember_tutorial,
)
from labeling.training.services import practice
from labeling.training.services.lessons import guide_of, tutorial_context

#: Public name of an image's file -> the model's field.
IMAGE_FILES = {
    "display": "display",
    "thumbnail": "thumbnail",
    "range-map": "range_map",
    "range-mask": "range_mask",
    "rover-mask": "rover_mask",
}


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
    """A campaign and how far it is, as the landing page shows it."""
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


@require_GET
@for_open_campaign
def tutorial(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    labeler = labeler_of(request)
    return render(
        request,
        "labeling/training/tutorial.html",
        {
            **tutorial_context(campaign),
            "has_lessons": bool(practice.lessons(campaign)),
            "must_practise": practice.must_practise(campaign, labeler),
        },
    )


@require_POST
@for_open_campaign
def tutorial_seen(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    following = "practice" if "practise" in request.POST else "annotate"
    response = redirect(following, campaign.slug)
    remember_tutorial(request, response, campaign)
    return response


@require_GET
@for_open_campaign
def annotate(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The drawing page; on the first visit the tutorial comes first."""
    slug = campaign.slug
    if not has_seen_tutorial(request, campaign):
        return redirect("tutorial", slug)
    labeler = labeler_of(request)
    if practice.must_practise(campaign, labeler):
        return redirect("practice", slug)
    return drawing_page(request, campaign, labeler, reverse("next_image", args=(slug,)))


def drawing_page(
    request: HttpRequest,
    campaign: Campaign,
    labeler: Labeler | None,
    next_url: str,
    **context: object,
) -> HttpResponse:
    """The drawing page with the pictures that `next_url` gives out.

    A `labeler` of None is a visitor who has saved nothing yet; opening the page stores nothing.
    """
    slug = campaign.slug
    visit = page_visit(request, labeler)
    config = {
        "campaign": {
            "slug": campaign.slug,
            "name": campaign.name,
            "range_limit_m": campaign.range_limit_m,
            "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        },
        "urls": {
            "next": next_url,
            "labels": reverse("labels"),
            "skip": reverse("skip_image", args=(0,)).replace("0", "{id}"),
            "draft": reverse("draft", args=(0,)).replace("0", "{id}"),
            "session": reverse("session"),
            "nothing": reverse("nothing", args=(0,)).replace("0", "{id}"),
            "report": reverse("report_image", args=(0,)).replace("0", "{id}"),
            "sent": label_url("own_label"),
            "correct": label_url("correct_label"),
            "my_drawing": label_url("my_drawing"),
            "login": f"{reverse('account_login')}?next={request.path}",
            "tutorial": reverse("tutorial", args=(slug,)),
            "home": reverse("landing"),
        },
        "csrf_token": get_token(request),
        "labeler": {
            **identity(labeler, visit),
            "name": _("Guest") if labeler is None else str(labeler),
            "is_guest": visit is not None,
            "role": Role.EXPERT if is_expert(request.user) else Role.CROWD,
        },
    }
    response = render(
        request,
        "labeling/annotation/draw.html",
        {
            "campaign": campaign,
            "annotate_config": config,
            "guide": guide_of(campaign),
            **context,
            "report_reasons": ImageReport.Reason.choices,
            "report_comment_length": ImageReport.COMMENT_LENGTH,
        },
    )
    if visit is not None:
        remember(response, visit)
    return response


def label_url(name: str) -> str:
    """An address of one label, in which the page puts the label's id in place of {id}."""
    nobody = uuid.UUID(int=0)
    return reverse(name, args=(nobody,)).replace(str(nobody), "{id}")


@require_GET
@cache_control(public=True, max_age=3600)
def image_file(request: HttpRequest, pk: int, kind: str) -> FileResponse:
    """A prepared file of an image, for everybody: the frames are public."""
    if kind not in IMAGE_FILES:
        raise Http404
    image = get_object_or_404(Image, pk=pk)
    file = getattr(image, IMAGE_FILES[kind])
    if not file:
        raise Http404
    return FileResponse(file.open("rb"))


@require_GET
@cache_control(public=True, max_age=3600)
def image_copy(request: HttpRequest, pk: int, width: int) -> FileResponse:
    """A smaller copy of an image's display image, for phones."""
    image = get_object_or_404(Image, pk=pk)
    if width not in image.display_widths:
        raise Http404
    copy = default_storage.open(copy_name(str(image.display.name), width))
    return FileResponse(copy, content_type="image/jpeg")


@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """For load balancers: answers when the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
