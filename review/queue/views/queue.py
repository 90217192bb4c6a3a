"""The reviewers' pages."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET

from labeling.annotation.serializers import ImageSerializer, TerrainClassSerializer
from labeling.annotation.services import independence
from labeling.models import Campaign, Image, Labeler, Role
from review import permissions
from review.models import Rating, plan_of
from review.queue.forms import ChoiceForm, QueueForm
from review.queue.serializers import DrawnLabel, ReviewedLabel
from review.queue.services import bulk_ratings, queue
from review.queue.services.queue import Filters
from review.queue.services.records import record_of
from review.scores.services import distribution
from review.scores.services.threshold import threshold

#: Below 1 to 5 on a keyboard, in the order of `Rating.Reason`.
REASON_KEYS = "QWERTYU"


#: Labels that can be looked at before all of them are rated.
BULK_SHOWN = 24


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the campaigns, each with the number of labels that await review."""
    permissions.require_reviewer(request.user)
    campaigns = []
    for campaign in Campaign.objects.all():
        end = threshold(campaign)
        campaigns.append(
            {
                "slug": campaign.slug,
                "name": campaign.local_name,
                "queued": queue.remaining(campaign),
                "rated": Rating.objects.active().filter(label__image__campaign=campaign).count(),
                "scored": distribution.total(campaign, Role.CROWD),
                "threshold": None if end is None else end.score,
            }
        )
    return render(request, "review/queue/index.html", {"campaigns": campaigns})


def page_config(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """Return the settings of a campaign for the scripts of the review pages."""
    slug = campaign.slug
    nil = uuid.UUID(int=0)
    return {
        "campaign": {
            "slug": slug,
            "name": campaign.local_name,
            "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        },
        "reviewer": request.user.pk,
        # Whom the page speaks for, when it asks for a fresh token; None where no label was drawn.
        "labeler": Labeler.objects.filter(user=request.user.pk)
        .values_list("pk", flat=True)
        .first(),
        "urls": {
            "next": reverse("queue:review_next", args=(slug,)),
            "ratings": reverse("queue:ratings"),
            "withdraw": reverse("queue:ratings_withdraw"),
            "release": reverse("queue:review_release"),
            "hold": reverse("queue:review_hold"),
            "flag": reverse("queue:label_flag", args=(nil,)),
            "session": reverse("annotation:session"),
            "page": reverse("queue:review_queue", args=(slug,)),
            "bulk": reverse("queue:review_bulk", args=(slug,)),
            "bulk_page": reverse("queue:review_bulk_page", args=(slug,)),
            "worker": static("dist/review_worker.js"),
        },
        "nil": str(nil),
        "csrf_token": get_token(request),
    }


@require_GET
@login_required
def review_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the review queue, lowest score first, one label at a time."""
    permissions.require_reviewer(request.user)
    campaign = get_object_or_404(Campaign, slug=slug)
    form = QueueForm(campaign, request.GET or None)
    filters = form.filters() if form.is_valid() else Filters()
    chosen = {name: value for name, value in asdict(filters).items() if value is not None}
    context = {
        "campaign": campaign,
        "form": form,
        "is_filtered": filters != Filters(),
        "reasons": list(zip(Rating.Reason.choices, REASON_KEYS, strict=True)),
        "review_config": page_config(request, campaign)
        | {"query": urlencode(chosen) if filters != Filters() else "", "many": queue.MANY},
    }
    return render(request, "review/queue/queue.html", context)


@require_GET
@login_required
def bulk_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page that gives one rating to all labels of a labeler or an image."""
    permissions.require_reviewer(request.user)
    assert isinstance(request.user, User)
    campaign = get_object_or_404(Campaign, slug=slug)
    form = ChoiceForm(campaign, request.GET or None)
    context: dict[str, Any] = {"campaign": campaign, "form": form}
    labeler = form.cleaned_data["labeler"] if form.is_valid() else None
    image = form.cleaned_data["image"] if form.is_valid() else None
    if labeler or image:
        ids = {"labeler": labeler and labeler.pk, "image": image and image.pk}
        chosen = bulk_ratings.chosen(campaign, **ids)
        labels = bulk_ratings.to_rate(chosen, request.user)
        first = labels.select_related("image", "labeler", "agreement").order_by("pk")[:BULK_SHOWN]
        independence.record_views({label.image_id for label in first}, request.user)
        # Nothing of it is rated yet.
        as_shown = DrawnLabel if plan_of(campaign).hide_record else ReviewedLabel
        context |= {
            "labeler": labeler,
            "image": image,
            "record": labeler and record_of(labeler, campaign),
            "reasons": Rating.Reason.choices,
            "count": labels.count(),
            "not_rated": bulk_ratings.not_rated(chosen, request.user),
            "rated_url": rated_url(campaign, labeler, image),
            "bulk_config": page_config(request, campaign)
            | {
                "chosen": ids,
                "labels": [
                    {**as_shown(label).data, "image": ImageSerializer(label.image).data}
                    for label in first
                ],
            },
        }
    return render(request, "review/queue/bulk.html", context)


def rated_url(campaign: Campaign, labeler: Labeler | None, image: Image | None) -> str:
    """Return the address of the reviewer's own ratings, by labeler, image, or both."""
    asked: dict[str, Any] = {}
    if labeler is not None:
        asked["labeler"] = labeler.pk
    if image is not None:
        asked["image"] = image.product_id
    return f"{reverse('queue:rated_labels', args=(campaign.slug,))}?{urlencode(asked)}"
