"""The review queue: the lowest fifth of a campaign's labels, lowest first (paper 3.2).

Labels are ranked by agreement score, or by expected quality if the campaign's plan says so. A lease
keeps a label on one reviewer's screen at a time. Every few labels, a label of the random audit is
inserted, whatever its score.
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

#: Every fifth label is from the audit, while the queue is not empty.
AUDIT_EVERY = 5

#: A reviewer whose claim fails tries the next label, at most this many times.
CLAIM_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a reviewer; the default is the doubtful labels."""

    part: str = "doubtful"
    class_code: int | None = None
    labeler: int | None = None
    image: int | None = None

    PARTS = ("doubtful", "audit", "flagged", "all")

    def apply(self, campaign: Campaign) -> AgreementScoreQuerySet:
        """Return the scores that match, lowest first (the audit in its random order)."""
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
    """Return the campaign's lowest share of scores, rated or not, lowest first."""
    end = threshold(campaign)
    scores = AgreementScore.objects.of_crowd(campaign, order_of(campaign))
    return scores.none() if end is None else scores.filter(up_to_threshold(end))


def up_to_threshold(end: Threshold) -> Q:
    """Return the condition for scores up to the end of the queue."""
    value = end.order.field
    return Q((f"{value}__lt", end.score)) | Q((value, end.score), label_id__lte=end.label_id)


def waiting_for(
    campaign: Campaign, reviewer: User, filters: Filters = Filters()
) -> AgreementScoreQuerySet:
    """Return the scores of labels that a reviewer may rate now."""
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
        # Labels of practice images are not rated.
        .exclude(label__image__pool=Image.Pool.PRACTICE)
        .exclude(label__labeler__user=reviewer)
        # An expert must not see other labels of an image before labeling it.
        .exclude(label__image__in=independence.hidden_images(reviewer))
    )


def remaining(campaign: Campaign, reviewer: User | None = None) -> int:
    """Return the number of doubtful labels that await a rating.

    They are counted from the bins of the distribution, without the reviewer's own labels and images
    that the reviewer has to label as an expert.
    """
    end = threshold(campaign)
    if end is None:
        return 0
    below, lowest = distribution.waiting_below(campaign, Role.CROWD, end.score, end.order)
    scores = (
        AgreementScore.objects.of_crowd(campaign, end.order).waiting().filter(up_to_threshold(end))
    )
    own = 0
    if reviewer is not None:
        closed = Q(label__image__in=independence.hidden_images(reviewer))
        own = scores.filter(Q(label__labeler__user=reviewer) | closed).count()
    in_last_bin = scores.filter((f"{end.order.field}__gte", lowest))
    return below + in_last_bin.count() - own


#: Filtered labels are counted up to this number; an exact count would be slow.
MANY = 1000


def remaining_of(campaign: Campaign, reviewer: User, filters: Filters) -> int:
    """Return the number of matching labels for this reviewer; MANY means MANY or more."""
    if filters == Filters():
        return remaining(campaign, reviewer)
    return waiting_for(campaign, reviewer, filters)[:MANY].count()


def next_for(
    campaign: Campaign,
    reviewer: User,
    skipped: Collection[uuid.UUID] = (),
    filters: Filters = Filters(),
) -> AgreementScore | None:
    """Lease the lowest waiting label to this reviewer and return it; None if there is none.

    Labels of the audit are mixed into the queue of doubtful labels, and continue after its end.
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
    """Lease the first label that no other reviewer has claimed; None if there is none."""
    for _ in range(CLAIM_ATTEMPTS):
        found = (
            scores.exclude(label_id__in=skipped)
            .select_related("label", "label__image", "label__labeler")
            .first()
        )
        if found is None:
            return None
        # Another reviewer may have rated it between the query and the claim.
        if claim(found.label_id, reviewer) and scores.filter(pk=found.pk).exists():
            return found
    return None


def claim(label_id: uuid.UUID, reviewer: User) -> bool:
    """Lease a label to a reviewer or extend the lease; return False if another reviewer has it."""
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


def extend_leases(label_ids: Collection[uuid.UUID], reviewer: User) -> set[uuid.UUID]:
    """Extend a reviewer's leases; return the labels whose lease was lost.

    A label is lost if another reviewer leased it after this lease expired, or if it no longer
    awaits a rating.
    """
    waiting = AgreementScore.objects.waiting().filter(label__in=label_ids)
    theirs = Rating.objects.active().filter(reviewer=reviewer, label__in=label_ids)
    wanted = set(waiting.values_list("label_id", flat=True)) - set(
        theirs.values_list("label_id", flat=True)
    )
    return {label for label in label_ids if label not in wanted or not claim(label, reviewer)}


def end_leases(label_ids: Collection[uuid.UUID], reviewer: User) -> None:
    """End a reviewer's leases of these labels, so that other reviewers may have them at once."""
    ReviewLease.objects.filter(label__in=label_ids, reviewer=reviewer).delete()
