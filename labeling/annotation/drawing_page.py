"""The drawing page, for labels, practice and reference answers."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from labeling.annotation.serializers import TerrainClassSerializer
from labeling.annotation.volunteer_api import labels_sent
from labeling.models import Campaign, ImageReport, Labeler, Role
from labeling.people.permissions import is_expert
from labeling.people.visitors import (
    identity,
    name_on_device,
    page_visit,
    remember,
)

#: Header of a page that its service worker may keep on the device: the person it was made for.
KEPT_FOR = "X-Kept-For"


def drawing_page(
    request: HttpRequest,
    campaign: Campaign,
    labeler: Labeler | None,
    next_url: str,
    *,
    opens_offline: bool = False,
    **context: object,
) -> HttpResponse:
    """Render the drawing page with the images that `next_url` returns.

    A `labeler` of None is a visitor who has saved nothing yet. Opening the page stores nothing.
    With `opens_offline` the device keeps the page and opens it without a network.
    """
    slug = campaign.slug
    visit = page_visit(request, labeler)
    person = name_on_device(request, visit)
    config = {
        "campaign": {
            "slug": campaign.slug,
            "name": campaign.local_name,
            "range_limit_m": campaign.range_limit_m,
            "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        },
        "urls": {
            "next": next_url,
            "labels": reverse("annotation:labels"),
            "skip": reverse("annotation:skip_image", args=(0,)).replace("0", "{id}"),
            "skipped": reverse("annotation:reopen_skipped", args=(slug,)),
            "draft": reverse("annotation:draft", args=(0,)).replace("0", "{id}"),
            "session": reverse("annotation:session"),
            "nothing": reverse("reports:nothing", args=(0,)).replace("0", "{id}"),
            "report": reverse("reports:report_image", args=(0,)).replace("0", "{id}"),
            "sent": label_url("annotation:own_label"),
            "correct": label_url("annotation:correct_label"),
            "my_drawing": label_url("annotation:my_drawing"),
            "login": f"{reverse('account_login')}?next={request.path}",
            "tutorial": reverse("training:tutorial", args=(slug,)),
            "home": reverse("campaigns:landing"),
        },
        "csrf_token": get_token(request),
        "person": person,
        "offline": reverse("annotation:offline_worker") if opens_offline else None,
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
            "labels_sent": labels_sent(labeler, campaign) if labeler else 0,
            **context,
            "report_reasons": ImageReport.Reason.choices,
            "report_comment_length": ImageReport.COMMENT_LENGTH,
        },
    )
    if visit is not None:
        remember(response, visit)
    if opens_offline:
        response[KEPT_FOR] = person
    return response


def label_url(name: str) -> str:
    """Return the address of labels with the placeholder {id}, which the page replaces."""
    nobody = uuid.UUID(int=0)
    return reverse(name, args=(nobody,)).replace(str(nobody), "{id}")
