"""Assigning images to labelers: in random order, never the same one twice."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation.services import drafts, independence
from labeling.models import (
    Assignment,
    Campaign,
    Image,
    ImageQuerySet,
    Labeler,
    ReferenceAnswer,
    Role,
)

#: Two simultaneous requests of one labeler may pick the same image; the loser tries another.
CLAIM_ATTEMPTS = 5


def next_assignment(
    campaign: Campaign, labeler: Labeler, pending: Collection[int] = ()
) -> Assignment | None:
    """Return the image to draw on now; None when none remain for this labeler."""
    return next(iter(next_assignments(campaign, labeler, pending)), None)


def next_assignments(
    campaign: Campaign,
    labeler: Labeler,
    pending: Collection[int] = (),
    ahead: int = 0,
    chance: random.Random | None = None,
) -> list[Assignment]:
    """Return the image to draw on now and up to `ahead` more, in their order.

    Open assignments come first, an expert's gold images before crowd images; then random images. At
    the campaign's rate, a reference image replaces a random one. A preloaded image counts toward
    its target like one being drawn on, and for as long.

    Args:
        campaign: The campaign to draw in.
        labeler: The labeler who draws.
        pending: Ids of images that the labeler has finished but not sent yet.
        ahead: The number of images to preload.
        chance: Random generator for reference images (a seeded one in tests).

    Returns:
        Assignments; empty when no images remain for this labeler.
    """
    given = list(still_open(campaign, labeler).exclude(image__in=pending)[: 1 + ahead])
    while len(given) <= ahead:
        claimed = _claim(campaign, labeler, pending, chance or random.Random())
        if claimed is None:
            break
        given.append(claimed)
    held = [assignment.pk for assignment in given]
    Assignment.objects.filter(pk__in=held).update(served_at=timezone.now())
    return given


def still_open(campaign: Campaign, labeler: Labeler) -> QuerySet[Assignment]:
    """Return the open assignments of the drawing page, in the order in which they are drawn."""
    return (
        drawable(campaign, labeler)
        .filter(status=Assignment.Status.OPEN)
        .select_related("image", "image__campaign")
        # Always the same order: a labeler who returns on any device gets the same image first.
        .order_by(Case(When(role=Role.EXPERT, then=Value(0)), default=Value(1)), "pk")
    )


def drawable(campaign: Campaign, labeler: Labeler) -> QuerySet[Assignment]:
    """Return a labeler's assignments that the drawing page can show, of any status."""
    return (
        Assignment.objects.filter(labeler=labeler, image__campaign=campaign, image__retired_at=None)
        # The crowd does not label images that became gold or practice after they were given out.
        .exclude(Q(role=Role.CROWD) & ~Q(image__pool=Image.Pool.CROWD))
        # Lessons and reference answers are drawn on pages of their own.
        .exclude(role=Role.ANSWER)
        .exclude(Q(role=Role.PRACTICE) & ~Q(image__in=_reference_images(campaign)))
    )


def _claim(
    campaign: Campaign, labeler: Labeler, pending: Collection[int], chance: random.Random
) -> Assignment | None:
    """Assign a random image that this labeler never had; None if there is none.

    Pending images may have been offered to the labeler before there was an assignment.
    """
    for _attempt in range(CLAIM_ATTEMPTS):
        image, role = _random_image(campaign, labeler, pending), Role.CROWD
        if image is None:
            return None
        if chance.random() * 100 < campaign.reference_image_percent:
            known = _from_random_start(_reference_images(campaign).unseen_by(labeler), chance)
            image, role = (known, Role.PRACTICE) if known is not None else (image, role)
        try:
            with transaction.atomic():
                return Assignment.objects.create(image=image, labeler=labeler, role=role)
        except IntegrityError:
            continue
    return None


def _reference_images(campaign: Campaign) -> ImageQuerySet:
    """Return reference images that are given out between real images."""
    answers = ReferenceAnswer.objects.usable().filter(image__campaign=campaign, is_lesson=False)
    return Image.objects.filter(pk__in=answers.values("image"))


