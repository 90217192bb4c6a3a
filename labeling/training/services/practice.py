"""Practice: lessons before the first real image, and comparing attempts with the answer."""

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
    """An attempt and the answer, both post-processed: uint8 (H, W), 255 for no label."""

    known: Mask
    drawn: Mask
    classes: list[ClassComparison]


def set_rules(actor: Actor, campaign: Campaign) -> None:
    """Save a campaign's settings for practice with the values of its fields."""
    campaign.save()


def lessons(campaign: Campaign) -> list[Image]:
    """Return the images to practice on before the first real one, in their order."""
    if campaign.practice == Campaign.Practice.OFF:
        return []
    answers = ReferenceAnswer.objects.usable().filter(image__campaign=campaign, is_lesson=True)
    return [answer.image for answer in answers.select_related("image__campaign")]


def remaining_lessons(
    campaign: Campaign, labeler: Labeler | None, since: datetime | None = None
) -> list[Image]:
    """Return the lessons a labeler has yet to do: untried ones first, then failed ones.

    If practice is required, a lesson is done when it was passed; otherwise when it was tried or
    skipped. With `since`, only attempts after that time count, for another round.
    """
    offered = lessons(campaign)
    if labeler is None or not offered:
        return offered
    attempts = PracticeAttempt.objects.filter(labeler=labeler, image__in=offered)
    # A lesson stays open after an attempt, so a closed one was skipped.
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
    # Gold images go to their experts as gold, never for practice.
    gold = set(
        Assignment.objects.filter(labeler=labeler, image__in=offered, role=Role.EXPERT).values_list(
            "image_id", flat=True
        )
    )
    left = [image for image in offered if image.pk not in done | gold]
    return sorted(left, key=lambda image: image.pk in tried)


def must_practice(campaign: Campaign, labeler: Labeler | None) -> bool:
    """Return whether the labeler must pass practice before the next real image.

    Practice is not required of labelers who have labels in the campaign, or label its gold set.
    """
    if campaign.practice != Campaign.Practice.REQUIRED:
        return False
    if labeler is not None and (
        Label.objects.filter(labeler=labeler, image__campaign=campaign).exists()
        or labeler.assignments.filter(image__campaign=campaign, role=Role.EXPERT).exists()
    ):
        return False
    return bool(remaining_lessons(campaign, labeler))


def next_lesson_to_offer(campaign: Campaign, pending: Collection[int] = ()) -> Image | None:
    """Return the first lesson not finished on the visitor's device; None if there is none."""
    left = remaining_lessons(campaign, None)
    return next((image for image in left if image.pk not in pending), None)


def next_lesson(
    campaign: Campaign,
    labeler: Labeler,
    since: datetime | None = None,
    pending: Collection[int] = (),
) -> Assignment | None:
    """Return the next lesson, assigned to the labeler (again if necessary); None if none remain.

    `pending` are ids of images whose drawings are waiting on the labeler's device.
    """
    for image in remaining_lessons(campaign, labeler, since):
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
    """Store a practice attempt; if an error is raised, nothing is stored.

    Sending the same attempt (by its id) again gives the same response. A lesson may be tried
    several times, a later reference image only once.

    Returns:
        The attempt, its comparison with the answer, and whether it is new.

    Raises:
        DifferentLabel: The id was sent before with other content.
        AlreadyLabeled: The reference image has an attempt of this labeler.
        RetiredImage: The image has no answer (any more).
        InvalidPolygons: The polygons are invalid (`terrain.geometry.invalid_polygons`).
    """
    image, labeler = assignment.image, assignment.labeler
    answer = ReferenceAnswer.objects.usable().filter(image=image).first()
    if answer is None:
        raise RetiredImage(_("This picture is no longer a practice picture. Load the next one."))
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
        # The same attempt was sent twice at once.
        sent_before = _sent_before(assignment, attempt_id, polygons, checksum)
        if sent_before is None:
            raise
        return sent_before, compared, False
    return attempt, compared, True


def _sent_before(
    assignment: Assignment, attempt_id: uuid.UUID, polygons: object, checksum: str
) -> PracticeAttempt | None:
    """Return the attempt with this id; None if there is none. Raise DifferentLabel for other
    content.
    """
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
    """Close the assignment of a reference image; lessons stay open, so that they can be tried
    again.
    """
    given = Assignment.objects.filter(pk=assignment.pk)
    if answer.is_lesson:
        given.update(role=Role.PRACTICE, status=Assignment.Status.OPEN, closed_at=None)
    else:
        given.update(role=Role.PRACTICE, status=Assignment.Status.DONE, closed_at=timezone.now())
    drafts.discard(assignment.image_id, assignment.labeler_id)


def comparison_of(attempt: PracticeAttempt, answer: ReferenceAnswer) -> Comparison:
    """Compare a stored attempt with the answer."""
    image = attempt.image
    regions = regions_from_json(attempt.polygons)
    return _compare(image, answer, regions_to_mask(regions, image.height, image.width))


def _compare(image: Image, answer: ReferenceAnswer, drawn: Mask) -> Comparison:
    with answer.mask.open("rb") as file:
        known = read_mask(file)
    removed = removed_pixels(image)
    known, drawn = remove_masked(known, removed), remove_masked(drawn, removed)
    return Comparison(known, drawn, compare(known, drawn, image.campaign.class_codes()))
