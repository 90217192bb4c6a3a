"""Images whose right answer is known: set from a mask or a drawing, and taken back."""

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
from labeling.images.ingest.mask_folders import KnownIds, answer_candidates, checked_mask, read_mask
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray
from labeling.images.preparation.pictures import png_bytes
from labeling.images.services.imports import Outcome
from labeling.models import Assignment, Campaign, Image, Label, Labeler, ReferenceAnswer, Role
from terrain.bitplanes import regions_to_mask
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import parse_regions
from terrain.masks import NO_LABEL, Mask

#: A mask of 64 megapixels without any structure would not be a drawing of ground.
MAX_UPLOAD_BYTES = 16 * 1024**2

ALREADY_LABELED = gettext_noop(
    "People have labeled %(picture)s already, and their labels count. Choose another."
)


class AnswerRefused(Conflict):
    """An image that cannot have this reference answer."""

    code = "answer_refused"


def set_answer(
    actor: Actor, image: Image, mask: Mask, source: str, is_lesson: bool | None = None
) -> ReferenceAnswer:
    """Make `mask` the reference answer of an image, in place of an earlier one.

    mask: uint8 (H, W) of the campaign's class codes, 255 where the answer is not known. The image
    leaves the crowd's pool: it is there to learn from, and nobody labels it. `is_lesson` None keeps
    what it was, True for a new one. Raises AnswerRefused: for a mask of another size or without a
    class, a retired image, one that the crowd has labeled, and gold where the campaign does not
    allow it. Setting the same answer again changes nothing.
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
        raise AnswerRefused(_("%(picture)s was taken out of the campaign.") % name)
    if image.pool == Image.Pool.GOLD and not image.campaign.allow_gold_practice:
        raise AnswerRefused(
            _(
                "%(picture)s is a gold picture, and this campaign keeps those apart. "
                "Allow gold pictures in practice first, or choose another."
            )
            % name
        )


def _check_fits(image: Image, mask: Mask) -> None:
    name = {"picture": image.product_id}
    if mask.shape != (image.height, image.width):
        raise AnswerRefused(
            _("The mask of %(picture)s must be %(width)d x %(height)d pixels, as the picture is.")
            % {**name, "width": image.width, "height": image.height}
        )
    codes = {int(code) for code in np.unique(mask)} - {NO_LABEL}
    if not codes:
        raise AnswerRefused(_("There is nothing in the answer for %(picture)s.") % name)
    if unknown := codes - set(image.campaign.class_codes()):
        raise AnswerRefused(
            _("The mask of %(picture)s has the code %(code)d, which is no class of the campaign.")
            % {**name, "code": min(unknown)}
        )


def _write(image: Image, mask: Mask) -> str:
    """Store a mask under a name that is its sum; an attempt's picture never changes under it."""
    return keep(image.campaign_id, "known", png_bytes(mask), ".png")


def mask_from_upload(image: Image, upload: File[bytes]) -> Mask:
    """The mask in an uploaded PNG, uint8 (H, W). Raises AnswerRefused."""
    name = upload.name or ""
    if upload.size > MAX_UPLOAD_BYTES:
        raise AnswerRefused(_("The mask is larger than any drawing of ground. Check the file."))
    try:
        mask = decode_gray(upload.read(), name, "PNG", (image.width, image.height))
        return checked_mask(mask, name, image.campaign.class_codes())
    except Refused as refused:
        raise AnswerRefused(str(refused)) from refused


def mask_of_polygons(image: Image, polygons: object) -> Mask:
    """The mask of what an admin drew. Raises `invalid_polygons.InvalidPolygons`."""
    regions = clean_regions(
        parse_regions(polygons, image.campaign.class_codes(), image.width, image.height),
        image.width,
        image.height,
    )
    return regions_to_mask(regions, image.height, image.width)


def give_back(actor: Actor, image: Image) -> None:
    """Take the reference answer away; a practice image returns to the crowd's pool.

    Who has seen its answer is never given the image again: assignments stay.
    """
    with transaction.atomic():
        ReferenceAnswer.objects.filter(image=image).delete()
        Image.objects.filter(pk=image.pk, pool=Image.Pool.PRACTICE).update(pool=Image.Pool.CROWD)


def set_lesson(actor: Actor, image: Image, is_lesson: bool) -> None:
    """Offer a reference image as practice before the first real one, or now and then, later."""
    ReferenceAnswer.objects.filter(image=image).update(is_lesson=is_lesson)


def assign_answer(actor: Actor, image: Image, labeler: Labeler) -> Assignment:
    """Give an image to an admin who wants to draw its answer; again, if it was drawn before.

    Raises AnswerRefused where `set_answer` would not take it.
    """
    _check_image(image)
    if image.labels.filter(role=Role.CROWD).exists():
        raise AnswerRefused(_(ALREADY_LABELED) % {"picture": image.product_id})
    if image.assignments.filter(labeler=labeler, role=Role.EXPERT).exists():
        raise AnswerRefused(
            _("You draw %(picture)s as an expert. Its gold mask can be its answer.")
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
    """The masks of a folder of `<image id>.png`; raises UnknownSource where there are none."""
    return answer_candidates(source)


@dataclass(frozen=True, slots=True)
class _AnswerJob:
    """One mask to set, small enough to send to another process."""

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
    """Set the reference answers of masks named after their images; yields each one's outcome."""
    known = KnownIds(campaign.images.values_list("product_id", flat=True))
    jobs = (_AnswerJob(campaign.pk, path, known.of_mask(path.stem), is_lesson) for path in paths)
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