def _random_image(
    campaign: Campaign, labeler: Labeler, pending: Collection[int] = ()
) -> Image | None:
    pool = Image.objects.filter(campaign=campaign).in_pool().unseen_by(labeler)
    pool = pool.exclude(pk__in=pending)
    # First images that need more labels than people are drawing, then any image: a volunteer must
    # not be turned away because others opened a page and left.
    return _from_random_start(pool.with_free_place()) or _from_random_start(pool)


def _from_random_start(images: ImageQuerySet, chance: random.Random | None = None) -> Image | None:
    start = (chance or random).random()
    ordered = images.select_related("campaign").order_by("sort_key", "pk")
    return ordered.filter(sort_key__gte=start).first() or ordered.first()


def skip(actor: Actor, assignment: Assignment) -> bool:
    """Close an assignment without a label. Return False if it was closed already.

    If it was closed by a label, the draft of a correction is discarded.
    """
    if close(actor, assignment, Assignment.Status.SKIPPED):
        return True
    drafts.discard(assignment.image_id, assignment.labeler_id)
    return False


def close(actor: Actor, assignment: Assignment, status: str) -> bool:
    """Close an open assignment and delete its draft. Return False if it was closed already."""
    with transaction.atomic():
        closed = (
            Assignment.objects.open()
            .filter(pk=assignment.pk)
            .update(status=status, closed_at=timezone.now())
        )
        if closed:
            drafts.discard(assignment.image_id, assignment.labeler_id)
    return closed == 1


def reopen(actor: Actor, assignment: Assignment) -> bool:
    """Open a skipped assignment again for the same labeler.

    Return False if it was not skipped, or the labeler gave it up to see the others' labels.
    """
    with transaction.atomic():
        if independence.lock_and_check_seen(assignment.image_id, assignment.labeler):
            return False
        skipped = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.SKIPPED)
        # It counts toward its image's target only from when it is given out again.
        opened = skipped.update(status=Assignment.Status.OPEN, closed_at=None)
    return opened == 1


class GoldRefused(Conflict):
    """The image cannot become gold, or cannot be given to this expert."""

    code = "gold_refused"


class SeenByExpert(GoldRefused):
    """The expert has seen the image as a volunteer, or together with others' labels."""

    message = _(
        "%(expert)s has already seen %(picture)s as a volunteer. Choose another expert for it."
    )


class IsReferenceImage(GoldRefused):
    """A practice image cannot become gold: volunteers have seen its answer."""

    message = _("%(picture)s is a reference image, so it cannot become a gold image.")


@transaction.atomic
def assign_gold(actor: Actor, image: Image, experts: Iterable[Labeler]) -> list[Assignment]:
    """Put an image into the gold set and assign it to experts (paper 3.1).

    The image leaves the crowd's pool: gold images are never in the training set. Repeating the call
    with the same experts changes nothing.

    Raises:
        SeenByExpert: An expert has drawn on it for the crowd, or seen others' labels of it.
        IsReferenceImage: It is a practice image.
    """
    if Image.objects.filter(pk=image.pk, pool=Image.Pool.PRACTICE).exists():
        raise IsReferenceImage(picture=image.product_id)
    Image.objects.filter(pk=image.pk).update(pool=Image.Pool.GOLD)
    assignments = []
    for labeler in experts:
        assignment, created = Assignment.objects.get_or_create(
            image=image, labeler=labeler, defaults={"role": Role.EXPERT}
        )
        if not created and assignment.role != Role.EXPERT:
            # An expert who practices on the image may know its answer.
            claimed = (
                Assignment.objects.open()
                .filter(pk=assignment.pk, role=Role.CROWD)
                .update(role=Role.EXPERT, served_at=timezone.now())
            )
            if not claimed:
                raise SeenByExpert(expert=labeler, picture=image.product_id)
        is_new = created or assignment.role != Role.EXPERT
        if is_new and independence.lock_and_check_seen(image.pk, labeler):
            raise SeenByExpert(
                _(
                    "%(expert)s has already seen other people's labels of %(picture)s. Choose "
                    "another expert for it."
                ),
                expert=labeler,
                picture=image.product_id,
            )
        assignments.append(assignment)
    return assignments
