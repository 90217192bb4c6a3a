"""Requested and given ratings of each scored label, and whether it awaits a reviewer."""

from __future__ import annotations

import uuid

from labeling.models import Label
from review import policies
from review.models import AgreementScore, Order, Rating, ReviewPlan
from review.scores.services import distribution
from terrain.agreement.distribution import BinnedScore


def counted(score: AgreementScore) -> list[BinnedScore]:
    """Return a score as the distribution counts it, once per order."""
    return [
        BinnedScore(order, score.role, getattr(score, order.field), score.is_waiting)
        for order in Order
    ]


def decide(score: AgreementScore, plan: ReviewPlan, opinions: int = 0) -> None:
    """Decide once, by a stable hash, whether a label is in the audit and gets a second opinion."""
    label_id = score.label_id
    score.audit = policies.is_sampled(label_id, "audit", plan.audit_percent)
    second = policies.is_sampled(label_id, "second opinion", plan.second_opinion_percent)
    score.opinions_requested = 2 if second else 1
    score.opinions = opinions
    score.is_waiting = opinions < score.opinions_requested


def lock(label_id: uuid.UUID) -> AgreementScore | None:
    """Lock and return a label's score, so that ratings of one label happen one after another."""
    return AgreementScore.objects.select_for_update().filter(label=label_id).first()


def update(label_id: uuid.UUID) -> None:
    """Update a label's score row after a rating, in the rating's transaction.

    A label without a score, or one that was thrown out, does not await a rating.
    """
    score = lock(label_id)
    if score is None:
        return
    before = counted(score)
    score.opinions = Rating.objects.active().filter(label=label_id).count()
    status = Label.objects.values_list("status", flat=True).get(pk=label_id)
    score.is_waiting = status == Label.Status.ACCEPTED and score.opinions < score.opinions_requested
    score.save(update_fields=("opinions", "is_waiting"))
    distribution.count(score.campaign_id, gone=before, come=counted(score))
