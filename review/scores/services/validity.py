"""How well the scores of a campaign predict its ratings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from labeling.models import Campaign
from review.models import AgreementScore, Order, Rating
from review.scores.services.threshold import threshold
from terrain.agreement import validity
from terrain.agreement.validity import QueueRule
from terrain.metrics.intervals import Interval


@dataclass(frozen=True, slots=True)
class Report:
    """The figures that test the paper's claim (3.2); None where data are missing.

    `audited` labels were sampled at random and rated; `pairs` labels have two active ratings.
    """

    audited: int
    correlation: Interval | None
    rule: QueueRule | None
    threshold: float | None
    to_review: float | None
    curve: list[tuple[float, float]]
    pairs: int
    kappa: Interval | None


def report(campaign: Campaign) -> Report:
    """Return all figures of a campaign, from its active ratings."""
    scores, ratings = audit_sample(campaign)
    end = threshold(campaign, Order.AGREEMENT)
    first, second = double_ratings(campaign)
    return Report(
        audited=len(scores),
        correlation=validity.rank_correlation(scores, ratings),
        rule=None if end is None else validity.evaluate_rule(scores, ratings, end.score),
        threshold=None if end is None else end.score,
        to_review=validity.share_to_review(scores, ratings),
        curve=validity.recall_curve(scores, ratings),
        pairs=len(first),
        kappa=validity.weighted_kappa(first, second),
    )


def audit_sample(campaign: Campaign) -> tuple[list[float], list[int]]:
    """Return scores and ratings of the audit sample; of several ratings the first."""
    audited = AgreementScore.objects.of_crowd(campaign).filter(audit=True)
    scores = dict(audited.values_list("label_id", "score"))
    first: dict[uuid.UUID, int] = {}
    for label_id, value in _active_ratings(campaign).filter(label__agreement__audit=True):
        if label_id in scores:
            first.setdefault(label_id, value)
    return [scores[label_id] for label_id in first], list(first.values())


def double_ratings(campaign: Campaign) -> tuple[list[int], list[int]]:
    """Return the first two ratings of each label that two reviewers rated."""
    by_label: dict[uuid.UUID, list[int]] = {}
    for label_id, value in _active_ratings(campaign).filter(label__agreement__opinions__gte=2):
        by_label.setdefault(label_id, []).append(value)
    pairs = [values for values in by_label.values() if len(values) >= 2]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _active_ratings(campaign: Campaign) -> QuerySet[Rating, tuple[uuid.UUID, int]]:
    """Return (label, value) of the active ratings, oldest first."""
    ratings = Rating.objects.active().filter(label__agreement__campaign=campaign)
    return ratings.order_by("created_at", "pk").values_list("label_id", "value")
