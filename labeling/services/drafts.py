"""Unfinished drawings, kept on the server so that another device can go on with them.

An older drawing never overwrites a newer one: whoever saves names the version it was built upon,
and a save whose version is not the stored one is refused with the stored drawing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from labeling.geometry import (
    MAX_POINTS,
    MAX_REGIONS,
    MAX_RINGS,
    coordinates_of,
    first_wrong_point,
)
from labeling.models import Assignment, Draft, Image, Label, Labeler

#: Nobody goes on with a drawing after this long.
DRAFT_LIFE = timedelta(days=90)
SWEEP_BATCH = 1000

#: Farther from the image no hand reaches; a client's mistake, or worse.
_FARTHEST = 1e6


class DraftRefused(Exception):
    """A draft that is not kept; the sentence says why."""


class InvalidDraft(DraftRefused):
    pass


class NothingToDraw(DraftRefused):
    """The image was not given to this labeler, or the labeler is done with it."""


class RetiredImage(DraftRefused):
    pass


class NewerDraft(DraftRefused):
    """The stored draft is not the one that this drawing was built upon."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("You went on with this picture somewhere else.")
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


def save(labeler: Labeler, image_id: int, drawing: Drawing) -> Draft:
    """Keep a drawing; the stored draft, whose version is the next save's `base`.

    Raises InvalidDraft, RetiredImage, NothingToDraw, or NewerDraft; then nothing is changed.
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
    with transaction.atomic():
        _hold_assignment(labeler, image_id, drawing.corrects)
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


def _hold_assignment(labeler: Labeler, image_id: int, corrects: int | None) -> None:
    """Lock the open assignment: a draft that arrives late must not outlive its sent label.

    Of a label that was sent, its newest version can be drawn on as long as it is not fixed.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is not None and image.retired_at is not None:
        raise RetiredImage(
            "This picture was taken out of the campaign, so it needs no label. Load the next one."
        )
    held = Assignment.objects.select_for_update().filter(image=image_id, labeler=labeler).first()
    is_open = held is not None and held.status == Assignment.Status.OPEN
    if not is_open and not _is_correctable(labeler, image_id, corrects):
        raise NothingToDraw("This picture is not yours to draw on now. Load the next one.")


def _is_correctable(labeler: Labeler, image_id: int, version: int | None) -> bool:
    if version is None:
        return False
    newest = Label.objects.filter(image=image_id, labeler=labeler, version=version)
    return newest.filter(fixed_at=None).exists()


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


def sweep() -> int:
    """Delete drafts nobody has touched for `DRAFT_LIFE`, a batch at a time; how many went."""
    old = Draft.objects.filter(saved_at__lt=timezone.now() - DRAFT_LIFE)
    # Asked again in the delete itself: a labeler may come back at this very moment.
    chosen = list(old.order_by("saved_at").values_list("pk", flat=True)[:SWEEP_BATCH])
    return old.filter(pk__in=chosen).delete()[0]


def _polygons(raw: object) -> list[dict[str, Any]]:
    """Regions in the form of a label's; unlike there, they may cross themselves or be tiny."""
    if not isinstance(raw, list) or len(raw) > MAX_REGIONS:
        raise InvalidDraft(f"polygons must be a list of at most {MAX_REGIONS} regions.")
    regions: list[dict[str, Any]] = []
    for region in raw:
        code = region.get("class") if isinstance(region, dict) else None
        # Exactly int: a bool is one to Python.
        if type(code) is not int or not 0 <= code <= 254:
            raise InvalidDraft('Each of the polygons must have "class", a code from 0 to 254.')
        rings = region.get("rings")
        if not isinstance(rings, list):
            raise InvalidDraft("rings must be a list of rows of points.")
        regions.append({"class": code, "rings": rings})
    _check_rows("polygons", list(chain.from_iterable(region["rings"] for region in regions)))
    return regions


def _steps(raw: object) -> list[list[list[float]]]:
    if not isinstance(raw, list):
        raise InvalidDraft("steps must be a list of rows of points.")
    _check_rows("steps", raw)
    return raw


def _check_rows(name: str, rows: list[Any]) -> None:
    """Refuse what is not lists of [x, y] points, or more of them than a label may have.

    Lengths first: what is too long is not looked at.
    """
    if len(rows) > MAX_RINGS or not set(map(type, rows)) <= {list}:
        raise InvalidDraft(f"{name} must hold rows of points, {MAX_RINGS} rows at most.")
    if sum(map(len, rows)) > MAX_POINTS:
        raise InvalidDraft(f"{name} have more than {MAX_POINTS} points: simplify the outlines.")
    points = list(chain.from_iterable(rows))
    if first_wrong_point(points) is not None or not _are_near(points):
        raise InvalidDraft(f"{name} must hold rows of [x, y] points near the picture.")


def _are_near(points: list[list[float]]) -> bool:
    coordinates = coordinates_of(points)
    # Not a number is not near either.
    return bool((np.abs(coordinates) <= _FARTHEST).all())
