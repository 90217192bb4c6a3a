"""What a labeler has done in a campaign, for those who rate their labels."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Q

from labeling.models import Campaign, Label, Labeler
from review.models import Rating


def record_of(labeler: Labeler, campaign: Campaign, newest: int | None = None) -> dict[str, Any]:
    """Their labels and those thrown out, the mean score, how often and how they were rated.

    Of the `newest` labels, which takes the same time for somebody with a hundred thousand of them;
    None: of all. Means are None where there is nothing to take them of.
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
