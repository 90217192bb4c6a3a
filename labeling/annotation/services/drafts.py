"""Unfinished drawings, kept on the server so that another device can go on with them.

An older drawing never overwrites a newer one: whoever saves names the version it was built upon,
and a save whose version is not the stored one is refused with the stored drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Conflict, Invalid, TooMany
from labeling.annotation.errors import NotAssigned, RetiredImage
from labeling.models import Assignment, Draft, Image, Label, Labeler
from terrain.geometry.regions import (
    MAX_POINTS,
    MAX_REGIONS,
    MAX_RINGS,
    first_wrong_point,
    to_coordinates,
)

#: Nobody goes on with a drawing after this long, nor a guest who has never sent one after that.
DRAFT_LIFE = timedelta(days=90)
DRAFT_LIFE_OF_NEWCOMERS = timedelta(days=14)
SWEEP_BATCH = 1000

#: When a page that has too many drafts may ask again.
RETRY_SECONDS = 600.0

#: Farther from the image no hand reaches; a client's mistake, or worse.
_FARTHEST = 1e6


class InvalidDraft(Invalid):
    """What a client sent is no drawing."""


class TooManyDrafts(TooMany):
    """The labeler has as many unfinished drawings as are kept, or as many bytes of them."""

    message = _(
        "You have many unfinished drawings. This one is kept on this device; send or skip some, "
        "then it is kept on the site too."
    )


class NewerDraft(Conflict):
    """The stored draft is not the one that this drawing was built upon."""

    message = _("You went on with this picture somewhere else.")

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a page saves: shapes nobody has checked, and who built them upon what.

    `base` is the version it was built upon, 0 for none; `writer` the page, `stroke` its count.
    """

    base: int
    writer: str
    stroke: int
    format: int
    polygons: object
    steps: object
    started_at: datetime | None = None
    #: Of a label that was sent, which is being corrected: the version that this began from.
    corrects: int | None = None


def save(
    labeler: Labeler,
    image_id: int,
    drawing: Drawing,
    grows: Callable[[int], None] | None = None,
) -> Draft:
    """Keep a drawing; the stored draft, whose version is the next save's `base`.

    `grows` is called with the bytes by which the draft grows, and may raise to refuse them.
    Raises InvalidDraft, RetiredImage, NotAssigned, TooManyDrafts, or NewerDraft; then nothing is
    changed.
    """
    fields: dict[str, Any] = {
        "writer": drawing.writer,
        "stroke": drawing.stroke,
        "format": drawing.format,
        "polygons": _polygons(drawing.polygons),
        "steps": _steps(drawing.steps),
        "started_at": drawing.started_at,
        "saved_at": timezone.now(),
    }
    fields["size"] = len(orjson.dumps([fields["polygons"], fields["steps"]]))
    with transaction.atomic():
        _hold_assignment(labeler, image_id, drawing.corrects)
        grown = fields["size"] - _others_fit(labeler, image_id, fields["size"])
        if grows is not None and grown > 0:
            grows(grown)
        stored = Draft.objects.filter(image=image_id, labeler=labeler)
        # A page whose own save was answered into a dead network builds upon its own drawing.
        may_replace = Q(version=drawing.base) | Q(writer=drawing.writer, stroke__lt=drawing.stroke)
        if not stored.filter(may_replace).update(version=F("version") + 1, **fields):
            if (newer := stored.first()) is not None:
                raise NewerDraft(newer)
            try:
                with transaction.atomic():
                    # A version that only grows, also where the draft before was swept away.
                    return Draft.objects.create(
                        image_id=image_id, labeler=labeler, version=drawing.base + 1, **fields
                    )
            except IntegrityError:
                # Another page of the same labeler, at the same moment.
                raise NewerDraft(stored.get()) from None
        return stored.get()


def _others_fit(labeler: Labeler, image_id: int, size: int) -> int:
    """The bytes of the image's draft as it is stored; 0 for none.

    Raises TooManyDrafts where a draft of `size` bytes is more than is kept beside the others. An
    account may keep ten times what a guest may. Pages save one after the other: of several at
    once, each may be the last that is taken.
    """
    factor = 1 if labeler.user_id is None else 10
    others = ~Q(image=image_id)
    kept = Draft.objects.filter(labeler=labeler).aggregate(
        count=Count("pk", filter=others),
        bytes=Coalesce(Sum("size", filter=others), 0),
        own=Coalesce(Sum("size", filter=~others), 0),
    )
    too_many = kept["count"] >= factor * settings.DRAFTS_PER_GUEST
    if too_many or kept["bytes"] + size > factor * settings.DRAFT_BYTES_PER_GUEST:
        raise TooManyDrafts(wait=RETRY_SECONDS)
    return int(kept["own"])


