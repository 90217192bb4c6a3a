"""Reference answers: setting them from a mask or a drawing, and removing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.errors import Conflict, DomainError
from labeling.images.files import keep
from labeling.images.ingest.mask_folders import ImageIds, answer_candidates, checked_mask, read_mask
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray
from labeling.images.preparation.pictures import png_bytes
from labeling.images.services.imports import Outcome
from labeling.models import Assignment, Campaign, Image, Label, Labeler, ReferenceAnswer, Role
from terrain.bitplanes import regions_to_mask
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import parse_regions
from terrain.masks import NO_LABEL, Mask

#: Most bytes of an uploaded PNG; even a mask of 64 megapixels of noise is smaller.
MAX_UPLOAD_BYTES = 16 * 1024**2

ALREADY_LABELED = gettext_noop(
    "People have already labeled %(picture)s, and their labels are used. Choose another image."
)


class AnswerRefused(Conflict):
    """The image cannot have this reference answer."""

    code = "answer_refused"


def set_answer(
    actor: Actor, image: Image, mask: Mask, source: str, is_lesson: bool | None = None
) -> ReferenceAnswer:
    """Make `mask` the reference answer of an image; it replaces an earlier one.

    The image becomes a practice image, which nobody labels. Setting the same answer again changes
    nothing.

    Args:
        actor: In whose name the answer is set.
        image: The image.
        mask: uint8 (H, W) of the campaign's class codes, 255 where the answer is not known.
        source: A `ReferenceAnswer.Source`.
        is_lesson: Whether it is a lesson; None keeps the earlier value, True for a new answer.

    Returns:
        The stored answer.

    Raises:
        AnswerRefused: The mask has another size or no class; the image is retired, labeled by the
            crowd, or gold where the campaign does not allow it.
    """
    _check_image(image)
    _check_fits(image, mask)
    path = _write(image, mask)
    with transaction.atomic():
        Image.objects.filter(pk=image.pk, pool=Image.Pool.CROWD).update(pool=Image.Pool.PRACTICE)
        if Label.objects.filter(image=image).crowd().exists():
            raise AnswerRefused(_(ALREADY_LABELED) % {"picture": image.product_id})
        answer, created = ReferenceAnswer.objects.get_or_create(
            image=image,
            defaults={"mask": path, "source": source, "is_lesson": is_lesson is not False},
        )
        if not created:
            answer.mask.name, answer.source = path, source
            answer.is_lesson = answer.is_lesson if is_lesson is None else is_lesson
            answer.save(update_fields=("mask", "source", "is_lesson"))
    image.refresh_from_db(fields=("pool",))
    return answer


def _check_image(image: Image) -> None:
    name = {"picture": image.product_id}
    if image.retired_at is not None:
        raise AnswerRefused(
            _("%(picture)s is retired. Restore it first, or choose another image.") % name
        )
    if image.pool == Image.Pool.GOLD and not image.campaign.allow_gold_practice:
        raise AnswerRefused(
            _(
                "%(picture)s is a gold image, and this campaign does not use gold images for "
                "practice. Allow that first, or choose another image."
            )
            % name
        )


def _check_fits(image: Image, mask: Mask) -> None:
    name = {"picture": image.product_id}
    if mask.shape != (image.height, image.width):
        raise AnswerRefused(
            _(
                "The mask of %(picture)s must have the size of the image: %(width)d x "
                "%(height)d pixels."
            )
            % {**name, "width": image.width, "height": image.height}
        )
    codes = {int(code) for code in np.unique(mask)} - {NO_LABEL}
    if not codes:
        raise AnswerRefused(_("The answer for %(picture)s is empty.") % name)
    if unknown := codes - set(image.campaign.class_codes()):
        raise AnswerRefused(
            _(
                "The mask of %(picture)s has the code %(code)d, which is not a class of this "
                "campaign."
            )
            % {**name, "code": min(unknown)}
        )


def _write(image: Image, mask: Mask) -> str:
    """Store a mask with its checksum as name, so that a mask already shown never changes."""
    return keep(image.campaign_id, "known", png_bytes(mask), ".png")


def mask_from_upload(image: Image, upload: File[bytes]) -> Mask:
    """Read the mask in an uploaded PNG, uint8 (H, W). Raise AnswerRefused."""
    name = upload.name or ""
    if upload.size > MAX_UPLOAD_BYTES:
        raise AnswerRefused(
            _("The mask file is too large. Check that it is a PNG with class codes.")
        )
    try:
        mask = decode_gray(upload.read(), name, "PNG", (image.width, image.height))
        return checked_mask(mask, name, image.campaign.class_codes())
    except Refused as refused:
        raise AnswerRefused(str(refused)) from refused


def mask_of_polygons(image: Image, polygons: object) -> Mask:
    """Return the mask of a manager's drawing. Raise `invalid_polygons.InvalidPolygons`."""
    regions = clean_regions(
        parse_regions(polygons, image.campaign.class_codes(), image.width, image.height),
        image.width,
        image.height,
    )
    return regions_to_mask(regions, image.height, image.width)


