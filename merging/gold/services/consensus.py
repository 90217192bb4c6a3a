"""Disputes of experts, for their expert consensus meeting, and their guidelines (paper 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import independence, labels, postprocessing
from labeling.images.preparation.pictures import class_png
from labeling.models import Assignment, Campaign, Image, ImageQuerySet, Label, Labeler, Role
from merging.models import ExpertAgreement, LabelingGuideline
from review.models import AgreementScore
from review.scores.services.scores import score_image
from terrain.aggregation import disputes
from terrain.postprocess import Mask

#: The most regions of an image that are discussed, and the smallest share of an image they cover.
MAX_REGIONS = 12
MIN_SHARE = 2e-4


def ready_images(campaign: Campaign) -> ImageQuerySet:
    """Return the gold images that can be discussed: with at least two labels, and no open
    assignment.
    """
    has_begun = Exists(ExpertAgreement.objects.filter(image=OuterRef("pk")))
    experts = Assignment.objects.filter(image=OuterRef("pk"), role=Role.EXPERT)
    accepted = Q(labels__role=Role.EXPERT, labels__status=Label.Status.ACCEPTED)
    received = Q(labels__role=Role.EXPERT, labels__status=Label.Status.RECEIVED)
    return (
        Image.objects.usable()
        .filter(has_begun | ~Exists(experts.open()), campaign=campaign, pool=Image.Pool.GOLD)
        .alias(label_count=Count("labels", filter=accepted | received))
        .filter(label_count__gte=2)
    )


def stale_images(campaign: Campaign) -> ImageQuerySet:
    """Return the ready images whose labels changed after their last comparison."""
    # An alias, because filter() would make an INNER JOIN and drop images that were never compared.
    images = ready_images(campaign).alias(compared=Coalesce("expert_agreement__labels_version", -1))
    return images.exclude(compared=F("labels_version")).order_by("pk")


def compare(image_id: int) -> ExpertAgreement:
    """Return the agreement of the experts' labels of an image, computed once for each version.

    Their mean pairwise mIoU is the mean of their agreement scores (paper, Eqs. 1-4).
    """
    labels.process_image(image_id)
    stored = ExpertAgreement.objects.filter(
        image=image_id, labels_version=F("image__labels_version")
    ).first()
    if stored is not None:
        return stored
    score_image(image_id)
    image = Image.objects.select_related("campaign").get(pk=image_id)
    drawn = expert_labels(image)
    found = disputes.measure_disputes(expert_masks(drawn, image))
    scores = AgreementScore.objects.filter(label__in=[label.pk for label in drawn])
    agreement, _created = ExpertAgreement.objects.update_or_create(
        image=image,
        defaults={
            "labels_version": image.labels_version,
            "labels": len(drawn),
            "agreement": scores.aggregate(mean=Avg("score"))["mean"],
            "labeled_pixels": found.labeled,
            "disputed_pixels": found.disputed,
            "pairs": {f"{a} {b}": pixels for (a, b), pixels in found.pairs.items()},
        },
    )
    return agreement


def add_guideline(
    actor: Actor, campaign: Campaign, text: str, image: Image | None = None
) -> LabelingGuideline:
    """Store a decision of the experts, with its author and, if it is about one, its image."""
    return LabelingGuideline.objects.create(
        campaign=campaign, image=image, text=text, author_id=actor.account_id
    )


def compare_stale_images(campaign: Campaign, most: int) -> int:
    """Compare up to `most` images whose labels changed. Return how many remain."""
    for pk in list(stale_images(campaign).values_list("pk", flat=True)[:most]):
        compare(pk)
    return stale_images(campaign).count()


def by_lowest_agreement(campaign: Campaign, user: User) -> QuerySet[ExpertAgreement]:
    """Return the images that an account may discuss, those with the lowest agreement first."""
    compared = ExpertAgreement.objects.filter(
        image__in=ready_images(campaign), agreement__isnull=False
    ).exclude(image__in=independence.hidden_images(user))
    return compared.select_related("image__campaign").order_by("agreement", "image_id")


def images_hidden_from(campaign: Campaign, user: User) -> ImageQuerySet:
    """Return the images of the meeting that are hidden from an account.

    The account can still label them, and must do so independently.
    """
    return ready_images(campaign).filter(pk__in=independence.hidden_images(user))


def expert_labels(image: Image) -> list[Label]:
    """Return the accepted labels of experts on an image, in the order of their labelers."""
    drawn = image.labels.accepted().expert().select_related("labeler__user")
    return list(drawn.order_by("labeler_id"))


def expert_masks(drawn: Iterable[Label], image: Image) -> list[Mask]:
    """Return these labels as post-processed masks, each uint8 (height, width)."""
    removed = postprocessing.removed_pixels(image)
    return [postprocessing.post_processed_mask(label, image, removed) for label in drawn]


def dispute_regions(image: Image, masks: list[Mask]) -> list[disputes.Dispute]:
    """Return the regions of an image that are large enough to discuss, the largest first."""
    smallest = max(1, round(MIN_SHARE * image.width * image.height))
    return disputes.find_disputes(masks, MAX_REGIONS, smallest)


def picture(image: Image, which: int | None) -> bytes:
    """Return the overlay of the disputes of an image, or of one expert's label, as PNG.

    A disputed region has stripes in the colors of its votes. The overlay is transparent elsewhere.

    Args:
        image: The image, with its campaign.
        which: The index of an expert's label, or None for the disputes.

    Raises:
        IndexError: There is no such label.
    """
    drawn = expert_labels(image)
    if which is not None:
        [shown] = expert_masks([drawn[which]], image)
    else:
        masks = expert_masks(drawn, image)
        if not masks:
            raise IndexError("An image without labels has nothing to show.")
        shown = disputes.dispute_picture(masks)
    return class_png(shown, dict(image.campaign.terrain_classes.values_list("code", "color")))


@dataclass(frozen=True, slots=True)
class DisputedPair:
    """Two classes that experts confused: on how many pixels, and in how many images."""

    codes: tuple[int, int]
    pixels: int
    images: int


def disputed_pairs(compared: Iterable[ExpertAgreement]) -> list[DisputedPair]:
    """Return the disputed area of each pair of classes over several images, the largest first."""
    pixels: Counter[tuple[int, int]] = Counter()
    images: Counter[tuple[int, int]] = Counter()
    for each in compared:
        for key, count in each.pairs.items():
            a, b = map(int, key.split())
            pixels[a, b] += count
            images[a, b] += 1
    pairs = [DisputedPair(codes, count, images[codes]) for codes, count in pixels.items()]
    return sorted(pairs, key=lambda pair: (-pair.pixels, pair.codes))


def is_expert_of(campaign: Campaign, labeler: Labeler) -> bool:
    """Return whether a labeler is one of the campaign's experts."""
    given = Assignment.objects.filter(labeler=labeler, role=Role.EXPERT)
    return given.filter(image__campaign=campaign).exists()


def guidelines_of(campaign: Campaign, user: User) -> QuerySet[LabelingGuideline]:
    """Return the guidelines of a campaign, the newest first.

    Guidelines about images that are hidden from `user` are left out, because they reveal others'
    labels.
    """
    found = LabelingGuideline.objects.filter(campaign=campaign).select_related("author", "image")
    closed = independence.hidden_images(user)
    return found.filter(Q(image=None) | ~Q(image__in=closed))
