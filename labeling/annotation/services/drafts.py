"""Unfinished drawings, stored on the server so that another device can continue them.

An older drawing never overwrites a newer one: a save names the version that it is based on. If that
is not the stored version, the save is refused, and the response has the stored drawing.
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
    check_counts,
    first_wrong_point,
    to_coordinates,
)

#: Lifetime of a draft since its last save; shorter for a guest who has never sent a label.
DRAFT_LIFE = timedelta(days=90)
DRAFT_LIFE_OF_NEWCOMERS = timedelta(days=14)
SWEEP_BATCH = 1000

#: Seconds after which a page with too many drafts may ask again.
RETRY_SECONDS = 600.0

#: Farthest a point may be outside the image, pixels; farther is an error of the client.
_FARTHEST = 1e6


class InvalidDraft(Invalid):
    """The client's data is not a valid drawing."""


class TooManyDrafts(TooMany):
    """The labeler has reached the limit of unfinished drawings, or of their bytes."""

    message = _(
        "You have too many unfinished drawings, so this one is saved on this device only. Send "
        "or skip some to save it on the site too."
    )


class NewerDraft(Conflict):
    """The stored draft is not the one that this drawing is based on."""

    message = _("You also drew on this picture in another tab or on another device.")

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


@dataclass(frozen=True, slots=True)
class DraftContent:
    """A drawing as a page saves it, with shapes that are not validated yet.

    `base` is the version that it is based on, 0 for none. `writer` is the page, `stroke` its count
    of saves.
    """

    base: int
    writer: str
    stroke: int
    format: int
    polygons: object
    steps: object
    #: How the unfinished shape is drawn: with which tool, as which class, over other shapes or not.
    tool: str = Draft.Tool.DRAW
    sketch_class: int | None = None
    paint_over: bool = False
    started_at: datetime | None = None
    #: For a correction: the version of the sent label that it started from.
    corrects: int | None = None


def save(
    labeler: Labeler,
    image_id: int,
    drawing: DraftContent,
    grows: Callable[[int], None] | None = None,
) -> Draft:
    """Store a drawing. Return the stored draft, whose version is the next save's `base`.

    Args:
        labeler: The author of the drawing.
        image_id: The image that it is drawn on.
        drawing: The drawing to store.
        grows: Called with the number of bytes by which the draft grows; may raise an error to
            refuse it.

    Raises:
        InvalidDraft: The drawing is not valid.
        TooManyPoints: It has more shapes or points than a label may have.
        RetiredImage: The image was retired.
        NotAssigned: The labeler may not draw on the image.
        TooManyDrafts: The labeler has too many drafts.
        NewerDraft: The stored draft is newer.
    """
    fields: dict[str, Any] = {
        "writer": drawing.writer,
        "stroke": drawing.stroke,
        "format": drawing.format,
        "polygons": _polygons(drawing.polygons),
        "steps": _steps(drawing.steps),
        "tool": drawing.tool,
        "sketch_class": drawing.sketch_class,
        "paint_over": drawing.paint_over,
        "started_at": drawing.started_at,
        "saved_at": timezone.now(),
    }
    fields["size"] = len(orjson.dumps([fields["polygons"], fields["steps"]]))
    with transaction.atomic():
        _lock_assignment(labeler, image_id, drawing.corrects)
        grown = fields["size"] - _check_limits(labeler, image_id, fields["size"])
        if grows is not None and grown > 0:
            grows(grown)
        stored = Draft.objects.filter(image=image_id, labeler=labeler)
        # A page that missed the answer to its own save may overwrite its own drawing.
        may_replace = Q(version=drawing.base) | Q(writer=drawing.writer, stroke__lt=drawing.stroke)
        if not stored.filter(may_replace).update(version=F("version") + 1, **fields):
            if (newer := stored.first()) is not None:
                raise NewerDraft(newer)
            try:
                with transaction.atomic():
                    # The version only grows, also if the earlier draft was swept.
                    return Draft.objects.create(
                        image_id=image_id, labeler=labeler, version=drawing.base + 1, **fields
                    )
            except IntegrityError:
                # Another page of the same labeler saved at the same time.
                raise NewerDraft(stored.get()) from None
        return stored.get()


