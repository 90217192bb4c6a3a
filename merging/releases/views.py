"""Pages of releases for managers: requests, progress, downloads, publishing defaults."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Forbidden
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.services import independence
from labeling.models import Campaign
from labeling.people.access import managed_campaign
from merging.formats.contents.licenses import license_title
from merging.formats.documents.naming import labelers_of
from merging.formats.statistics.counts import Statistics
from merging.masks.method_names import NAMES
from merging.masks.services import merges
from merging.models import Release
from merging.releases import downloads, emptiness
from merging.releases.forms import PublishingForm, ReleaseForm
from merging.releases.names import FORMATS, LAYOUTS
from merging.releases.services import publishing_defaults, requests
from merging.releases.services.requests import method_of
from merging.releases.tasks import build_release
from terrain.aggregation.methods import Kind, methods_to_compare


@require_http_methods(["GET", "POST"])
@login_required
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the releases of a campaign. A POST requests a new one."""
    campaign = managed_campaign(request, slug)
    layout, refusal = proposed_layout(campaign)
    form = ReleaseForm(request.POST or None, campaign=campaign, layout=layout, label_suffix="")
    if request.method == "POST" and form.is_valid():
        release = request_from_form(request, campaign, form)
        if release is not None:
            enqueue(build_release, release.pk)
            messages.success(request, queued_message(release))
            return redirect("releases:releases", slug)
    return render(
        request,
        "merging/releases/releases.html",
        {
            "campaign": campaign,
            "form": form,
            "refusal": refusal,
            "terms": terms_of(campaign),
            "releases": [release_card(release) for release in with_downloads(campaign)],
        },
    )


def proposed_layout(campaign: Campaign) -> tuple[str, str]:
    """Return the layout for a campaign's images, or a reason why there can be no release."""
    try:
        return requests.fitting_layout(campaign), ""
    except requests.ReleaseRefused as refused:
        return "", str(refused)


def request_from_form(
    request: HttpRequest, campaign: Campaign, form: ReleaseForm
) -> Release | None:
    """Request the release in the form. Return None, with an error in the form, if it is refused."""
    chosen = form.cleaned_data
    try:
        return requests.request_release(
            Actor.of_request(request),
            campaign,
            chosen["version"],
            request_of(campaign, chosen),
        )
    except requests.ReleaseRefused as refused:
        form.add_error(refused.about or None, str(refused))
        return None


def request_of(campaign: Campaign, chosen: dict[str, Any]) -> requests.ReleaseRequest:
    """Return the choices in the form. Each release gets a new seed for the random merge."""
    methods = methods_to_compare(merges.rule_of(campaign), secrets.randbits(31))
    return requests.ReleaseRequest(
        layout=chosen["layout"],
        method=methods[Kind(chosen["method"])],
        formats=tuple(chosen["formats"]),
        released_on=chosen["released_on"],
    )


def queued_message(release: Release) -> str:
    return _("Release %(version)s is waiting for a worker. You can leave this page.") % {
        "version": release.version
    }


@require_POST
@login_required
def release_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a release that is waiting or being built. Its parts are kept."""
    release = managed_release(request, pk)
    if requests.stop(Actor.of_request(request), release):
        messages.success(
            request, _("Release %(version)s was stopped.") % {"version": release.version}
        )
    return redirect("releases:releases", release.campaign.slug)


@require_POST
@login_required
def release_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Continue a release that was stopped or failed, with the same choices."""
    release = managed_release(request, pk)
    if requests.resume(Actor.of_request(request), release):
        enqueue(build_release, release.pk)
        messages.success(request, queued_message(release))
    return redirect("releases:releases", release.campaign.slug)


def managed_release(request: HttpRequest, pk: int) -> Release:
    """Return a release for a manager.

    Raises:
        Forbidden: The account is not a manager.
    """
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    managed_campaign(request, release.campaign.slug)
    return release


def with_downloads(campaign: Campaign) -> QuerySet[Release]:
    """Return the campaign's releases, the latest first, with their `downloads_counted`."""
    releases = campaign.releases.select_related("campaign", "created_by")
    counted = releases.annotate(downloads_counted=Coalesce(Sum("downloads__count"), 0))
    # A grouping query ignores the default order of the model.
    return counted.prefetch_related("statistics").order_by("-created_at", "-pk")


