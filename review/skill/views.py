"""The skill of labelers."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ai4mars_site.toolkit.tasks import enqueue
from labeling.models import Campaign, TerrainClass
from labeling.people.access import ManagersOnly
from labeling.people.permissions import may_manage
from review.models import CampaignSkill, LabelerSkill, Order, plan_of
from review.skill import services
from review.skill.tasks import estimate_skill

#: Labelers on one page.
LABELERS_SHOWN = 50


@require_http_methods(["GET", "POST"])
@login_required
def labelers(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the labelers of a campaign to its managers, lowest skill first.

    A POST asks the workers for an estimate now.
    """
    if not may_manage(request.user):
        raise ManagersOnly
    campaign = get_object_or_404(Campaign, slug=slug)
    if request.method == "POST":
        enqueue(estimate_skill, campaign.pk)
        messages.success(request, _("Skill is being estimated. Reload this page in a minute."))
        return redirect("skill:labelers", slug)
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
    """Return a confusion matrix as table rows: true class by drawn class."""
    return [
        {
            "name": there.translated("name"),
            "cells": [
                {
                    "drawn": drawn.translated("name"),
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
    """Return the number of one of ten CSS classes, because inline styles are not allowed."""
    return min(int(chance * 10), 9)
