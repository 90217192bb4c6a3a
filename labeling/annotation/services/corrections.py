"""Correcting a label after it was sent, until it is locked."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation.errors import UnknownLabel
from labeling.annotation.services import drafts, independence, labels
from labeling.annotation.services.checksums import polygons_checksum
from labeling.models import Assignment, Image, Label, Labeler, LabelVersion


class CorrectionRefused(Conflict):
    """The correction cannot be stored."""


class LabelIsLocked(CorrectionRefused):
    """The label can no longer be corrected."""

    code = "label_fixed"


class CorrectedElsewhere(CorrectionRefused):
    """The correction is not based on the newest version."""

    code = "corrected_elsewhere"
    message = _(
        "You changed this drawing in another tab or on another device. Open it again to change "
        "the newest version."
    )


class DifferentCorrection(CorrectionRefused):
    """Other content was already stored under the same id."""

    code = "different_label"
    message = _("This id was already used for another change. Send this one with a new id.")


THROWN_OUT = _("A reviewer has rejected this drawing, so it can no longer be changed.")
RATED = _("A reviewer has already rated this drawing, so it can no longer be changed.")
RESULTS_SEEN = _(
    "You have seen how others drew this picture, so you can no longer change your drawing. Only "
    "drawings made without seeing the others can be compared."
)
RETIRED = _("This picture was removed from the project, so its drawings can no longer be changed.")
CLOSED = _("This project is closed, so its drawings can no longer be changed.")


def explain_refusal(label: Label) -> str | Promise:
    """Return a sentence that says why this label cannot be corrected; empty if it can.

    Reads `label.image.campaign`.
    """
    if label.status == Label.Status.REJECTED:
        return THROWN_OUT
    if label.lock_reason == Label.LockReason.RATED:
        return RATED
    if label.lock_reason == Label.LockReason.RESULTS:
        return RESULTS_SEEN
    if label.image.retired_at is not None:
        return RETIRED
    if not label.image.campaign.is_open:
        return CLOSED
    return ""


def correct(
    actor: Actor,
    labeler: Labeler,
    label_id: uuid.UUID,
    version_id: uuid.UUID,
    polygons: object,
    base_version: int,
) -> tuple[Label, bool]:
    """Replace a label's polygons by new ones; every version is kept.

    The label is post-processed again, and its image's `labels_version` increases, so that scores
    and merges are updated. If an error is raised, nothing is stored.

    Args:
        actor: In whose name the change is recorded.
        labeler: The author of the label.
        label_id: The label to correct.
        version_id: The client's id of this correction; sending it again gives the same response.
        polygons: The new polygons, not validated yet.
        base_version: The version that the labeler started from.

    Returns:
        The label, and whether this call stored the correction.

    Raises:
        UnknownLabel: The labeler has no such label.
        LabelIsLocked: The label can no longer be corrected.
        CorrectedElsewhere: `base_version` is not the newest version.
        DifferentCorrection: `version_id` was sent before with other content.
        InvalidPolygons: The polygons are invalid (`terrain.geometry.invalid_polygons`).
    """
    label = _own_label(labeler, label_id)
    checksum = polygons_checksum(polygons)
    if _is_stored(label, version_id, polygons, checksum):
        return label, False
    image = label.image
    cleaned = labels.cleaned_json(image, polygons)
    with transaction.atomic():
        # Lock the assignment first, in the same order as saving a draft does.
        Assignment.objects.select_for_update().filter(image=image, labeler=labeler).first()
        # Lock the row: post-processing, ratings and corrections take turns.
        Label.objects.select_for_update().only("pk").get(pk=label.pk)
        label = _own_label(labeler, label_id)
        if _is_stored(label, version_id, polygons, checksum):
            return label, False
        if reason := explain_refusal(label):
            raise LabelIsLocked(reason)
        if base_version != label.version:
            raise CorrectedElsewhere
        _write(label, version_id, cleaned, checksum)
        drafts.discard(label.image_id, labeler.pk)
    return _own_label(labeler, label_id), True


def own_label(labeler: Labeler, label_id: uuid.UUID) -> Label:
    """Return the labeler's own label with image and campaign. Raise UnknownLabel for any other."""
    return _found(_own_labels(labeler), label_id)


def _own_label(labeler: Labeler, label_id: uuid.UUID) -> Label:
    """Return the labeler's own label with its polygons deferred: they are long."""
    return _found(_own_labels(labeler).defer("polygons"), label_id)


def _own_labels(labeler: Labeler) -> QuerySet[Label]:
    return Label.objects.filter(labeler=labeler).select_related("image__campaign")


def _found(own: QuerySet[Label], label_id: uuid.UUID) -> Label:
    label = own.filter(pk=label_id).first()
    if label is None:
        raise UnknownLabel
    return label


def _is_stored(label: Label, version_id: uuid.UUID, polygons: object, checksum: str) -> bool:
    """Return whether this correction is stored. Raise DifferentCorrection for other content."""
    stored = LabelVersion.objects.filter(pk=version_id).first()
    if stored is None:
        return False
    if stored.label_id != label.pk or not labels.is_same_content(
        label.image, polygons, checksum, stored.sent_checksum, stored.polygons
    ):
        raise DifferentCorrection
    return True


def _write(
    label: Label, version_id: uuid.UUID, polygons: list[dict[str, object]], checksum: str
) -> None:
    """Store the next version and update the label to it."""
    if label.version == 1:
        LabelVersion.objects.create(
            id=label.pk,
            label=label,
            number=1,
            polygons=label.polygons,
            sent_checksum=label.sent_checksum,
            sent_at=label.sent_at,
        )
    now = timezone.now()
    following = label.version + 1
    LabelVersion.objects.create(
        id=version_id,
        label=label,
        number=following,
        polygons=polygons,
        sent_checksum=checksum,
        sent_at=now,
    )
    received = labels.transition(
        label,
        Label.Status.RECEIVED,
        polygons=polygons,
        version=following,
        sent_at=now,
        processed_at=None,
        pixel_counts=None,
        # Experts settle their labels together, so the label stays in use, marked as not
        # independent.
        independent=label.independent and not independence.has_seen(label.image_id, label.labeler),
    )
    assert received, "the label's row is locked"
    label.image = Image.objects.select_related("campaign").get(pk=label.image_id)
