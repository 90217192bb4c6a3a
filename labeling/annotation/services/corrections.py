"""Correcting a label after it was sent, as long as it is independent and not rated."""

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
    """A correction that cannot be stored."""


class LabelIsLocked(CorrectionRefused):
    """The label can never be corrected (again)."""

    code = "label_fixed"


class CorrectedElsewhere(CorrectionRefused):
    """The drawing that was corrected is not the newest one."""

    code = "corrected_elsewhere"
    message = _(
        "You have changed this drawing somewhere else meanwhile. "
        "Open it again to change the newest one."
    )


class DifferentCorrection(CorrectionRefused):
    """Something else was sent under the same id before; that is kept, and this is not."""

    code = "different_label"
    message = _("Another change was sent under this id before. Send this one under a new id.")


THROWN_OUT = _("A reviewer has thrown this drawing out, so it can no longer be changed.")
RATED = _("A reviewer has looked at this drawing already, so it can no longer be changed.")
RESULTS_SEEN = _(
    "You have seen how others drew this picture, so your own drawing stays as it is. "
    "Only drawings made without looking can be compared."
)
RETIRED = _("This picture was taken out of the campaign, so its drawings stay as they are.")
CLOSED = _("This campaign is finished, so its drawings stay as they are.")


def why_not(label: Label) -> str | Promise:
    """Why this label cannot be corrected, as a sentence; empty when it can.

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
    """Put new polygons in the place of a label's; returns the label and whether it was just now.

    `version_id` is the client's id of this sending: sent again, it is answered as before; with
    another content it is refused.
    `base_version` is the version the labeler started from. The label is received anew, to be
    post-processed, and its image's `labels_version` grows, so that scores and merges follow.
    Every version is kept.

    Raises UnknownLabel, LabelIsLocked, CorrectedElsewhere, DifferentCorrection or
    `terrain.geometry.invalid_polygons.InvalidPolygons`; then nothing is stored.
    """
    label = _own_label(labeler, label_id)
    checksum = polygons_checksum(polygons)
    if _is_stored(label, version_id, polygons, checksum):
        return label, False
    image = label.image
    cleaned = labels.cleaned_json(image, polygons)
    with transaction.atomic():
        # The assignment first, which a draft on its way here holds while it is stored.
        Assignment.objects.select_for_update().filter(image=image, labeler=labeler).first()
        # The row's lock: post-processing, a rating and a second correction take turns with us.
        Label.objects.select_for_update().only("pk").get(pk=label.pk)
        label = _own_label(labeler, label_id)
        if _is_stored(label, version_id, polygons, checksum):
            return label, False
        if reason := why_not(label):
            raise LabelIsLocked(reason)
        if base_version != label.version:
            raise CorrectedElsewhere
        _write(label, version_id, cleaned, checksum)
        drafts.discard(label.image_id, labeler.pk)
    return _own_label(labeler, label_id), True


def own_label(labeler: Labeler, label_id: uuid.UUID) -> Label:
    """The labeler's own label with its image and campaign; UnknownLabel for all others."""
    return _found(_own_labels(labeler), label_id)


def _own_label(labeler: Labeler, label_id: uuid.UUID) -> Label:
    """The same without its polygons, which are long, until somebody asks for them."""
    return _found(_own_labels(labeler).defer("polygons"), label_id)


def _own_labels(labeler: Labeler) -> QuerySet[Label]:
    return Label.objects.filter(labeler=labeler).select_related("image__campaign")


def _found(own: QuerySet[Label], label_id: uuid.UUID) -> Label:
    label = own.filter(pk=label_id).first()
    if label is None:
        raise UnknownLabel
    return label


def _is_stored(label: Label, version_id: uuid.UUID, polygons: object, checksum: str) -> bool:
    """Whether this very correction is stored; raises DifferentCorrection for another one."""
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
    """Store the next version and make it the label's own."""
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
        # Kept in use, since experts settle their labels together, and marked.
        independent=label.independent and not independence.has_seen(label.image_id, label.labeler),
    )
    assert received, "the label's row is locked"
    label.image = Image.objects.select_related("campaign").get(pk=label.image_id)
