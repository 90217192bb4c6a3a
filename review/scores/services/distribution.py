"""Counts of a campaign's scores by bin, updated with each score."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Count, F, IntegerField, Q, Sum, Value
from django.db.models.functions import Cast, Floor, Least

from labeling.models import Campaign
from review.models import AgreementScore, AgreementScoreQuerySet, Order, ScoreBin
from terrain.agreement.distribution import (
    BINS,
    BinnedScore,
    bin_changes,
    bin_of,
    bin_range,
    find_rank,
)

# One statement with its bins in order, so that two workers that update the same bins never
# deadlock.
COUNT = """
INSERT INTO {table} (campaign_id, "order", role, place, count, waiting) VALUES {rows}
ON CONFLICT (campaign_id, "order", role, place) DO UPDATE
SET count = {table}.count + excluded.count, waiting = {table}.waiting + excluded.waiting
"""


def count(campaign_id: int, gone: Iterable[BinnedScore], come: Iterable[BinnedScore]) -> None:
    """Update the bins for removed and added scores, in the transaction that changes the scores."""
    rows = [(campaign_id, *change) for change in bin_changes(gone, come)]
    if not rows:
        return
    statement = COUNT.format(
        table=ScoreBin._meta.db_table, rows=", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])


@transaction.atomic
def recount(campaign: Campaign) -> None:
    """Count all scores of a campaign again, after changes that `count` did not see."""
    # Locked, so that simultaneous updates are added to the new counts.
    bins = ScoreBin.objects.filter(campaign=campaign)
    list(bins.order_by("order", "role", "place").select_for_update())
    found = [bin_ for order in Order for bin_ in _recounted(campaign, order)]
    bins.delete()
    ScoreBin.objects.bulk_create(found)


def _recounted(campaign: Campaign, order: Order) -> list[ScoreBin]:
    scaled = Floor(F(order.field) * Value(float(BINS)))
    place = Least(Cast(scaled, IntegerField()), Value(BINS - 1))
    found = (
        AgreementScore.objects.filter(campaign=campaign)
        .order_by()
        .values("role", bin=place)
        .annotate(scores=Count("pk"), waiting=Count("pk", filter=Q(is_waiting=True)))
    )
    return [
        ScoreBin(
            campaign=campaign,
            order=order,
            role=row["role"],
            place=row["bin"],
            count=row["scores"],
            waiting=row["waiting"],
        )
        for row in found
    ]


def counts(campaign: Campaign, role: str, order: Order = Order.AGREEMENT) -> list[tuple[int, int]]:
    """Return (bin, number of scores) in ascending order, without empty bins."""
    bins = ScoreBin.objects.filter(campaign=campaign, role=role, order=order, count__gt=0)
    return list(bins.order_by("place").values_list("place", "count"))


def total(campaign: Campaign, role: str) -> int:
    """Return the number of scores."""
    bins = ScoreBin.objects.filter(campaign=campaign, role=role, order=Order.AGREEMENT)
    return bins.aggregate(total=Sum("count"))["total"] or 0


def waiting_below(
    campaign: Campaign, role: str, score: float, order: Order = Order.AGREEMENT
) -> tuple[int, float]:
    """Return the number of waiting labels in lower bins, and the lower limit of the score's bin."""
    place = bin_of(score)
    bins = ScoreBin.objects.filter(campaign=campaign, role=role, order=order, place__lt=place)
    return bins.aggregate(waiting=Sum("waiting"))["waiting"] or 0, bin_range(place)[0]


def rank_of(score: AgreementScore) -> int:
    """Return the rank of a score in its campaign and role, from 1 for the lowest."""
    place = bin_of(score.score)
    bins = ScoreBin.objects.filter(
        campaign=score.campaign_id, role=score.role, order=Order.AGREEMENT, place__lt=place
    )
    below = bins.aggregate(total=Sum("count"))["total"] or 0
    beside = AgreementScore.objects.filter(
        campaign=score.campaign_id,
        role=score.role,
        score__gte=bin_range(place)[0],
        score__lt=score.score,
    )
    return int(below + beside.count() + 1)


def at_rank(
    scores: AgreementScoreQuerySet,
    counted: list[tuple[int, int]],
    rank: int,
    order: Order = Order.AGREEMENT,
) -> AgreementScore | None:
    """Return the score with this rank, from 0 for the lowest; `scores` are ordered.

    The bin is found from the counts, and the score within it by the index, so about a thousandth of
    the scores are read. None if there are fewer scores.
    """
    found = find_rank(counted, rank)
    if found is None:
        return None
    place, within = found
    lowest, above = bin_range(place)
    in_bin = {f"{order.field}__gte": lowest, f"{order.field}__lt": above}
    return scores.filter(**in_bin)[within : within + 1].first()