def _check_limits(labeler: Labeler, image_id: int, size: int) -> int:
    """Return the bytes of the image's stored draft; 0 if there is none.

    Raises TooManyDrafts if a draft of `size` bytes exceeds the limits together with the others. An
    account may store ten times what a guest may. Simultaneous saves may exceed the limit by one
    draft each.
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


def _lock_assignment(labeler: Labeler, image_id: int, corrects: int | None) -> None:
    """Lock the open assignment, so that a late draft cannot outlive its sent label.

    If the label was sent, a draft of its newest version is allowed until the label is locked.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is not None and image.retired_at is not None:
        raise RetiredImage
    held = Assignment.objects.select_for_update().filter(image=image_id, labeler=labeler).first()
    is_open = held is not None and held.status == Assignment.Status.OPEN
    if not is_open and not _is_correctable(labeler, image_id, corrects):
        raise NotAssigned(_("You cannot draw on this picture now. Load the next one."))


def _is_correctable(labeler: Labeler, image_id: int, version: int | None) -> bool:
    if version is None:
        return False
    newest = Label.objects.filter(image=image_id, labeler=labeler, version=version)
    return newest.filter(locked_at=None).exists()


def find(labeler: Labeler, image_id: int) -> Draft | None:
    """Return the labeler's own draft of an image; None if there is none."""
    return Draft.objects.filter(labeler=labeler, image=image_id).first()


def find_by_image(labeler: Labeler, image_ids: Collection[int]) -> dict[int, Draft]:
    """Return the labeler's own drafts by image id, for the images that have one."""
    drafts = Draft.objects.filter(labeler=labeler, image__in=image_ids)
    return {draft.image_id: draft for draft in drafts}


def discard(image_id: int, labeler_id: int) -> None:
    """Delete the draft of a drawing that was sent or skipped; call it in the same transaction."""
    Draft.objects.filter(image=image_id, labeler=labeler_id).delete()


def lifetime_of(labeler: Labeler) -> timedelta:
    """Return how long an untouched draft is kept; shorter for a guest without a label."""
    if labeler.user_id or Label.objects.filter(labeler=labeler).exists():
        return DRAFT_LIFE
    return DRAFT_LIFE_OF_NEWCOMERS


def sweep() -> int:
    """Delete expired drafts (`lifetime_of`) in batches; return how many."""
    now = timezone.now()
    newcomers = Q(labeler__user=None) & ~Exists(Label.objects.filter(labeler=OuterRef("labeler")))
    old = Draft.objects.filter(
        Q(saved_at__lt=now - DRAFT_LIFE)
        | (Q(saved_at__lt=now - DRAFT_LIFE_OF_NEWCOMERS) & newcomers)
    )
    # Checked again in the delete itself: the labeler may return at this moment.
    chosen = list(old.order_by("saved_at").values_list("pk", flat=True)[:SWEEP_BATCH])
    return old.filter(pk__in=chosen).delete()[0]


def _polygons(raw: object) -> list[dict[str, Any]]:
    """Validate regions in the form of a label's; here they may cross themselves or be tiny."""
    if not isinstance(raw, list):
        raise InvalidDraft(_("polygons must be a list of shapes."))
    check_counts(regions=len(raw))
    regions: list[dict[str, Any]] = []
    for region in raw:
        code = region.get("class") if isinstance(region, dict) else None
        # Exactly int: in Python a bool is an int too.
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
    """Raise InvalidDraft for anything but lists of [x, y] points, TooManyPoints for too many.

    Lengths are checked first, so that oversized data is not read.
    """
    check_counts(rings=len(rows))
    if not set(map(type, rows)) <= {list}:
        raise InvalidDraft(_("%(name)s must be a list of rows of points."), name=name)
    check_counts(points=sum(map(len, rows)))
    points = list(chain.from_iterable(rows))
    if first_wrong_point(points) is not None or not _are_near(points):
        raise InvalidDraft(
            _("%(name)s must contain rows of [x, y] points near the picture."), name=name
        )


def _are_near(points: list[list[float]]) -> bool:
    coordinates = to_coordinates(points)
    # A comparison with NaN is false, so NaN is not near.
    return bool((np.abs(coordinates) <= _FARTHEST).all())
