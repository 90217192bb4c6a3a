"""Histograms of agreement scores (paper, Figure 5), for a whole campaign or a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, IntegerField, Value
from django.db.models.functions import Cast, Floor, Least

from labeling.models import Campaign
from review.models import AgreementScore
from review.scores.services import distribution
from terrain.agreement.distribution import BARS, BINS


@dataclass(frozen=True, slots=True)
class Part:
    """The choice of scores of a campaign; None means no restriction."""

    camera: str | None = None
    class_code: int | None = None
    labeler: int | None = None
    since: date | None = None
    until: date | None = None


def histogram(campaign: Campaign, role: str, part: Part = Part()) -> list[int]:
    """Return the number of scores in each of 32 bars of equal width from 0 to 1.

    For the whole campaign it comes from the stored counts; for a part, scores are counted. A label
    belongs to a class if it has a pixel of it, and to the day on which it was sent.
    """
    bars = [0] * BARS
    if part == Part():
        for place, count in distribution.counts(campaign, role):
            bars[place * BARS // BINS] += count
        return bars
    scores = AgreementScore.objects.filter(campaign=campaign, role=role)
    if part.camera is not None:
        scores = scores.filter(label__image__camera=part.camera)
    if part.class_code is not None:
        scores = scores.filter(label__pixel_counts__has_key=str(part.class_code))
    if part.labeler is not None:
        scores = scores.filter(label__labeler=part.labeler)
    if part.since is not None:
        scores = scores.filter(label__sent_at__date__gte=part.since)
    if part.until is not None:
        scores = scores.filter(label__sent_at__date__lte=part.until)
    bar = Least(Cast(Floor(F("score") * Value(float(BARS))), IntegerField()), Value(BARS - 1))
    for row in scores.values(bar=bar).annotate(count=Count("pk")).order_by("bar"):
        bars[row["bar"]] = row["count"]
    return bars


def cameras(campaign: Campaign) -> list[str]:
    """Return the cameras of a campaign's images, by name."""
    names = campaign.images.exclude(camera="").order_by("camera")
    return list(names.values_list("camera", flat=True).distinct())
