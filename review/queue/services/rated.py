"""Labels that a reviewer has rated, and labels that reviewers have flagged."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch

from labeling.annotation.services import independence
from labeling.models import Campaign, Label, LabelQuerySet
from review.models import Rating


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of labels on each tab of the page."""

    rated: int
    flagged: int


def rated_by(campaign: Campaign, reviewer: User) -> LabelQuerySet:
    """Return the labels with an active rating by this reviewer, newest rating first."""
    # A reviewer has at most one active rating per label, so no label occurs twice.
    labels = Label.objects.filter(
        image__campaign=campaign, ratings__reviewer=reviewer, ratings__withdrawn_at=None
    )
    return labels.order_by("-ratings__created_at", "pk")


def flagged(campaign: Campaign, reviewer: User) -> LabelQuerySet:
    """Return the campaign's flagged labels, rated or not, newest flag first.

    Images that the reviewer has to label independently, as an expert, are left out.
    """
    labels = Label.objects.filter(image__campaign=campaign).exclude(flag=None)
    labels = labels.exclude(image__in=independence.hidden_images(reviewer))
    return labels.order_by("-flag__created_at", "pk")


def with_ratings(labels: LabelQuerySet, reviewer: User) -> LabelQuerySet:
    """Return the labels with what the page shows: `past`, `by_me` and their image."""
    past = Rating.objects.select_related("reviewer").order_by("-created_at", "-pk")
    mine = Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer)
    return (
        labels.select_related("image", "labeler", "labeler__user", "agreement", "flag__reviewer")
        .annotate(by_me=Exists(mine))
        .prefetch_related(Prefetch("ratings", queryset=past, to_attr="past"))
    )


def counts(campaign: Campaign, reviewer: User) -> Counts:
    """Return the number of labels on each tab for this reviewer."""
    return Counts(rated_by(campaign, reviewer).count(), flagged(campaign, reviewer).count())
