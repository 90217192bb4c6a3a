"""The record of a labeler in a campaign, for reviewers."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Q

from labeling.models import Campaign, Label, Labeler
from review.models import Rating


def record_of(labeler: Labeler, campaign: Campaign, newest: int | None = None) -> dict[str, Any]:
    """Return a labeler's record: labels, thrown-out labels, mean score, ratings, mean rating.

    Only the `newest` labels are counted, which bounds the time for labelers with many labels; None
    counts all. Means without values are None.
    """
    labels = Label.objects.crowd().filter(labeler=labeler, image__campaign=campaign)
    labels = labels.order_by("-sent_at")[:newest]
    return {
        **labels.aggregate(
            labels=Count("pk"),
            thrown_out=Count("pk", filter=Q(status=Label.Status.REJECTED)),
            mean_score=Avg("agreement__score"),
        ),
        **Rating.objects.active()
        .filter(label__in=labels.values("pk"))
        .aggregate(ratings=Count("pk"), mean_rating=Avg("value")),
    }
