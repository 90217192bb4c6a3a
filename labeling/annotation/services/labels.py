"""Labels from the moment they are sent: stored once, post-processed, thrown out, restored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation import policies
from labeling.annotation.errors import NotAssigned, RetiredImage, UnknownImage
from labeling.annotation.services import drafts, independence
from labeling.annotation.services.bit_planes import planes_of
from labeling.annotation.services.checksums import polygons_checksum
from labeling.models import Assignment, Image, ImageReport, Label, Labeler, Role
from terrain.bitplanes import pixels_of_classes
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.invalid_polygons import InvalidPolygons
from terrain.geometry.regions import Region, parse_regions, regions_to_json


class AlreadyLabeled(Conflict):
    """The labeler has a label on this image, or the label's id belongs to somebody else's."""

    code = "already_labeled"
    message = _("You have already sent a drawing of this picture. Load the next one.")


class NotIndependent(Conflict):
    """The expert has seen the others' labels of the gold image, so a first one comes too late."""

    code = "not_independent"
    message = _("You have seen how others drew this picture, so it is too late to draw it alone.")


class DifferentLabel(Conflict):
    """Something else was sent under the same id before; that is kept, and this is not."""

    code = "different_label"
    message = _("Another drawing was sent under this id before. Send this one under a new id.")


class IllegalTransition(Exception):
    """A label was asked to become what its status does not allow."""


def submit(
    actor: Actor,
    labeler: Labeler,
    image_id: int,
    label_id: uuid.UUID,
    polygons: object,
    started_at: datetime | None = None,
) -> tuple[Label, bool]:
    """Store what a labeler drew; returns the label and whether it was stored just now.

    The same label sent again (by its id) is answered as before: a bad network makes no second
    label. Another content or another image under the same id is refused. Raises UnknownImage,
    RetiredImage, NotAssigned, AlreadyLabeled, DifferentLabel, NotIndependent, or
    `terrain.geometry.invalid_polygons.InvalidPolygons`; then nothing is stored.
    """
    checksum = polygons_checksum(polygons)
    sent_before = _sent_before(labeler, label_id, image_id, polygons, checksum)
    if sent_before is not None:
        return sent_before, False
    image = _image_to_label(image_id)
    assignment = Assignment.objects.filter(image=image, labeler=labeler).first()
    # A practice image takes attempts, and never a label.
    if assignment is None or image.pool == Image.Pool.PRACTICE:
        raise NotAssigned
    regions = parse_regions(polygons, image.campaign.class_codes(), image.width, image.height)
    cleaned = clean_regions(regions, image.width, image.height)
    try:
        label = store(
            actor, image, labeler, assignment.role, cleaned, label_id, started_at, checksum
        )
    except AlreadyLabeled:
        # Perhaps the same label, sent twice at once: then the first one is the answer.
        sent_before = _sent_before(labeler, label_id, image_id, polygons, checksum)
        if sent_before is not None:
            return sent_before, False
        raise
    return label, True


def _sent_before(
    labeler: Labeler, label_id: uuid.UUID, image_id: int, polygons: object, checksum: str
) -> Label | None:
    label = Label.objects.select_related("image__campaign").filter(pk=label_id).first()
    if label is None:
        return None
    if label.labeler_id != labeler.pk:
        raise AlreadyLabeled(
            _("A drawing with this id belongs to somebody else. Send this one as a new one.")
        )
    # What was sent first counts, whatever corrections have made of it since.
    first = label.versions.filter(number=1).first() if label.version > 1 else None
    stored = label.polygons if first is None else first.polygons
    same = is_same_content(label.image, polygons, checksum, label.sent_checksum, stored)
    if label.image_id != image_id or not same:
        raise DifferentLabel
    return label


def is_same_content(
    image: Image, polygons: object, checksum: str, sent_checksum: str, stored: object
) -> bool:
    """Return whether polygons are what was sent as the content that is stored.

    `checksum` is that of `polygons`. Where the stored content has none (`sent_checksum` empty), as
    it was sent before there were checksums, what cleaning leaves of both is compared.
    """
    if sent_checksum:
        return checksum == sent_checksum
    try:
        return cleaned_json(image, polygons) == stored
    except InvalidPolygons:
        return False


def cleaned_json(image: Image, polygons: object) -> list[dict[str, Any]]:
    """Return polygons as they are stored. Raises `invalid_polygons.InvalidPolygons`.

    Reads `image.campaign`.
    """
    regions = parse_regions(polygons, image.campaign.class_codes(), image.width, image.height)
    return regions_to_json(clean_regions(regions, image.width, image.height))


