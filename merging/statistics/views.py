"""The tables and figures of the paper, for a campaign and for a release."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ai4mars_site.toolkit.csv_files import safe_cell
from ai4mars_site.toolkit.tasks import enqueue
from labeling.models import Campaign
from labeling.people.access import ManagersOnly, managed_campaign
from merging import permissions
from merging.formats.contents.facts import GOLD_VARIANTS, VARIANTS
from merging.formats.statistics import tables as statistics_tables
from merging.formats.statistics.counts import CROWD, EXPERT, TRAIN, Statistics, shares
from merging.masks.class_cards import class_cards
from merging.masks.services import merges
from merging.masks.tasks import merge_campaign
from merging.models import Release
from merging.statistics import charts, services
from merging.statistics.tasks import count_release
from review.scores import charts as histograms
from terrain.agreement.distribution import BARS

PICTURES = {
    "composition": "merging/statistics/composition.svg",
    "scores": "review/scores/histogram.svg",
    "agreement": "merging/statistics/agreement.svg",
}


@require_GET
@login_required
def campaign_statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """Show Tables 1 and 2, and Figures 3, 5 and 6 of a campaign, at most a few minutes old."""
    campaign = managed_campaign(request, slug)
    counted = services.campaign_statistics(campaign)
    if counted.stale:
        enqueue(merge_campaign, campaign.pk)
    return render(
        request,
        "merging/statistics/statistics.html",
        {
            **page_context(counted.totals, campaign),
            "counted_at": counted.at,
            "stale": counted.stale,
            "rule": merges.rule_of(campaign),
            "files": files_of("statistics:campaign_statistics_file", slug),
        },
    )


@require_GET
@login_required
def campaign_statistics_file(request: HttpRequest, slug: str, name: str, kind: str) -> HttpResponse:
    """Return one of the tables as CSV, or one of the figures as SVG."""
    campaign = managed_campaign(request, slug)
    return file_of(
        request, services.campaign_statistics(campaign).totals, campaign, name, kind, slug
    )


@require_GET
def release_statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the statistics of a release. If they are not counted yet, a worker counts them."""
    release = visible_release(request, pk)
    counted = services.release_statistics(release)
    if counted is None:
        if services.is_countable(release):
            enqueue(count_release, release.pk)
        context = {"campaign": release.campaign, "release": release, "counted_at": None}
        return render(request, "merging/statistics/statistics.html", context)
    return render(
        request,
        "merging/statistics/statistics.html",
        {
            **page_context(counted.totals, release.campaign),
            "release": release,
            "counted_at": counted.at,
            "files": files_of("statistics:release_statistics_file", pk),
        },
    )


@require_GET
def release_statistics_file(request: HttpRequest, pk: int, name: str, kind: str) -> HttpResponse:
    """Return a table of a release as CSV, or a figure as SVG."""
    release = visible_release(request, pk)
    counted = services.release_statistics(release)
    if counted is None:
        raise Http404("Not counted yet.")
    title = f"{release.campaign.slug}-{release.version}"
    return file_of(request, counted.totals, release.campaign, name, kind, title)


def visible_release(request: HttpRequest, pk: int) -> Release:
    """Return a complete release whose statistics the visitor may see."""
    complete = Release.objects.filter(status=Release.Status.COMPLETE).select_related("campaign")
    release = get_object_or_404(complete, pk=pk)
    if not permissions.may_see_leaderboard(request.user, release):
        raise ManagersOnly
    return release


def files_of(view: str, key: str | int) -> dict[str, dict[str, str]]:
    """Return the URLs of the files of each table."""
    names = ("cameras", "terrain", "composition", "scores", "agreement")
    return {
        name: {kind: reverse(view, args=(key, name, kind)) for kind in ("csv", "svg")}
        for name in names
    }


def file_of(
    request: HttpRequest, totals: Statistics, campaign: Campaign, name: str, kind: str, title: str
) -> HttpResponse:
    """Return a table as CSV, or a figure as SVG."""
    if kind == "svg" and name in PICTURES:
        context = {**page_context(totals, campaign), "alone": True}
        answer = render(request, PICTURES[name], context, content_type="image/svg+xml")
    elif kind == "csv":
        answer = csv_of(totals, class_names(campaign), name)
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="{title}-{name}.{kind}"'
    return answer


def csv_of(totals: Statistics, classes: dict[int, str], name: str) -> HttpResponse:
    """Return a table as CSV."""
    tables = {table.name: table for table in statistics_tables.tables(totals, classes)}
    if name not in tables:
        raise Http404
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    writer = csv.writer(answer)
    writer.writerow(tables[name].columns)
    for row in tables[name].rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return answer


def class_names(campaign: Campaign) -> dict[int, str]:
    """Return the names of the classes by code."""
    return {each.code: each.name for each in campaign.terrain_classes.all()}


def page_context(totals: Statistics, campaign: Campaign) -> dict[str, Any]:
    """Return what the page and its figures need."""
    classes = class_cards(campaign)
    left = charts.left_of([each["name"] for each in classes.values()])
    return {
        "campaign": campaign,
        "cameras": totals.table_1(),
        "total": totals.total(),
        "terrain": totals.table_2(),
        "field": charts.field(len(classes), left),
        "percent_ticks": charts.ticks(left),
        **composition_of(totals, classes, left),
        **agreement_of(totals, classes, left),
        **scores_of(totals),
    }


def composition_of(
    totals: Statistics, classes: dict[int, dict[str, str]], left: int
) -> dict[str, Any]:
    """Return Figure 3 and the class weights: of the training set, or else of the gold set."""
    codes = list(classes)
    found = {name: totals.composition(name, codes) for name in VARIANTS}
    drawn = next((name for name in VARIANTS if found[name]), TRAIN)
    weights = totals.class_weights(codes) or {}
    parts = found[drawn] or {}
    rows = charts.rows([(parts[code],) if parts else None for code in codes], left)
    return {
        "has_composition": bool(parts),
        "composition_variant": drawn,
        "composition": [
            {
                "class": classes[code],
                "row": row,
                "percent": 100 * parts[code] if parts else None,
                "shares": [
                    None if shares is None else 100 * shares[code] for shares in found.values()
                ],
                "weight": weights.get(code),
            }
            for code, row in zip(codes, rows, strict=True)
        ],
    }


def agreement_of(
    totals: Statistics, classes: dict[int, dict[str, str]], left: int
) -> dict[str, Any]:
    """Return Figure 6."""
    codes = list(classes)
    counts = totals.agreement(codes)
    parts = {code: shares(of_class) for code, of_class in counts.items()}
    rows = charts.rows([parts[code] for code in codes], left)
    return {
        "has_agreement": any(totals.pixels.get(name) for name in GOLD_VARIANTS),
        "agreement": [
            {
                "class": classes[code],
                "row": row,
                "pixels": counts[code],
                "percents": [100 * share for share in parts[code] or ()],
            }
            for code, row in zip(codes, rows, strict=True)
        ],
    }


def scores_of(totals: Statistics) -> dict[str, Any]:
    """Return Figure 5, for the figure that the scores page of reviewers also uses."""
    crowd, experts = (totals.scores.get(role, [0] * BARS) for role in (CROWD, EXPERT))
    highest = histograms.top_share(crowd, experts)
    return {
        "crowd": sum(crowd),
        "experts": sum(experts),
        "bars": histograms.bars(crowd, highest),
        "outline": histograms.outline(experts, highest),
        "value_ticks": histograms.value_ticks(),
        "share_ticks": histograms.share_ticks(highest),
    }