def remove_answer(actor: Actor, image: Image) -> None:
    """Remove the reference answer; a practice image returns to the crowd's pool.

    Assignments stay, so that nobody who has seen the answer gets the image again.
    """
    with transaction.atomic():
        ReferenceAnswer.objects.filter(image=image).delete()
        Image.objects.filter(pk=image.pk, pool=Image.Pool.PRACTICE).update(pool=Image.Pool.CROWD)


def set_lesson(actor: Actor, image: Image, is_lesson: bool) -> None:
    """Set whether an image is a lesson; otherwise it is assigned between real images."""
    ReferenceAnswer.objects.filter(image=image).update(is_lesson=is_lesson)


def assign_answer(actor: Actor, image: Image, labeler: Labeler) -> Assignment:
    """Assign an image to a manager to draw its answer, again if necessary.

    Raises AnswerRefused if `set_answer` would refuse the image.
    """
    _check_image(image)
    if image.labels.filter(role=Role.CROWD).exists():
        raise AnswerRefused(_(ALREADY_LABELED) % {"picture": image.product_id})
    if image.assignments.filter(labeler=labeler, role=Role.EXPERT).exists():
        raise AnswerRefused(
            _("You label %(picture)s as an expert. Use its gold mask as the answer.")
            % {"picture": image.product_id}
        )
    assignment, _created = Assignment.objects.update_or_create(
        image=image,
        labeler=labeler,
        defaults={
            "role": Role.ANSWER,
            "status": Assignment.Status.OPEN,
            "closed_at": None,
            "served_at": timezone.now(),
        },
    )
    return assignment


def find_answers(source: Path) -> list[Path]:
    """Return the masks `<image id>.png` of a folder. Raise UnknownSource if there are none."""
    return answer_candidates(source)


@dataclass(frozen=True, slots=True)
class _AnswerJob:
    """The input for storing one reference answer; small enough to send to another process."""

    campaign_id: int
    path: Path
    product_id: str | None
    is_lesson: bool | None


def import_answers(
    actor: Actor,
    campaign: Campaign,
    paths: Sequence[Path],
    is_lesson: bool | None = None,
    workers: int = 1,
) -> Iterator[Outcome]:
    """Set reference answers from masks named after their images; yield the outcome of each."""
    known = ImageIds(campaign.images.values_list("product_id", flat=True))
    jobs = (
        _AnswerJob(campaign.pk, path, known.find_by_mask_name(path.stem), is_lesson)
        for path in paths
    )
    return each(partial(import_answer, actor), jobs, workers)


def import_answer(actor: Actor, job: _AnswerJob) -> Outcome:
    """Set one answer from a mask named after its image."""
    path = job.path
    images = Image.objects.select_related("campaign").filter(campaign=job.campaign_id)
    image = images.filter(product_id=job.product_id).first()
    try:
        if image is None:
            raise Refused(f"The campaign has no image {path.stem}. Import the images first.")
        is_mastcam = image.camera.startswith("mastcam")
        codes = image.campaign.class_codes()
        mask = read_mask(path, image.width, image.height, codes, is_mastcam=is_mastcam)
        before = ReferenceAnswer.objects.filter(image=image).first()
        answer = set_answer(actor, image, mask, ReferenceAnswer.Source.MASK, job.is_lesson)
    except DomainError as refused:
        return Outcome(path.name, Outcome.REFUSED, str(refused))
    is_present = before == answer and before.mask.name == answer.mask.name
    return Outcome(path.name, Outcome.PRESENT if is_present else Outcome.IMPORTED)