def _image_to_label(image_id: int) -> Image:
    image = Image.objects.select_related("campaign").filter(pk=image_id).first()
    if image is None:
        raise UnknownImage
    if image.retired_at is not None:
        raise RetiredImage
    return image


@transaction.atomic
def store(
    actor: Actor,
    image: Image,
    labeler: Labeler,
    role: str,
    regions: Iterable[Region],
    label_id: uuid.UUID,
    started_at: datetime | None = None,
    sent_checksum: str = "",
    import_source: str = "",
) -> Label:
    """Write one label, close its assignment, drop its draft and count it: all or nothing.

    import_source: what it was imported from, "" for one that was drawn here. Raises AlreadyLabeled
    when the labeler has a label on this image, and NotIndependent for an expert who has seen the
    others' labels of it.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            label = Label.objects.create(
                id=label_id,
                image=image,
                labeler=labeler,
                role=role,
                polygons=regions_to_json(list(regions)),
                sent_checksum=sent_checksum,
                # A device's clock may run ahead of ours.
                started_at=min(started_at, now) if started_at else None,
                sent_at=now,
                import_source=import_source,
            )
    except IntegrityError as error:
        raise AlreadyLabeled from error
    if role == Role.EXPERT and independence.has_seen_locked(image.pk, labeler):
        raise NotIndependent
    Assignment.objects.filter(image=image, labeler=labeler).exclude(
        status=Assignment.Status.DONE
    ).update(status=Assignment.Status.DONE, closed_at=now)
    # After the assignment, which a draft on its way here holds while it is stored.
    drafts.discard(image.pk, labeler.pk)
    # Whoever draws after all has found something to label.
    ImageReport.objects.nothing().filter(image=image, labeler=labeler).delete()
    if role == Role.CROWD:
        Image.objects.filter(pk=image.pk).update(crowd_label_count=F("crowd_label_count") + 1)
    return label


def transition(label: Label, following: str, **fields: object) -> bool:
    """Move a label on from the status and version it was read with; False when it has moved since.

    The image's count of labels and its labels_version change in the same transaction.
    Raises IllegalTransition for a step that `policies.LABEL_TRANSITIONS` does not know.
    """
    if not policies.may_become(label.status, following):
        raise IllegalTransition(f"A label that is {label.status} cannot become {following}.")
    with transaction.atomic():
        as_read = Label.objects.filter(pk=label.pk, status=label.status, version=label.version)
        claimed = as_read.update(status=following, **fields)
        if not claimed:
            return False
        change = policies.count_change(label.status, following) if label.role == Role.CROWD else 0
        Image.objects.filter(pk=label.image_id).update(
            labels_version=F("labels_version") + 1,
            crowd_label_count=F("crowd_label_count") + change,
        )
    label.status = following
    return True


def lock(actor: Actor, label: Label, because: str) -> bool:
    """From now on the label cannot be corrected; False when it was corrected since it was read.

    `because` is a `Label.LockReason`; a label that is locked already keeps its first reason.
    """
    as_read = Label.objects.filter(pk=label.pk, version=label.version)
    now = timezone.now()
    if as_read.filter(locked_at=None).update(locked_at=now, lock_reason=because):
        label.locked_at, label.lock_reason = now, because
        return True
    return as_read.exclude(locked_at=None).exists()


def process_image(image_id: int) -> int:
    """Post-process the image's received labels (paper 3.1.3); returns how many were.

    A label with nothing left under the masks is thrown out as empty. Harmless to run twice or in
    two processes: each label is claimed by its status.
    """
    image = Image.objects.select_related("campaign").get(pk=image_id)
    received = list(image.labels.received().order_by("pk"))
    if not received:
        return 0
    codes = image.campaign.class_codes()
    processed = 0
    for label, planes in zip(received, planes_of(received, image), strict=True):
        counts = pixels_of_classes(planes, codes)
        processed += transition(
            label,
            Label.Status.ACCEPTED if counts else Label.Status.EMPTY,
            pixel_counts={str(code): count for code, count in counts.items()},
            processed_at=timezone.now(),
        )
    return processed


def throw_out(actor: Actor, label: Label) -> bool:
    """A reviewer rated it 1: it leaves scores and merges, and its image may need another label."""
    return transition(label, Label.Status.REJECTED)


def restore(actor: Actor, label: Label) -> bool:
    """The rating was undone: the label counts again."""
    return transition(label, Label.Status.ACCEPTED)
