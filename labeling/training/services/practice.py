"""Drawing to learn: lessons before the first real picture, and what a drawing there was worth."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.errors import RetiredImage
from labeling.annotation.services import drafts
from labeling.annotation.services.checksums import polygons_checksum
from labeling.annotation.services.labels import (
    AlreadyLabeled,
    DifferentLabel,
    cleaned_json,
    is_same_content,
)
from labeling.annotation.services.postprocessing import removed_pixels
from labeling.images.preparation.pictures import read_mask
from labeling.models import (
    Assignment,
    Campaign,
    Image,
    Label,
    Labeler,
    PracticeAttempt,
    ReferenceAnswer,
    Role,
)
from terrain.bitplanes import regions_to_mask
from terrain.geometry.regions import regions_from_json
from terrain.masks import Mask
from terrain.metrics.answer_comparison import ClassComparison, compare, mean_iou
from terrain.postprocess import remove_masked


@dataclass(frozen=True, slots=True)
class Comparison:
    """An attempt beside the answer, as both are after post-processing: uint8 (H, W), 255 none."""

    known: Mask
    drawn: Mask
    classes: list[ClassComparison]


def set_rules(actor: Actor, campaign: Campaign) -> None:
    """Save how a campaign lets people practice, as its fields say now."""
    campaign.save()


def lessons(campaign: Campaign) -> list[Image]:
    """The images to practice on before the first real one, in the order they are offered."""
    if campaign.practice == Campaign.Practice.OFF:
        return []
    answers = ReferenceAnswer.objects.usable().filter(image__campaign=campaign, is_lesson=True)
    return [answer.image for answer in answers.select_related("image__campaign")]


def lessons_left(
    campaign: Campaign, labeler: Labeler | None, since: datetime | None = None
) -> list[Image]:
    """The lessons a labeler has still to do; those never tried come before those tried in vain.

    Where practice is required a lesson is done when it was passed, else when it was tried or
    skipped. With `since`, only what was done from then on counts: another round.
    """
    offered = lessons(campaign)
    if labeler is None or not offered:
        return offered
    attempts = PracticeAttempt.objects.filter(labeler=labeler, image__in=offered)
    # A lesson stays open when it was tried: one that is closed was left without a drawing.
    skipped = Assignment.objects.filter(labeler=labeler, image__in=offered).exclude(
        status=Assignment.Status.OPEN
    )
    if since is not None:
        attempts = attempts.filter(created_at__gte=since)
        skipped = skipped.filter(closed_at__gte=since)
    tried = set(attempts.values_list("image_id", flat=True))
    if campaign.practice == Campaign.Practice.REQUIRED:
        done = set(attempts.filter(passed=True).values_list("image_id", flat=True))
    else:
        done = tried | set(skipped.values_list("image_id", flat=True))
    tried |= set(skipped.values_list("image_id", flat=True))
    # Gold images are given to their experts as gold, and never to practice on.
    gold = set(
        Assignment.objects.filter(labeler=labeler, image__in=offered, role=Role.EXPERT).values_list(
            "image_id", flat=True
        )
    )
    left = [image for image in offered if image.pk not in done | gold]
    return sorted(left, key=lambda image: image.pk in tried)


def must_practice(campaign: Campaign, labeler: Labeler | None) -> bool:
    """Whether practice has to be passed before the next real picture.

    Nobody who has labeled in the campaign before, or labels for its gold set, is sent back.
    """
    if campaign.practice != Campaign.Practice.REQUIRED:
        return False
    if labeler is not None and (
        Label.objects.filter(labeler=labeler, image__campaign=campaign).exists()
        or labeler.assignments.filter(image__campaign=campaign, role=Role.EXPERT).exists()
    ):
        return False
    return bool(lessons_left(campaign, labeler))


def next_lesson_to_offer(campaign: Campaign, pending: Collection[int] = ()) -> Image | None:
    """The first lesson that is not finished on the visitor's device; None when there is none."""
    left = lessons_left(campaign, None)
    return next((image for image in left if image.pk not in pending), None)


