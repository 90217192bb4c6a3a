"""The review queue: the worst fifth of a campaign's labels, worst first (paper 3.2).

Worst by agreement score, or, where the campaign's plan says so, by expected quality.

A label is on one reviewer's screen at a time: whoever is given it holds a lease. Every few labels
comes one of the random audit, whatever its score.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from labeling.annotation.services import independence
from labeling.models import Campaign, Image, Label, Role
from review.models import (
    LEASE,
    AgreementScore,
    AgreementScoreQuerySet,
    Rating,
    ReviewLease,
)
from review.scores.services import distribution
from review.scores.services.threshold import Threshold, order_of, threshold

#: One label in so many is of the audit, while the queue is not empty.
AUDIT_EVERY = 5

#: Rivals for the same label walk on to the next one; after so many there are only rivals.
CLAIM_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reviewer wants to see of a campaign; by default its doubtful labels."""

    part: str = "doubtful"
    class_code: int | None = None
    labeler: int | None = None
    image: int | None = None

    PARTS = ("doubtful", "audit", "flagged", "all")

    def apply(self, campaign: Campaign) -> AgreementScoreQuerySet:
        """Scores of this part of the campaign, worst first (the audit in its random order)."""
        scores = AgreementScore.objects.of_crowd(campaign, order_of(campaign))
        if self.part == "doubtful":
            scores = doubtful(campaign)
        elif self.part == "audit":
            scores = scores.filter(audit=True).order_by("label_id")
        elif self.part == "flagged":
            scores = scores.exclude(label__flag=None)
        if self.class_code is not None:
            scores = scores.filter(label__pixel_counts__has_key=str(self.class_code))
        if self.labeler is not None:
            scores = scores.filter(label__labeler=self.labeler)
        if self.image is not None:
            scores = scores.filter(label__image=self.image)
        return scores


def doubtful(campaign: Campaign) -> AgreementScoreQuerySet:
    """Scores of the campaign's lowest share, rated or not, worst first."""
    end = threshold(campaign)
    scores = AgreementScore.objects.of_crowd(campaign, order_of(campaign))
    return scores.none() if end is None else scores.filter(up_to(end))


def up_to(end: Threshold) -> Q:
    """Scores up to the end of the queue."""
    value = end.order.field
    return Q((f"{value}__lt", end.score)) | Q((value, end.score), label_id__lte=end.label_id)


def waiting_for(
    campaign: Campaign, reviewer: User, filters: Filters = Filters()
) -> AgreementScoreQuerySet:
    """What a reviewer may rate: not their own labels, nor what another one has on the screen."""
    now = timezone.now()
    mine = Rating.objects.active().filter(label=OuterRef("label"), reviewer=reviewer)
    others = (
        ReviewLease.objects.held(now).exclude(reviewer=reviewer).filter(label=OuterRef("label"))
    )
    return (
        filters.apply(campaign)
        .waiting()
        .filter(~Exists(mine), ~Exists(others))
        .filter(label__status=Label.Status.ACCEPTED, label__image__retired_at=None)
        # Images that people only practice on have no labels to rate.
        .exclude(label__image__pool=Image.Pool.PRACTICE)
        .exclude(label__labeler__user=reviewer)
        # A reviewer who is to draw an image as an expert does not see what others drew on it.
        .exclude(label__image__in=independence.closed_images(reviewer))
    )


def remaining(campaign: Campaign, reviewer: User | None = None) -> int:
    """How many doubtful labels wait, from the counts of the distribution.

    Without one's own, and those of images that the reviewer is to draw as an expert.
    """
    end = threshold(campaign)
    if end is None:
        return 0
    below, lowest = distribution.waiting_below(campaign, Role.CROWD, end.score, end.order)
    scores = AgreementScore.objects.of_crowd(campaign, end.order).waiting().filter(up_to(end))
    own = 0
    if reviewer is not None:
        closed = Q(label__image__in=independence.closed_images(reviewer))
        own = scores.filter(Q(label__labeler__user=reviewer) | closed).count()
    in_last_bin = scores.filter((f"{end.order.field}__gte", lowest))
    return below + in_last_bin.count() - own


#: Beyond so many, how many labels a filter leaves is not counted: that would cost, and say little.
MANY = 1000


def remaining_of(campaign: Campaign, reviewer: User, filters: Filters) -> int:
    """How many labels of a part wait for this reviewer; MANY stands for MANY or more."""
    if filters == Filters():
        return remaining(campaign, reviewer)
    return waiting_for(campaign, reviewer, filters)[:MANY].count()


def next_for(
    campaign: Campaign,
    reviewer: User,
    skipped: Collection[uuid.UUID] = (),
    filters: Filters = Filters(),
) -> AgreementScore | None:
    """The worst label waiting for this reviewer, who now holds it; None when there is none.

    The queue of doubtful labels is mixed with the audit: every so many labels, and after its end.
    """
    if filters != Filters():
        return _claim_first(waiting_for(campaign, reviewer, filters), reviewer, skipped)
    doubtful_ones = waiting_for(campaign, reviewer)
    audit = waiting_for(campaign, reviewer, Filters(part="audit"))
    rated = Rating.objects.filter(reviewer=reviewer, label__image__campaign=campaign).count()
    turns = [doubtful_ones, audit]
    if (rated + len(skipped)) % AUDIT_EVERY == AUDIT_EVERY - 1:
        turns.reverse()
    for scores in turns:
        if found := _claim_first(scores, reviewer, skipped):
            return found
    return None


def _claim_first(
    scores: AgreementScoreQuerySet, reviewer: User, skipped: Collection[uuid.UUID]
) -> AgreementScore | None:
    for _ in range(CLAIM_ATTEMPTS):
        found = (
            scores.exclude(label_id__in=skipped)
            .select_related("label", "label__image", "label__labeler")
            .first()
        )
        if found is None:
            return None
        # Rated by somebody between the reading and the claim: then it no longer waits.
        if claim(found.label_id, reviewer) and scores.filter(pk=found.pk).exists():
            return found
    return None


def claim(label_id: uuid.UUID, reviewer: User) -> bool:
    """Put a label on a reviewer's screen, or hold it longer; False where another one has it."""
    now = timezone.now()
    held = ReviewLease.objects.filter(label=label_id).filter(
        Q(reviewer=reviewer) | Q(expires_at__lte=now)
    )
    if held.update(reviewer=reviewer, expires_at=now + LEASE):
        return True
    try:
        with transaction.atomic():
            ReviewLease.objects.create(label_id=label_id, reviewer=reviewer, expires_at=now + LEASE)
    except IntegrityError:
        return False
    return True


def hold(label_ids: Collection[uuid.UUID], reviewer: User) -> set[uuid.UUID]:
    """Keep labels on a reviewer's screen for another while; those that can no longer be theirs.

    A label is lost when its lease ran out and another reviewer has it now, and when it no longer
    waits for a rating.
    """
    waiting = AgreementScore.objects.waiting().filter(label__in=label_ids)
    theirs = Rating.objects.active().filter(reviewer=reviewer, label__in=label_ids)
    wanted = set(waiting.values_list("label_id", flat=True)) - set(
        theirs.values_list("label_id", flat=True)
    )
    return {label for label in label_ids if label not in wanted or not claim(label, reviewer)}


def release(label_ids: Collection[uuid.UUID], reviewer: User) -> None:
    """Labels this reviewer no longer has on the screen; others may have them at once."""
    ReviewLease.objects.filter(label__in=label_ids, reviewer=reviewer).delete()