def release_card(release: Any) -> dict[str, Any]:
    """Return what the page shows of a release from `with_downloads`."""
    kind = Kind(release.method["kind"]) if release.method else Kind.VOTES
    return {
        **release_state(release),
        "pk": release.pk,
        "version": release.version,
        "layout": LAYOUTS[release.layout],
        "method": NAMES[kind],
        "formats": [FORMATS[name] for name in release.formats],
        "released_on": release.released_on,
        "created": release.created_at,
        "created_by": release.created_by,
        "downloads": release.downloads_counted,
        "progress_url": reverse("releases:release_progress", args=(release.pk,)),
        "stop_url": reverse("releases:release_stop", args=(release.pk,)),
        "resume_url": reverse("releases:release_resume", args=(release.pk,)),
        "statistics_url": reverse("statistics:release_statistics", args=(release.pk,)),
        "leaderboard_url": reverse("benchmark:leaderboard", args=(release.pk,)),
    }


def release_state(release: Release) -> dict[str, Any]:
    """Return the values that change while a release is built."""
    return {
        "status": release.status,
        "done": release.done,
        "total": release.total,
        "percent": release.percent,
        "message": release.message,
        "changes": release.changes,
        "empty_masks": empty_masks_of(release),
        "sha256": release.sums_sha256,
        "size": filesizeformat(release.size) if release.size is not None else "",
        "download_url": (
            reverse("releases:release_download", args=(release.pk,)) if release.archive else None
        ),
    }


def empty_masks_of(release: Release) -> list[str]:
    """Return sentences on the empty masks of a complete release; [] if they were not counted."""
    if release.status != Release.Status.COMPLETE:
        return []
    # `with_downloads` reads the statistics of all releases in one query.
    stored = getattr(release, "statistics", None)
    if stored is None:
        return []
    return emptiness.sentences(Statistics.from_json(stored.totals), method_of(release))


@require_GET
@login_required
def release_progress(request: HttpRequest, pk: int) -> JsonResponse:
    """Return the state of a release as JSON."""
    return JsonResponse(release_state(managed_release(request, pk)))


@require_safe
@login_required
def release_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the archive of a release, or a range of it."""
    release = managed_release(request, pk)
    if not release.archive.name:
        raise Http404
    assert isinstance(request.user, User)
    closed = independence.hidden_images(request.user).filter(campaign=release.campaign_id)
    labeled = release.parts.exclude(split="")
    if labeled.filter(product_id__in=closed.values("product_id")).exists():
        raise Forbidden(
            _(
                "You can still label gold images of this campaign, and a release shows other "
                "people's labels. Label these images first, or give them up."
            )
        )
    return downloads.answer(request, release)


# -- publishing defaults ---------------------------------------------------------------------------


def terms_of(campaign: Campaign) -> dict[str, Any]:
    """Return the title, creators, license and credits of the next release, as pages show them."""
    publishing = publishing_defaults.publishing_of(campaign)
    title = publishing.title or campaign.name
    creators = [line.strip() for line in publishing.creators.splitlines() if line.strip()]
    return {
        "title": title,
        "creators": creators or [labelers_of(title)],
        "license": license_title(publishing.license),
        "credits": publishing.credits,
        "homepage": publishing.homepage,
    }


@require_http_methods(["GET", "POST"])
@login_required
def publishing(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the title, creators, license, credits and home page of the campaign's next releases."""
    campaign = managed_campaign(request, slug)
    form = PublishingForm(
        request.POST or None, instance=publishing_defaults.publishing_of(campaign), label_suffix=""
    )
    if request.method == "POST" and form.is_valid():
        publishing_defaults.save_defaults(Actor.of_request(request), form.save(commit=False))
        messages.success(
            request,
            _("Saved. New releases will use this; earlier releases do not change."),
        )
        return redirect("releases:releases", slug)
    return render(request, "merging/releases/publishing.html", {"campaign": campaign, "form": form})
