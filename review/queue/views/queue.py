"""The reviewers' pages."""

from __future__ import annotations

import csv
import uuid
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.tasks import nudge
from labeling.annotation.serializers import ImageSerializer, TerrainClassSerializer
from labeling.annotation.services import independence
from labeling.models import Campaign, Image, Labeler, Role, TerrainClass
from labeling.people.permissions import may_manage
from review import permissions
from review.models import CampaignSkill, LabelerSkill, Order, Rating, plan_of
from review.queue.forms import ChoiceForm, PartForm, QueueForm
from review.queue.serializers import DrawnLabel, ReviewedLabel
from review.queue.services import bulk, queue
from review.queue.services.queue import Filters
from review.queue.services.records import record_of
from review.scores import charts
from review.scores.services import distribution, validity
from review.scores.services.histogram import Part, histogram
from review.skill import services
from review.tasks import estimate_skill

#: Below 1 to 5 on a keyboard, in the order of `Rating.Reason`.
REASON_KEYS = "QWERTYU"

#: Labelers on one page.
LABELERS_SHOWN = 50

#: Labels that can be looked at before all of them are rated.
BULK_SHOWN = 24


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Campaigns with what waits for review in each."""
    permissions.require_reviewer(request.user)
    campaigns = []
    for campaign in Campaign.objects.all():
        end = queue.threshold(campaign)
        campaigns.append(
            {
                "slug": campaign.slug,
                "name": campaign.name,
                "queued": queue.remaining(campaign),
                "rated": Rating.objects.standing().filter(label__image__campaign=campaign).count(),
                "scored": distribution.total(campaign, Role.CROWD),
                "threshold": None if end is None else end.score,
            }
        )
    return render(request, "review/queue/index.html", {"campaigns": campaigns})


def page_config(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What the scripts of the reviewers' pages need of a campaign."""
    slug = campaign.slug
    nil = uuid.UUID(int=0)
    return {
        "campaign": {
            "slug": slug,
            "name": campaign.name,
            "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
        },
        "reviewer": request.user.pk,
        "urls": {
            "next": reverse("review_next", args=(slug,)),
            "ratings": reverse("ratings"),
            "withdraw": reverse("ratings_withdraw"),
            "release": reverse("review_release"),
            "hold": reverse("review_hold"),
            "flag": reverse("label_flag", args=(nil,)),
            "page": reverse("review_queue", args=(slug,)),
            "bulk": reverse("review_bulk", args=(slug,)),
            "bulk_page": reverse("review_bulk_page", args=(slug,)),
            "worker": static("dist/review_worker.js"),
        },
        "nil": str(nil),
        "csrf_token": get_token(request),
    }


