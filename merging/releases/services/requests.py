"""Requests for releases: what they are to be, and whether that can be."""

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
from merging.masks.services.weighing import MergeRefused, pinned
from merging.models import Publishing, Release
from merging.releases.services import pseudonyms
from terrain.aggregation.methods import Kind, MergeMethod, methods_to_compare


class ReleaseRefused(Conflict):
    """A release that cannot be built.

    `about` is what has to be chosen otherwise: "version", a field of `ReleaseRequest`, or "" for
    nothing.
    """

    code = "release_refused"

    def __init__(self, message: object = None, about: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.about = about


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What somebody chooses of a release; the rest is what the campaign's `Publishing` says.

    None is no choice: a release that is there under the version keeps its value, and a new one gets
    layout v0.1, the campaign's own rule, no further formats, and today's date.
    """

    layout: str | None = None
    method: MergeMethod | None = None
    formats: tuple[str, ...] | None = None
    released_on: date | None = None


#: A release of these may be asked for again, with the same choices or with others.
UNFINISHED = (Release.Status.FAILED, Release.Status.STOPPED)


def request_release(
    actor: Actor,
    campaign: Campaign,
    version: str,
    requested: ReleaseRequest | None = None,
) -> Release:
    """Write down that a release is requested; a worker or command then builds it.

    A failed or stopped release may be asked for again under its version: what was made of it is
    kept, and used where it is still true. Raises ReleaseRefused when the version is taken, the
    campaign has images the layout has no place for, or labels cannot be merged as requested.
    """
    known = Release.objects.filter(campaign=campaign, version=version).first()
    chosen = _completed(campaign, requested or ReleaseRequest(), known)
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
        raise taken(release)
    release.refresh_from_db()
    return release


def taken(release: Release) -> ReleaseRefused:
    """Why the version of a release that waits, is being built or is complete is not to be had."""
    said = {
        Release.Status.QUEUED: _(
            "Version %(version)s was requested before and waits for a worker. Wait for it, or "
            "choose another."
        ),
        Release.Status.BUILDING: _(
            "Version %(version)s is being built right now. Wait for it, or choose another. "
            "If its builder was killed, it can go on from two minutes after that."
        ),
    }.get(
        Release.Status(release.status),
        _(
            "Version %(version)s of this campaign exists already, and a release never changes. "
            "Choose a new version."
        ),
    )
    return ReleaseRefused(said % {"version": release.version}, "version")


def check_same(release: Release, requested: ReleaseRequest) -> None:
    """Raise ReleaseRefused, naming what differs, where a release is not what is requested."""
    differences = list(_differences(release, requested))
    if not differences:
        return
    has, asked = (", ".join(side) for side in zip(*differences, strict=True))
    if release.status == Release.Status.COMPLETE:
        raise ReleaseRefused(
            _(
                "Version %(version)s was released with %(has)s; asked for now: %(asked)s. A "
                "release never changes: choose a new version, or leave out what differs to get the "
                "same again."
            ),
            "version",
            version=release.version,
            has=has,
            asked=asked,
        )
    raise ReleaseRefused(
        _(
            "Version %(version)s was asked for with %(has)s, and is not finished; asked for now: "
            "%(asked)s. Leave out what differs to go on with it, stop it on its page first, or "
            "choose a new version."
        ),
        "version",
        version=release.version,
        has=has,
        asked=asked,
    )


def _differences(release: Release, requested: ReleaseRequest) -> Iterator[tuple[str, str]]:
    """What a release has and what is requested instead, where somebody chose.

    Of the merge method, its kind and seed count: no choice is made of the rule's numbers.
    """
    if requested.layout not in (None, release.layout):
        yield f"layout {release.layout}", f"layout {requested.layout}"
    if requested.method is not None:
        has, asked = (_method_in_words(each) for each in (method_of(release), requested.method))
        if has != asked:
            yield has, asked
    if requested.formats is not None and set(requested.formats) != set(release.formats):
        yield _formats_in_words(release.formats), _formats_in_words(requested.formats)
    if requested.released_on not in (None, release.released_on):
        yield f"date {release.released_on}", f"date {requested.released_on}"


def _method_in_words(method: MergeMethod) -> str:
    seed = f" and seed {method.seed}" if method.kind == Kind.RANDOM else ""
    return f"method {method.kind}{seed}"


def _formats_in_words(names: Collection[str]) -> str:
    return f"formats {' '.join(sorted(set(names)))}" if names else "no further formats"


def method_of(release: Release) -> MergeMethod:
    """How a release merges: as was chosen, else by the rule of its campaign."""
    if release.method:
        return MergeMethod.from_json(release.method)
    return default_method(release.campaign)


class _Chosen(NamedTuple):
    """A `ReleaseRequest` with a value for all."""

    layout: str
    method: MergeMethod
    formats: tuple[str, ...]
    released_on: date


def _completed(campaign: Campaign, requested: ReleaseRequest, known: Release | None) -> _Chosen:
    """What is requested, with a value for all: of the release that is there, or the usual one."""
    method = default_method(campaign)
    if known is not None:
        before = method_of(known)
        # The numbers of a rule are the campaign's as it is now.
        method = methods_to_compare(method.rule, before.seed)[before.kind]
    return _Chosen(
        requested.layout or (known.layout if known else Release.Layout.V0_1.value),
        requested.method or method,
        requested.formats
        if requested.formats is not None
        else tuple(known.formats if known else ()),
        requested.released_on or (known.released_on if known else timezone.localdate()),
    )


def _columns(actor: Actor, campaign: Campaign, chosen: _Chosen) -> dict[str, Any]:
    """The columns that say what a release will be."""
    publishing = Publishing.objects.get_or_create(campaign=campaign)[0]
    unknown = sorted(set(chosen.formats) - set(EXPORTS))
    if unknown:
        raise ReleaseRefused(
            _("There is no format %(unknown)s: choose of %(known)s."),
            "formats",
            unknown=", ".join(unknown),
            known=", ".join(EXPORTS),
        )
    try:
        method = pinned(campaign, chosen.method)
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
            list(known)
            for known in campaign.terrain_classes.order_by("code").values_list(
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


def stop(actor: Actor, release: Release) -> bool:
    """Stop a release that is waiting or being built; False when it is neither.

    Its builder finds its claim gone within a second. What was made is kept for `request_release`.
    """
    return bool(jobs.stop(Release.objects.filter(pk=release.pk)))


def resume(actor: Actor, release: Release) -> bool:
    """Go on with a release that was stopped or has failed; False for any other.

    Whoever was erased in between has another pseudonym in it than in the releases before.
    """
    unfinished = Release.objects.filter(pk=release.pk, status__in=UNFINISHED)
    key = pseudonyms.key_of(actor, release.campaign)
    return bool(unfinished.update(status=Release.Status.QUEUED, message="", pseudonym_key=key))
