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

#: Labels rated in one request. The page repeats it until none remain, so it can be stopped.
BATCH = 100


@dataclass(frozen=True, slots=True)
class NotRated:
    """The numbers of chosen labels that a bulk rating skips, by reason; each label counts once."""

    #: Drawn by this reviewer.
    own: int
    #: Rated by this reviewer before; that rating is kept.
    rated: int
    #: Thrown out by another reviewer.
    thrown_out: int
    #: Not post-processed yet, or empty after post-processing.
    not_ready: int
    #: On images that the reviewer has to label independently, as an expert.
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """The expected effects of a bulk rating."""

    labels: int
    images: int
    #: The number of `labels` with a flag.
    flagged: int
    not_rated: NotRated
    #: Images that would need labels again, because they fall below the campaign's target.
    reopened: int
    #: Images whose merged masks would be stale.
    stale_merges: int


@dataclass(frozen=True, slots=True)
class Done:
    """The result of one batch; `remaining` labels are left for the next."""

    rated: int
    refused: int
    remaining: int


def chosen(
    campaign: Campaign, labeler: int | None = None, image: int | None = None
) -> LabelQuerySet:
    """Return the crowd labels of a labeler, an image, or both. Raises ValueError for neither."""
    if labeler is None and image is None:
        raise ValueError("Choose a labeler or an image.")
    labels = Label.objects.crowd().filter(image__campaign=campaign)
    if labeler is not None:
        labels = labels.filter(labeler=labeler)
    if image is not None:
        labels = labels.filter(image=image)
    return labels


def to_rate(labels: LabelQuerySet, reviewer: User) -> LabelQuerySet:
    """Return the labels that a bulk rating by this reviewer would rate."""
    mine = Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer)
    reached = labels.accepted().filter(~Exists(mine)).exclude(labeler__user=reviewer)
    return reached.exclude(image__in=independence.hidden_images(reviewer))


def not_rated(labels: LabelQuerySet, reviewer: User) -> NotRated:
    """Count the labels that a bulk rating by this reviewer skips, by reason."""
    own = labels.filter(labeler__user=reviewer)
    others = labels.exclude(labeler__user=reviewer)
    mine = Exists(Rating.objects.active().filter(label=OuterRef("pk"), reviewer=reviewer))
    rated = others.filter(mine)
    unrated = others.filter(~mine)
    thrown_out = unrated.filter(status=Label.Status.REJECTED)
    not_ready = unrated.filter(status__in=(Label.Status.RECEIVED, Label.Status.EMPTY))
    closed = unrated.accepted().filter(image__in=independence.hidden_images(reviewer))
    return NotRated(
        own.count(), rated.count(), thrown_out.count(), not_ready.count(), closed.count()
    )


def preview(labels: LabelQuerySet, reviewer: User, value: int) -> Preview:
    """Return the effects that rating these labels would have. Nothing is stored."""
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
        not_rated=not_rated(labels, reviewer),
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
    """Rate the next batch; return its result, the images to score again, and the rating ids.

    Each label is rated in its own transaction, so an interrupted batch can be repeated. A label
    that changed in the meantime is refused and counted.
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
    """Withdraw one's own ratings; return their number and the images to score again."""
    mine = Rating.objects.active().filter(pk__in=rating_ids, reviewer=actor.account_id)
    undone = [r.label.image_id for r in mine.select_related("label") if ratings.undo(actor, r)]
    return len(undone), set(undone)
