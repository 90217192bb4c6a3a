"""The life of a label: stored once, post-processed, rejected, restored, locked."""

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
from terrain.bitplanes import count_class_pixels
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.invalid_polygons import InvalidPolygons
from terrain.geometry.regions import Region, parse_regions, regions_to_json


class AlreadyLabeled(Conflict):
    """The labeler already has a label on this image, or the label's id is taken."""

    code = "already_labeled"
    message = _("You have already sent a drawing of this picture. Load the next one.")


class NotIndependent(Conflict):
    """The expert has seen the others' labels of the gold image before the first label."""

    code = "not_independent"
    message = _(
        "You have seen how others drew this picture, so you can no longer draw it independently."
    )


class DifferentLabel(Conflict):
    """Other content was already stored under the same id."""

    code = "different_label"
    message = _("This id was already used for another drawing. Send this one with a new id.")


class IllegalTransition(Exception):
    """The label's status does not allow this transition."""


def submit(
    actor: Actor,
    labeler: Labeler,
    image_id: int,
    label_id: uuid.UUID,
    polygons: object,
    started_at: datetime | None = None,
) -> tuple[Label, bool]:
    """Store what a labeler drew; if an error is raised, nothing is stored.

    Sending the same label again gives the same response, so a bad network creates no second label.

    Args:
        actor: In whose name the label is recorded.
        labeler: The author of the label.
        image_id: The image that was drawn on.
        label_id: The client's id of the label.
        polygons: What was drawn, not validated yet.
        started_at: When the labeler started to draw.

    Returns:
        The label, and whether this call stored it.

    Raises:
        UnknownImage: There is no such image.
        RetiredImage: The image was retired.
        NotAssigned: The labeler was not given the image.
        AlreadyLabeled: The labeler has another label on the image, or the id is taken.
        DifferentLabel: The id was sent before with other content.
        NotIndependent: The expert has seen the others' labels.
        InvalidPolygons: The polygons are invalid (`terrain.geometry.invalid_polygons`).
    """
    checksum = polygons_checksum(polygons)
    sent_before = _sent_before(labeler, label_id, image_id, polygons, checksum)
    if sent_before is not None:
        return sent_before, False
    image = _image_to_label(image_id)
    assignment = Assignment.objects.filter(image=image, labeler=labeler).first()
    # A practice image takes attempts, never labels.
    if assignment is None or image.pool == Image.Pool.PRACTICE:
        raise NotAssigned
    regions = parse_regions(polygons, image.campaign.class_codes(), image.width, image.height)
    cleaned = clean_regions(regions, image.width, image.height)
    try:
        label = store(
            actor, image, labeler, assignment.role, cleaned, label_id, started_at, checksum
        )
    except AlreadyLabeled:
        # Perhaps the same label was sent twice at once; then the stored one is the answer.
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
            _("A drawing with this id belongs to somebody else. Send yours as a new drawing.")
        )
    # Compare with what was first sent, whatever corrections followed.
    first = label.versions.filter(number=1).first() if label.version > 1 else None
    stored = label.polygons if first is None else first.polygons
    same = is_same_content(label.image, polygons, checksum, label.sent_checksum, stored)
    if label.image_id != image_id or not same:
        raise DifferentLabel
    return label


def is_same_content(
    image: Image, polygons: object, checksum: str, sent_checksum: str, stored: object
) -> bool:
    """Return whether polygons are the ones from which the stored content was made.

    `checksum` is that of `polygons`. Stored content from before there were checksums
    (`sent_checksum` empty) is compared with the cleaned polygons.
    """
    if sent_checksum:
        return checksum == sent_checksum
    try:
        return cleaned_json(image, polygons) == stored
    except InvalidPolygons:
        return False


def cleaned_json(image: Image, polygons: object) -> list[dict[str, Any]]:
    """Return polygons as they are stored. Raise `invalid_polygons.InvalidPolygons`.

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
    """Store one label, close its assignment, delete its draft and count it, in one transaction.

    `import_source` says what it was imported from, "" if it was drawn here. Raises AlreadyLabeled
    if the labeler has a label on this image, and NotIndependent if the expert has seen the others'
    labels of it.
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
    if role == Role.EXPERT and independence.lock_and_check_seen(image.pk, labeler):
        raise NotIndependent
    Assignment.objects.filter(image=image, labeler=labeler).exclude(
        status=Assignment.Status.DONE
    ).update(status=Assignment.Status.DONE, closed_at=now)
    # Lock the assignment first, in the same order as saving a draft does.
    drafts.discard(image.pk, labeler.pk)
    # A labeler who draws has found something to label.
    ImageReport.objects.nothing().filter(image=image, labeler=labeler).delete()
    if role == Role.CROWD:
        Image.objects.filter(pk=image.pk).update(crowd_label_count=F("crowd_label_count") + 1)
    return label


def transition(label: Label, following: str, **fields: object) -> bool:
    """Change a label's status; return False if status or version changed since it was read.

    The image's count of labels and its labels_version change in the same transaction. Raises
    IllegalTransition for a transition that is not in `policies.LABEL_TRANSITIONS`.
    """
    if not policies.is_allowed_transition(label.status, following):
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
    """Lock a label against corrections; return False if it was corrected since it was read.

    `because` is a `Label.LockReason`; a locked label keeps its first reason.
    """
    as_read = Label.objects.filter(pk=label.pk, version=label.version)
    now = timezone.now()
    if as_read.filter(locked_at=None).update(locked_at=now, lock_reason=because):
        label.locked_at, label.lock_reason = now, because
        return True
    return as_read.exclude(locked_at=None).exists()


def process_image(image_id: int) -> int:
    """Post-process the image's received labels (paper 3.1.3); return their number.

    A label without pixels outside the masks gets the status `empty`. Running it twice or in two
    processes does no harm: each label is claimed by its status.
    """
    image = Image.objects.select_related("campaign").get(pk=image_id)
    received = list(image.labels.received().order_by("pk"))
    if not received:
        return 0
    codes = image.campaign.class_codes()
    processed = 0
    for label, planes in zip(received, planes_of(received, image), strict=True):
        counts = count_class_pixels(planes, codes)
        processed += transition(
            label,
            Label.Status.ACCEPTED if counts else Label.Status.EMPTY,
            pixel_counts={str(code): count for code, count in counts.items()},
            processed_at=timezone.now(),
        )
    return processed


def reject(actor: Actor, label: Label) -> bool:
    """Reject a label that a reviewer rated 1: scores and merges no longer use it."""
    return transition(label, Label.Status.REJECTED)


def restore(actor: Actor, label: Label) -> bool:
    """Restore a rejected label whose rating was undone."""
    return transition(label, Label.Status.ACCEPTED)