def next_lesson(
    campaign: Campaign,
    labeler: Labeler,
    since: datetime | None = None,
    pending: Collection[int] = (),
) -> Assignment | None:
    """The lesson to do now, given to the labeler (again); None when none is left.

    `pending` are ids of images whose drawings wait on the labeler's device.
    """
    for image in lessons_left(campaign, labeler, since):
        if image.pk in pending:
            continue
        assignment, _created = Assignment.objects.get_or_create(
            image=image, labeler=labeler, defaults={"role": Role.PRACTICE}
        )
        Assignment.objects.filter(pk=assignment.pk).update(
            role=Role.PRACTICE,
            status=Assignment.Status.OPEN,
            closed_at=None,
            served_at=timezone.now(),
        )
        assignment.refresh_from_db()
        assignment.image = image
        return assignment
    return None


def record_attempt(
    actor: Actor, assignment: Assignment, attempt_id: uuid.UUID, polygons: object
) -> tuple[PracticeAttempt, Comparison, bool]:
    """Store what a labeler drew to learn; the attempt, its comparison, and if it is a new one.

    The same attempt sent again (by its id) is answered as before; another one under that id is
    DifferentLabel. A lesson may be tried again; a reference image that came along later only once:
    AlreadyLabeled. Raises RetiredImage where there is no answer (any more), and
    `terrain.geometry.invalid_polygons.InvalidPolygons`; then nothing is stored.
    """
    image, labeler = assignment.image, assignment.labeler
    answer = ReferenceAnswer.objects.usable().filter(image=image).first()
    if answer is None:
        raise RetiredImage(_("This picture is no longer there to practice on. Load the next one."))
    checksum = polygons_checksum(polygons)
    sent_before = _sent_before(assignment, attempt_id, polygons, checksum)
    if sent_before is not None:
        return sent_before, comparison_of(sent_before, answer), False
    is_closed = assignment.status == Assignment.Status.DONE
    if is_closed and not answer.is_lesson:
        raise AlreadyLabeled(_("You have already drawn on this picture. Load the next one."))
    cleaned = cleaned_json(image, polygons)
    regions = regions_from_json(cleaned)
    compared = _compare(image, answer, regions_to_mask(regions, image.height, image.width))
    score = mean_iou(compared.classes)
    try:
        with transaction.atomic():
            attempt = PracticeAttempt.objects.create(
                id=attempt_id,
                image=image,
                labeler=labeler,
                polygons=cleaned,
                sent_checksum=checksum,
                iou={str(each.code): round(each.iou, 4) for each in compared.classes},
                score=score,
                passed=score >= image.campaign.practice_pass_iou,
            )
            _close(assignment, answer)
    except IntegrityError:
        # The same attempt, sent twice at once.
        sent_before = _sent_before(assignment, attempt_id, polygons, checksum)
        if sent_before is None:
            raise
        return sent_before, compared, False
    return attempt, compared, True


def _sent_before(
    assignment: Assignment, attempt_id: uuid.UUID, polygons: object, checksum: str
) -> PracticeAttempt | None:
    """The attempt with this id; raises DifferentLabel where it is another one."""
    attempt = PracticeAttempt.objects.filter(pk=attempt_id).first()
    if attempt is None:
        return None
    is_theirs = (attempt.labeler_id, attempt.image_id) == (
        assignment.labeler_id,
        assignment.image_id,
    )
    if not is_theirs or not is_same_content(
        assignment.image, polygons, checksum, attempt.sent_checksum, attempt.polygons
    ):
        raise DifferentLabel
    return attempt


def _close(assignment: Assignment, answer: ReferenceAnswer) -> None:
    """A lesson stays open, since it may be tried again; a reference image is done with."""
    given = Assignment.objects.filter(pk=assignment.pk)
    if answer.is_lesson:
        given.update(role=Role.PRACTICE, status=Assignment.Status.OPEN, closed_at=None)
    else:
        given.update(role=Role.PRACTICE, status=Assignment.Status.DONE, closed_at=timezone.now())
    drafts.discard(assignment.image_id, assignment.labeler_id)


def comparison_of(attempt: PracticeAttempt, answer: ReferenceAnswer) -> Comparison:
    """A stored attempt beside the answer."""
    image = attempt.image
    regions = regions_from_json(attempt.polygons)
    return _compare(image, answer, regions_to_mask(regions, image.height, image.width))


def _compare(image: Image, answer: ReferenceAnswer, drawn: Mask) -> Comparison:
    with answer.mask.open("rb") as file:
        known = read_mask(file)
    removed = removed_pixels(image)
    known, drawn = remove_masked(known, removed), remove_masked(drawn, removed)
    return Comparison(known, drawn, compare(known, drawn, image.campaign.class_codes()))