@require_GET
@login_required
def review_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """The queue, worst first, one label at a time; or of the labels that were asked for."""
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
    """One rating for all labels of a labeler or a picture, after a look at them."""
    permissions.require_reviewer(request.user)
    assert isinstance(request.user, User)
    campaign = get_object_or_404(Campaign, slug=slug)
    form = ChoiceForm(campaign, request.GET or None)
    context: dict[str, Any] = {"campaign": campaign, "form": form}
    labeler = form.cleaned_data["labeler"] if form.is_valid() else None
    image = form.cleaned_data["image"] if form.is_valid() else None
    if labeler or image:
        ids = {"labeler": labeler and labeler.pk, "image": image and image.pk}
        chosen = bulk.chosen(campaign, **ids)
        labels = bulk.to_rate(chosen, request.user)
        first = labels.select_related("image", "labeler", "agreement").order_by("pk")[:BULK_SHOWN]
        independence.show_all({label.image_id for label in first}, request.user)
        # Nothing of it is rated yet.
        as_shown = DrawnLabel if plan_of(campaign).hide_record else ReviewedLabel
        context |= {
            "labeler": labeler,
            "image": image,
            "record": labeler and record_of(labeler, campaign),
            "reasons": Rating.Reason.choices,
            "count": labels.count(),
            "left_alone": bulk.left_alone(chosen, request.user),
            "judged_url": judged_url(campaign, labeler, image),
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


def judged_url(campaign: Campaign, labeler: Labeler | None, image: Image | None) -> str:
    """The page of the reviewer's own ratings of this labeler's labels, this image's, or both."""
    asked: dict[str, Any] = {}
    if labeler is not None:
        asked["labeler"] = labeler.pk
    if image is not None:
        asked["image"] = image.product_id
    return f"{reverse('review_judged', args=(campaign.slug,))}?{urlencode(asked)}"


@require_http_methods(["GET", "POST"])
@login_required
def labelers(request: HttpRequest, slug: str) -> HttpResponse:
    """The labelers of a campaign, those of least skill first, for its managers.

    A POST asks the workers for an estimate now.
    """
    if not may_manage(request.user):
        raise PermissionDenied("This page is for admins.")
    campaign = get_object_or_404(Campaign, slug=slug)
    if request.method == "POST":
        nudge(estimate_skill, campaign.pk)
        messages.success(request, _("Skill is being estimated. Load the page again in a minute."))
        return redirect("labelers", slug)
    known = CampaignSkill.objects.filter(campaign=campaign).exclude(status="new").first()
    found = LabelerSkill.objects.filter(campaign=campaign).select_related(
        "labeler", "labeler__user"
    )
    page = Paginator(found.order_by("skill", "labeler"), LABELERS_SHOWN).get_page(
        request.GET.get("page")
    )
    classes = list(campaign.terrain_classes.order_by("code"))
    context = {
        "campaign": campaign,
        "known": known,
        "is_stale": known is not None and not services.is_current(campaign),
        "page": page,
        "rows": [{"skill": one, "matrix": _matrix(one, classes)} for one in page],
        "by_skill": plan_of(campaign).order == Order.SKILL,
    }
    return render(request, "review/skill/labelers.html", context)


def _matrix(one: LabelerSkill, classes: list[TerrainClass]) -> list[dict[str, object]]:
    """A confusion matrix as a table of classes: what is there by what is drawn."""
    return [
        {
            "name": there.shown("name"),
            "cells": [
                {
                    "drawn": drawn.shown("name"),
                    "chance": cells[str(drawn.code)][0],
                    "shade": _shade(cells[str(drawn.code)][0]),
                }
                for drawn in classes
                if str(drawn.code) in cells
            ],
        }
        for there in classes
        if (cells := one.confusion.get(str(there.code)))
    ]


def _shade(chance: float) -> int:
    """In ten steps, for the style sheet: a page's elements have no styles of their own."""
    return min(int(chance * 10), 9)


def histogram_of(campaign: Campaign, part: Part) -> dict[str, object]:
    """What the picture of the distribution needs: the crowd's bars, the experts' outline."""
    crowd = histogram(campaign, Role.CROWD, part)
    experts = histogram(campaign, Role.EXPERT, part)
    highest = charts.top_share(crowd, experts)
    end = queue.threshold(campaign, Order.AGREEMENT)
    return {
        "campaign": campaign,
        "crowd": sum(crowd),
        "experts": sum(experts),
        "bars": charts.bars(crowd, highest),
        "outline": charts.outline(experts, highest),
        "value_ticks": charts.value_ticks(),
        "share_ticks": charts.share_ticks(highest),
        "threshold": end and {"at": charts.across(end.score), "score": end.score},
        "counts": [
            (n / len(crowd), (n + 1) / len(crowd), *both)
            for n, both in enumerate(zip(crowd, experts, strict=True))
        ],
    }


def asked_part(request: HttpRequest, campaign: Campaign) -> tuple[PartForm, Part]:
    """The filled form, and what it asks for; a form with mistakes asks for everything."""
    form = PartForm(campaign, request.GET or None)
    return form, form.part() if form.is_valid() else Part()


@require_GET
@login_required
def scores(request: HttpRequest, slug: str) -> HttpResponse:
    """The distribution of scores (paper, Figure 5), and whether low ones foretell low ratings."""
    permissions.require_reviewer(request.user)
    campaign = get_object_or_404(Campaign, slug=slug)
    form, part = asked_part(request, campaign)
    found = validity.report(campaign)
    context = {
        **histogram_of(campaign, part),
        "form": form,
        "query": request.GET.urlencode(),
        "report": found,
        "may_manage": may_manage(request.user),
        "audit_percent": plan_of(campaign).audit_percent,
        "curve": charts.curve(found.curve),
        "curve_ticks": charts.share_ticks(1.0),
    }
    return render(request, "review/scores/scores.html", context)


@require_GET
@login_required
def scores_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """The histogram as an SVG file."""
    permissions.require_reviewer(request.user)
    campaign = get_object_or_404(Campaign, slug=slug)
    _, part = asked_part(request, campaign)
    context = {**histogram_of(campaign, part), "alone": True}
    answer = render(request, "review/scores/histogram.svg", context, content_type="image/svg+xml")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-agreement.svg"'
    return answer


@require_GET
@login_required
def scores_data(request: HttpRequest, slug: str) -> HttpResponse:
    """The histogram as a table: a row a bar."""
    permissions.require_reviewer(request.user)
    campaign = get_object_or_404(Campaign, slug=slug)
    _, part = asked_part(request, campaign)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-agreement.csv"'
    table = csv.writer(answer)
    table.writerow(["from", "below", "crowd", "experts"])
    table.writerows(histogram_of(campaign, part)["counts"])  # type: ignore[arg-type]
    return answer
