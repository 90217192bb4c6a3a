"""Requests for releases: their settings, and whether such a release can be built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.models import Campaign, Image
from merging.formats.exports import EXPORTS
from merging.formats.tree import ai4mars_tree
from merging.masks.services.merges import default_method
from merging.masks.services.weighing import MergeRefused, pin_skill_estimate
from merging.models import Publishing, Release
from merging.releases.services import pseudonyms
from terrain.aggregation.methods import Kind, MergeMethod, methods_to_compare


class ReleaseRefused(Conflict):
    """The release cannot be built.

    `about` names the choice to change: "version", a field of `ReleaseRequest`, or "" for none.
    """

    code = "release_refused"

    def __init__(self, message: object = None, about: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.about = about


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """The choices for a release. All else comes from the campaign's `Publishing`.

    None means no choice: an existing release of this version keeps its value. A new one gets layout
    v0.1, the campaign's default method, no further formats, and today's date.
    """

    layout: str | None = None
    method: MergeMethod | None = None
    formats: tuple[str, ...] | None = None
    released_on: date | None = None


#: Releases with these statuses may be requested again, with the same or other choices.
UNFINISHED = (Release.Status.FAILED, Release.Status.STOPPED)


def request_release(
    actor: Actor,
    campaign: Campaign,
    version: str,
    requested: ReleaseRequest | None = None,
) -> Release:
    """Store a request for a release. A worker or command then builds it.

    A failed or stopped release may be requested again under its version. Its parts are kept, and
    reused where they are up to date.

    Raises:
        ReleaseRefused: The version is taken, the layout has no place for some images, or the labels
            cannot be merged as requested.
    """
    existing = Release.objects.filter(campaign=campaign, version=version).first()
    chosen = _with_defaults(campaign, requested or ReleaseRequest(), existing)
    check_layout(campaign, chosen.layout)
    columns = _columns(actor, campaign, chosen)
    try:
        with transaction.atomic():
            release, created = Release.objects.get_or_create(
                campaign=campaign,
                version=version,
                defaults={**columns, "created_by_id": actor.user_id},
            )
    except IntegrityError as error:
        raise ReleaseRefused(
            _("Version “%(version)s” cannot be used as a name.") % {"version": version},
            "version",
        ) from error
    again = Release.objects.filter(pk=release.pk, status__in=UNFINISHED)
    if not created and not again.update(status=Release.Status.QUEUED, message="", **columns):
        raise version_taken(release)
    release.refresh_from_db()
    return release


def version_taken(release: Release) -> ReleaseRefused:
    """Return why a version cannot be used: its release is waiting, being built, or complete."""
    said = {
        Release.Status.QUEUED: _(
            "Version %(version)s is already requested and is waiting for a worker. Wait for it, "
            "or choose another version."
        ),
        Release.Status.BUILDING: _(
            "Version %(version)s is being built. Wait for it, or choose another version. "
            "If its builder was killed, another can take over after two minutes."
        ),
    }.get(
        Release.Status(release.status),
        _(
            "Version %(version)s of this campaign already exists, and a release never changes. "
            "Choose a new version."
        ),
    )
    return ReleaseRefused(said % {"version": release.version}, "version")


def check_same_choices(release: Release, requested: ReleaseRequest) -> None:
    """Check that a release has the requested choices.

    Raises:
        ReleaseRefused: They differ. The message names the differences.
    """
    differences = list(_differences(release, requested))
    if not differences:
        return
    has, asked = (", ".join(side) for side in zip(*differences, strict=True))
    if release.status == Release.Status.COMPLETE:
        raise ReleaseRefused(
            _(
                "Version %(version)s was released with %(has)s. Now requested: %(asked)s. A "
                "release never changes: choose a new version, or leave out these options to write "
                "the same release again."
            ),
            "version",
            version=release.version,
            has=has,
            asked=asked,
        )
    raise ReleaseRefused(
        _(
            "Version %(version)s was requested with %(has)s and is not complete. Now requested: "
            "%(asked)s. Leave out these options to continue it, stop it on its page first, or "
            "choose a new version."
        ),
        "version",
        version=release.version,
        has=has,
        asked=asked,
    )


def _differences(release: Release, requested: ReleaseRequest) -> Iterator[tuple[str, str]]:
    """Yield (value of the release, requested value) for each choice that differs."""
    if requested.layout not in (None, release.layout):
        yield f"layout {release.layout}", f"layout {requested.layout}"
    if requested.method is not None:
        has, asked = (_describe_method(each) for each in (method_of(release), requested.method))
        if has != asked:
            yield has, asked
    if requested.formats is not None and set(requested.formats) != set(release.formats):
        yield _describe_formats(release.formats), _describe_formats(requested.formats)
    if requested.released_on not in (None, release.released_on):
        yield f"date {release.released_on}", f"date {requested.released_on}"


def _describe_method(method: MergeMethod) -> str:
    seed = f" and seed {method.seed}" if method.kind == Kind.RANDOM else ""
    return f"method {method.kind}{seed}"


def _describe_formats(names: Collection[str]) -> str:
    return f"formats {' '.join(sorted(set(names)))}" if names else "no further formats"


def method_of(release: Release) -> MergeMethod:
    """Return the merge method of a release: the chosen one, or its campaign's default."""
    if release.method:
        return MergeMethod.from_json(release.method)
    return default_method(release.campaign)