def _hold_assignment(labeler: Labeler, image_id: int, corrects: int | None) -> None:
    """Lock the open assignment: a draft that arrives late must not outlive its sent label.

    Of a label that was sent, its newest version can be drawn on as long as it is not fixed.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is not None and image.retired_at is not None:
        raise RetiredImage
    held = Assignment.objects.select_for_update().filter(image=image_id, labeler=labeler).first()
    is_open = held is not None and held.status == Assignment.Status.OPEN
    if not is_open and not _is_correctable(labeler, image_id, corrects):
        raise NotAssigned(_("This picture is not yours to draw on now. Load the next one."))


def _is_correctable(labeler: Labeler, image_id: int, version: int | None) -> bool:
    if version is None:
        return False
    newest = Label.objects.filter(image=image_id, labeler=labeler, version=version)
    return newest.filter(locked_at=None).exists()


def find(labeler: Labeler, image_id: int) -> Draft | None:
    """The labeler's own draft of an image."""
    return Draft.objects.filter(labeler=labeler, image=image_id).first()


def of_images(labeler: Labeler, image_ids: Collection[int]) -> dict[int, Draft]:
    """The labeler's own drafts by image id; images without one are left out."""
    drafts = Draft.objects.filter(labeler=labeler, image__in=image_ids)
    return {draft.image_id: draft for draft in drafts}


def discard(image_id: int, labeler_id: int) -> None:
    """The drawing was sent or given up; to be called in the transaction that says so."""
    Draft.objects.filter(image=image_id, labeler=labeler_id).delete()


def life_of(labeler: Labeler) -> timedelta:
    """Return how long a draft is kept that nobody touches; shorter for a guest without a label."""
    if labeler.user_id or Label.objects.filter(labeler=labeler).exists():
        return DRAFT_LIFE
    return DRAFT_LIFE_OF_NEWCOMERS


def sweep() -> int:
    """Delete drafts nobody has touched for long (`life_of`), a batch at a time; how many went."""
    now = timezone.now()
    newcomers = Q(labeler__user=None) & ~Exists(Label.objects.filter(labeler=OuterRef("labeler")))
    old = Draft.objects.filter(
        Q(saved_at__lt=now - DRAFT_LIFE)
        | (Q(saved_at__lt=now - DRAFT_LIFE_OF_NEWCOMERS) & newcomers)
    )
    # Asked again in the delete itself: a labeler may come back at this very moment.
    chosen = list(old.order_by("saved_at").values_list("pk", flat=True)[:SWEEP_BATCH])
    return old.filter(pk__in=chosen).delete()[0]


def _polygons(raw: object) -> list[dict[str, Any]]:
    """Regions in the form of a label's; unlike there, they may cross themselves or be tiny."""
    if not isinstance(raw, list) or len(raw) > MAX_REGIONS:
        raise InvalidDraft(
            _("polygons must be a list of at most %(limit)d regions."), limit=MAX_REGIONS
        )
    regions: list[dict[str, Any]] = []
    for region in raw:
        code = region.get("class") if isinstance(region, dict) else None
        # Exactly int: a bool is one to Python.
        if type(code) is not int or not 0 <= code <= 254:
            raise InvalidDraft(_('Each of the polygons must have "class", a code from 0 to 254.'))
        rings = region.get("rings")
        if not isinstance(rings, list):
            raise InvalidDraft(_("%(name)s must be a list of rows of points."), name="rings")
        regions.append({"class": code, "rings": rings})
    _check_rows("polygons", list(chain.from_iterable(region["rings"] for region in regions)))
    return regions


def _steps(raw: object) -> list[list[list[float]]]:
    if not isinstance(raw, list):
        raise InvalidDraft(_("%(name)s must be a list of rows of points."), name="steps")
    _check_rows("steps", raw)
    return raw


def _check_rows(name: str, rows: list[Any]) -> None:
    """Refuse what is not lists of [x, y] points, or more of them than a label may have.

    Lengths first: what is too long is not looked at.
    """
    if len(rows) > MAX_RINGS or not set(map(type, rows)) <= {list}:
        raise InvalidDraft(
            _("%(name)s must hold rows of points, %(limit)d rows at most."),
            name=name,
            limit=MAX_RINGS,
        )
    if sum(map(len, rows)) > MAX_POINTS:
        raise InvalidDraft(
            _("%(name)s have more than %(limit)d points: simplify the outlines."),
            name=name,
            limit=MAX_POINTS,
        )
    points = list(chain.from_iterable(rows))
    if first_wrong_point(points) is not None or not _are_near(points):
        raise InvalidDraft(
            _("%(name)s must hold rows of [x, y] points near the picture."), name=name
        )


def _are_near(points: list[list[float]]) -> bool:
    coordinates = to_coordinates(points)
    # Not a number is not near either.
    return bool((np.abs(coordinates) <= _FARTHEST).all())
