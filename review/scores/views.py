"""The distribution of scores, as a page, a chart and a table."""

from __future__ import annotations

import csv

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from labeling.models import Campaign, Role
from labeling.people.permissions import may_manage
from review import permissions
from review.models import Order, plan_of
from review.scores import charts
from review.scores.forms import PartForm
from review.scores.services import validity
from review.scores.services.histogram import Part, histogram
from review.scores.services.threshold import threshold


def histogram_of(campaign: Campaign, part: Part) -> dict[str, object]:
    """Return the chart's data: the crowd's bars and the experts' outline."""
    crowd = histogram(campaign, Role.CROWD, part)
    experts = histogram(campaign, Role.EXPERT, part)
    highest = charts.top_share(crowd, experts)
    end = threshold(campaign, Order.AGREEMENT)
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
    """Return the form and the requested part; an invalid form selects all scores."""
    form = PartForm(campaign, request.GET or None)
    return form, form.part() if form.is_valid() else Part()


@require_GET
@login_required
def scores(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the distribution of scores (paper, Figure 5) and how well they predict ratings."""
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
    """Return the histogram as an SVG file."""
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
    """Return the histogram as a table, one row per bar."""
    permissions.require_reviewer(request.user)
    campaign = get_object_or_404(Campaign, slug=slug)
    _, part = asked_part(request, campaign)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-agreement.csv"'
    table = csv.writer(answer)
    table.writerow(["from", "below", "crowd", "experts"])
    table.writerows(histogram_of(campaign, part)["counts"])  # type: ignore[arg-type]
    return answer