class _Chosen(NamedTuple):
    """A `ReleaseRequest` with a value for each choice."""

    layout: str
    method: MergeMethod
    formats: tuple[str, ...]
    released_on: date


def _with_defaults(
    campaign: Campaign, requested: ReleaseRequest, existing: Release | None
) -> _Chosen:
    """Return the choices, completed from the existing release or with the usual values."""
    method = default_method(campaign)
    if existing is not None:
        before = method_of(existing)
        # The numbers of the rule are those that the campaign has now.
        method = methods_to_compare(method.rule, before.seed)[before.kind]
    return _Chosen(
        requested.layout or (existing.layout if existing else Release.Layout.V0_1.value),
        requested.method or method,
        requested.formats
        if requested.formats is not None
        else tuple(existing.formats if existing else ()),
        requested.released_on or (existing.released_on if existing else timezone.localdate()),
    )


def _columns(actor: Actor, campaign: Campaign, chosen: _Chosen) -> dict[str, Any]:
    """Return the columns that describe the requested release."""
    publishing = Publishing.objects.get_or_create(campaign=campaign)[0]
    unknown = sorted(set(chosen.formats) - set(EXPORTS))
    if unknown:
        raise ReleaseRefused(
            _("Unknown format %(unknown)s. Choose from %(known)s."),
            "formats",
            unknown=", ".join(unknown),
            known=", ".join(EXPORTS),
        )
    try:
        method = pin_skill_estimate(campaign, chosen.method)
    except MergeRefused as refused:
        raise ReleaseRefused(str(refused), "method") from refused
    finished = campaign.releases.filter(status=Release.Status.COMPLETE)
    return {
        "layout": chosen.layout,
        "method": method.to_json(),
        "formats": sorted(set(chosen.formats)),
        "released_on": chosen.released_on,
        "title": publishing.title or campaign.name,
        "description": campaign.description,
        "classes": [
            list(row)
            for row in campaign.terrain_classes.order_by("code").values_list(
                "code", "name", "color"
            )
        ],
        "license": publishing.license,
        "creators": [line.strip() for line in publishing.creators.splitlines() if line.strip()],
        "credits": publishing.credits,
        "homepage": publishing.homepage,
        "pseudonym_key": pseudonyms.key_of(actor, campaign),
        "previous": finished.order_by("-completed_at", "-pk").first(),
    }


def check_layout(campaign: Campaign, layout: str) -> None:
    """Check that a layout supports the cameras of the campaign's images.

    Raises:
        ReleaseRefused: It does not support some of them, or there are no images.
    """
    images = Image.objects.filter(campaign=campaign).in_dataset()
    cameras = images.order_by().values_list("rover", "camera").distinct()
    if not cameras:
        raise ReleaseRefused(
            _("This campaign has no images yet, so there is nothing to release. Import some first.")
        )
    unplaced = Q(pk__in=())
    for rover, camera in cameras:
        if ai4mars_tree.camera_paths(layout, rover, camera) is None:
            unplaced |= Q(rover=rover, camera=camera)
    others = images.filter(unplaced)
    count = others.count()
    if count:
        places = sorted(
            {f"{rover} {camera}" for rover, camera in ai4mars_tree.CAMERA_PATHS[layout]}
        )
        raise ReleaseRefused(
            ngettext(
                "Layout %(layout)s supports %(places)s only; %(count)d of this campaign's images "
                "is from another camera (%(example)s). %(instead)s",
                "Layout %(layout)s supports %(places)s only; %(count)d of this campaign's images "
                "are from other cameras (such as %(example)s). %(instead)s",
                count,
            )
            % {
                "layout": layout,
                "places": ", ".join(places),
                "count": count,
                "example": others[0].product_id,
                "instead": _alternative(cameras),
            },
            "layout",
        )


def _alternative(cameras: Iterable[tuple[str, str]]) -> str:
    """Return a sentence on what to do if a layout has no place for these rovers and cameras."""
    for layout in Release.Layout.values:
        if all(ai4mars_tree.camera_paths(layout, rover, camera) for rover, camera in cameras):
            return _("Choose layout %(layout)s.") % {"layout": layout}
    return _("Retire these images, or import them into a separate campaign.")


def fitting_layout(campaign: Campaign) -> str:
    """Return the first layout that has a place for all images of a campaign.

    Raises:
        ReleaseRefused: No layout has one, or there are no images.
    """
    *older, newest = Release.Layout.values
    for layout in older:
        with suppress(ReleaseRefused):
            check_layout(campaign, layout)
            return str(layout)
    check_layout(campaign, newest)
    return str(newest)


def stop(actor: Actor, release: Release) -> bool:
    """Stop a release that is waiting or being built. Return False for any other.

    Its builder notices within a second that its claim is gone. The parts are kept for
    `request_release`.
    """
    return bool(jobs.stop(Release.objects.filter(pk=release.pk)))


def resume(actor: Actor, release: Release) -> bool:
    """Continue a release that was stopped or failed. Return False for any other.

    If a labeler was erased in the meantime, the release gets other pseudonyms than earlier
    releases.
    """
    unfinished = Release.objects.filter(pk=release.pk, status__in=UNFINISHED)
    key = pseudonyms.key_of(actor, release.campaign)
    return bool(unfinished.update(status=Release.Status.QUEUED, message="", pseudonym_key=key))
