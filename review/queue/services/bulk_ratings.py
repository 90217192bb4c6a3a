"""One rating for many labels at once: all of a labeler, or all of an image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import independence
from labeling.models import Campaign, Label, LabelQuerySet
from review import policies
from review.models import Rating
from review.queue.services import ratings

#: Rated in one request; the page asks again until nothing is left, so a long one can be stopped.
BATCH = 100


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """How many of the chosen labels a bulk rating does not reach, each counted once, by reason."""

    #: Drawn by the reviewer.
    own: int
    #: Rated by this reviewer before: that rating is kept.
    rated: int
    #: Thrown out by another reviewer.
    thrown_out: int
    #: Not post-processed yet, or with nothing left on them.
    not_ready: int
    #: Of images that the reviewer is to draw alone, as an expert.
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk rating would change."""

    labels: int
    images: int
    #: Of `labels`, those that a reviewer has flagged.
    flagged: int
    left_alone: LeftAlone
    #: Images that would want labels again, because they fall below the campaign's target.
    reopened: int
    #: Images whose merged masks would be stale.
    stale_merges: int


@dataclass(frozen=True, slots=True)
class Done:
    """What one batch did; `remaining` labels are left for the next."""

    rated: int
    refused: int
    remaining: int


def chosen(
    campaign: Campaign, labeler: int | None = None, image: int | None = None
) -> LabelQuerySet:
    """The campaign's crowd labels of a labeler, an image, or both; ValueError for neither."""
    if labeler is None and image is None:
        raise ValueError("Choose a labeler or an image.")
    labels = Label.objects.crowd().filter(image__campaign=campaign)
    if labeler is not None:
        labels = labels.filter(labeler=labeler)
    if image is not None:
        labels = labels.filter(image=image)
    return labels


def to_rate(labels: LabelQuerySet, reviewer: User) -> LabelQuerySet:
    """Of these, what a bulk rating by this reviewer reaches."""
    mine = Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer)
    reached = labels.accepted().filter(~Exists(mine)).exclude(labeler__user=reviewer)
    return reached.exclude(image__in=independence.closed_images(reviewer))


def left_alone(labels: LabelQuerySet, reviewer: User) -> LeftAlone:
    """Which of these labels a bulk rating by this reviewer does not reach, and why."""
    own = labels.filter(labeler__user=reviewer)
    others = labels.exclude(labeler__user=reviewer)
    mine = Exists(Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer))
    rated = others.filter(mine)
    unrated = others.filter(~mine)
    thrown_out = unrated.filter(status=Label.Status.REJECTED)
    not_ready = unrated.filter(status__in=(Label.Status.RECEIVED, Label.Status.EMPTY))
    closed = unrated.accepted().filter(image__in=independence.closed_images(reviewer))
    return LeftAlone(
        own.count(), rated.count(), thrown_out.count(), not_ready.count(), closed.count()
    )


def preview(labels: LabelQuerySet, reviewer: User, value: int) -> Preview:
    """What rating these labels so would change. Nothing is stored."""
    reached = to_rate(labels, reviewer)
    per_image = reached.order_by().values("image").annotate(lost=Count("pk"))
    images = per_image.count()
    reopened = 0
    if policies.throws_out(value):
        reopened = per_image.filter(
            image__retired_at=None,
            image__crowd_label_count__gte=F("image__campaign__target_labels"),
            image__crowd_label_count__lt=F("image__campaign__target_labels") + F("lost"),
        ).count()
    return Preview(
        labels=reached.count(),
        images=images,
        flagged=reached.exclude(flag=None).count(),
        left_alone=left_alone(labels, reviewer),
        reopened=reopened,
        stale_merges=images if policies.throws_out(value) else 0,
    )


def rate_batch(
    actor: Actor,
    labels: LabelQuerySet,
    value: int,
    comment: str = "",
    reasons: Collection[str] = (),
) -> tuple[Done, set[int], list[int]]:
    """Rate the next of these labels: what was done, images whose scores are stale, the ratings.

    Each label is a transaction of its own, so a batch that is cut short has rated what it rated,
    and running it again goes on. A label that changed meanwhile is refused and left.
    """
    reviewer = User.objects.get(pk=actor.account_id)
    refused, images, made = 0, set(), []
    for label in to_rate(labels, reviewer).select_related("labeler").order_by("pk")[:BATCH]:
        try:
            rating = ratings.rate(actor, label, value, comment, reasons=reasons, also_settled=True)
        except ratings.RatingRefused:
            refused += 1
        else:
            made.append(rating.pk)
            images.add(label.image_id)
    remaining = to_rate(labels, reviewer).count() if made else 0
    return Done(len(made), refused, remaining), images, made


def undo_batch(actor: Actor, rating_ids: Collection[int]) -> tuple[int, set[int]]:
    """Take one's own ratings back: how many now were, and images whose scores are stale."""
    mine = Rating.objects.active().filter(pk__in=rating_ids, reviewer=actor.account_id)
    undone = [r.label.image_id for r in mine.select_related("label") if ratings.undo(actor, r)]
    return len(undone), set(undone)
