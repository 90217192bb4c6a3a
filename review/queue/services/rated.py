"""Labels to come back to: those a reviewer has rated, and those that reviewers have flagged."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch

from labeling.annotation.services import independence
from labeling.models import Campaign, Label, LabelQuerySet
from review.models import Rating


@dataclass(frozen=True, slots=True)
class Counts:
    """How many labels each part of the page has."""

    rated: int
    flagged: int


def rated_by(campaign: Campaign, reviewer: User) -> LabelQuerySet:
    """The campaign's labels with an active rating by this reviewer, the newest rating first."""
    # At most one active rating per reviewer and label: no label comes twice.
    labels = Label.objects.filter(
        image__campaign=campaign, ratings__reviewer=reviewer, ratings__withdrawn_at=None
    )
    return labels.order_by("-ratings__created_at", "pk")


def flagged(campaign: Campaign, reviewer: User) -> LabelQuerySet:
    """The campaign's flagged labels, rated or not, the newest flag first.

    Without those of images that the reviewer is to draw alone, as an expert.
    """
    labels = Label.objects.filter(image__campaign=campaign).exclude(flag=None)
    labels = labels.exclude(image__in=independence.closed_images(reviewer))
    return labels.order_by("-flag__created_at", "pk")


def with_ratings(labels: LabelQuerySet, reviewer: User) -> LabelQuerySet:
    """The labels with all that the page shows of them: `past`, `by_me` and their image."""
    past = Rating.objects.select_related("reviewer").order_by("-created_at", "-pk")
    mine = Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer)
    return (
        labels.select_related("image", "labeler", "labeler__user", "agreement", "flag__reviewer")
        .annotate(by_me=Exists(mine))
        .prefetch_related(Prefetch("ratings", queryset=past, to_attr="past"))
    )


def counts(campaign: Campaign, reviewer: User) -> Counts:
    """How many labels the reviewer finds on each tab."""
    return Counts(rated_by(campaign, reviewer).count(), flagged(campaign, reviewer).count())
