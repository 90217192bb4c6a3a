"""Releases that are wanted: what they shall be, and whether that can be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.models import Campaign, Image
from merging.methods import MergeMethod
from merging.models import Publishing, Release
from merging.release import ai4mars_tree
from merging.release.exports import EXPORTS
from merging.services import alternatives, pseudonyms


class ReleaseRefused(Exception):
    """A release that cannot be built; the sentence says why and what to do.

    `about` is what has to be chosen otherwise, "version" or a field of `Wanted`; "" where nothing.
    """

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chooses of a release; the rest is what the campaign's `Publishing` says."""

    layout: str = Release.Layout.V0_1.value
    method: MergeMethod | None = None
    formats: tuple[str, ...] = ()
    released_on: date | None = None


def announce(
    campaign: Campaign, version: str, wanted: Wanted | None = None, user_id: int | None = None
) -> Release:
    """Write down that a release is wanted; a worker or command then builds it.

    A failed or stopped release may be asked for again under its version: what was made of it is
    kept, and used where it is still true. Raises ReleaseRefused when the version is taken, the
    campaign has images the layout has no place for, or labels cannot be merged as wanted.
    """
    wanted = wanted or Wanted()
    check_layout(campaign, wanted.layout)
    terms = _terms(campaign, wanted)
    try:
        with transaction.atomic():
            release, created = Release.objects.get_or_create(
                campaign=campaign, version=version, defaults={**terms, "created_by_id": user_id}
            )
    except IntegrityError as error:
        raise ReleaseRefused(
            _("Version “%(version)s” cannot be used as a name.") % {"version": version},
            "version",
        ) from error
    again = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.FAILED, Release.Status.STOPPED)
    )
    if not created and not again.update(status=Release.Status.QUEUED, message="", **terms):
        if release.status == Release.Status.BUILDING:
            raise ReleaseRefused(
                _(
                    "Version %(version)s is being built right now. Wait for it, or choose another. "
                    "If its builder was killed, it can go on from two minutes after that."
                )
                % {"version": version},
                "version",
            )
        raise ReleaseRefused(
            _(
                "Version %(version)s of this campaign exists already, and a release never changes. "
                "Choose a new version."
            )
            % {"version": version},
            "version",
        )
    release.refresh_from_db()
    return release


def _terms(campaign: Campaign, wanted: Wanted) -> dict[str, Any]:
    """The columns that say what a release will be."""
    publishing = Publishing.objects.get_or_create(campaign=campaign)[0]
    unknown = sorted(set(wanted.formats) - set(EXPORTS))
    if unknown:
        raise ReleaseRefused(
            f"There is no format {', '.join(unknown)}: choose of {', '.join(EXPORTS)}.", "formats"
        )
    method = wanted.method or alternatives.standing(campaign)
    try:
        method = alternatives.pinned(campaign, method)
    except alternatives.MergeRefused as refused:
        raise ReleaseRefused(str(refused), "method") from refused
    finished = campaign.releases.filter(status=Release.Status.COMPLETE)
    return {
        "layout": wanted.layout,
        "method": method.to_json(),
        "formats": sorted(set(wanted.formats)),
        "released_on": wanted.released_on or timezone.localdate(),
        "title": publishing.title or campaign.name,
        "description": campaign.description,
        "classes": [
            list(known)
            for known in campaign.terrain_classes.order_by("code").values_list(
                "code", "name", "color"
            )
        ],
        "licence": publishing.licence,
        "creators": [line.strip() for line in publishing.creators.splitlines() if line.strip()],
        "credits": publishing.credits,
        "homepage": publishing.homepage,
        "pseudonym_key": pseudonyms.key_of(campaign),
        "previous": finished.order_by("-completed_at", "-pk").first(),
    }


def check_layout(campaign: Campaign, layout: str) -> None:
    """Raise ReleaseRefused where a layout has no place for the campaign's images."""
    images = Image.objects.filter(campaign=campaign).in_dataset()
    cameras = images.order_by().values_list("rover", "camera").distinct()
    if not cameras:
        raise ReleaseRefused(
            _("This campaign has no images yet, so there is nothing to release. Import some first.")
        )
    homeless = Q(pk__in=())
    for rover, camera in cameras:
        if ai4mars_tree.home_of(layout, rover, camera) is None:
            homeless |= Q(rover=rover, camera=camera)
    others = images.filter(homeless)
    count = others.count()
    if count:
        places = sorted({f"{rover} {camera}" for rover, camera in ai4mars_tree.HOMES[layout]})
        raise ReleaseRefused(
            ngettext(
                "Layout %(layout)s has a place for %(places)s only; %(count)d of this campaign's "
                "images is of another camera (%(example)s). %(instead)s",
                "Layout %(layout)s has a place for %(places)s only; %(count)d of this campaign's "
                "images are of another camera (such as %(example)s). %(instead)s",
                count,
            )
            % {
                "layout": layout,
                "places": ", ".join(places),
                "count": count,
                "example": others[0].product_id,
                "instead": _instead(cameras),
            },
            "layout",
        )


def _instead(cameras: Iterable[tuple[str, str]]) -> str:
    """What to do about images of these rovers and cameras, for which a layout has no place."""
    for layout in Release.Layout.values:
        if all(ai4mars_tree.home_of(layout, rover, camera) for rover, camera in cameras):
            return _("Choose layout %(layout)s.") % {"layout": layout}
    return _("Retire them, or import them into a campaign of their own.")


def fitting_layout(campaign: Campaign) -> str:
    """The first layout that has a place for all images of a campaign.

    Raises ReleaseRefused where none has, and where there is no image.
    """
    *older, newest = Release.Layout.values
    for layout in older:
        with suppress(ReleaseRefused):
            check_layout(campaign, layout)
            return str(layout)
    check_layout(campaign, newest)
    return str(newest)


def stop(release: Release) -> bool:
    """Stop a release that is waiting or being built; False when it is neither.

    Its builder finds its claim gone with its next image. What was made is kept for `announce`.
    """
    under_way = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.QUEUED, Release.Status.BUILDING)
    )
    return bool(under_way.update(status=Release.Status.STOPPED, claim=None, heartbeat_at=None))


def resume(release: Release) -> bool:
    """Go on with a release that was stopped or has failed; False for any other.

    Whoever was erased in between has another pseudonym in it than in the releases before.
    """
    unfinished = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.FAILED, Release.Status.STOPPED)
    )
    key = pseudonyms.key_of(release.campaign)
    return bool(unfinished.update(status=Release.Status.QUEUED, message="", pseudonym_key=key))
