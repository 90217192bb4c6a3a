"""The end of the review queue: the lowest share of all scores of a campaign (paper 3.2)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from labeling.models import Campaign, Role
from review import policies
from review.models import (
    AgreementScore,
    Order,
    plan_of,
)
from review.scores.services import distribution


@dataclass(frozen=True, slots=True)
class Threshold:
    """The last score inside the queue; `label_id` decides between equal scores.

    If the queue is ordered by quality, it is an expected quality.
    """

    score: float
    label_id: uuid.UUID
    order: Order = Order.AGREEMENT


def order_of(campaign: Campaign) -> Order:
    """Return the order in which the campaign's plan ranks its labels."""
    return Order(plan_of(campaign).order)


def threshold(campaign: Campaign, order: Order | None = None) -> Threshold | None:
    """Return the end of the lowest `queue_percent` of crowd scores; None for an empty queue.

    By default it uses the campaign's order.
    """
    order = order or order_of(campaign)
    counted = distribution.counts(campaign, Role.CROWD, order)
    length = policies.queue_length(sum(count for _, count in counted), campaign.queue_percent)
    if length == 0:
        return None
    scores = AgreementScore.objects.of_crowd(campaign, order)
    last = distribution.at_rank(scores, counted, length - 1, order)
    return None if last is None else Threshold(getattr(last, order.field), last.label_id, order)
