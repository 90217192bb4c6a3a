"""What experts disagree about, for their consensus meeting, and what they settle (paper 3.1)."""

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

#: So many regions of an image are talked about at most, and none smaller than this share of it.
MOST_REGIONS = 12
SMALLEST_SHARE = 2e-4


def ready_images(campaign: Campaign) -> ImageQuerySet:
    """Gold images that can be talked about: two labels at least, and no expert is still drawing.

    Before, whoever still draws would not draw alone. An image that has come to the meeting stays,
    also when an expert takes it up again: to that expert it is closed
    (`labeling.annotation.services.independence`).
    """
    has_begun = Exists(ExpertAgreement.objects.filter(image=OuterRef("pk")))
    experts = Assignment.objects.filter(image=OuterRef("pk"), role=Role.EXPERT)
    accepted = Q(labels__role=Role.EXPERT, labels__status=Label.Status.ACCEPTED)
    received = Q(labels__role=Role.EXPERT, labels__status=Label.Status.RECEIVED)
    return (
        Image.objects.usable()
        .filter(has_begun | ~Exists(experts.open()), campaign=campaign, pool=Image.Pool.GOLD)
        .alias(drawn=Count("labels", filter=accepted | received))
        .filter(drawn__gte=2)
    )


def stale_images(campaign: Campaign) -> ImageQuerySet:
    """Those of them whose labels were not compared as they are now."""
    # An alias: inside filter() Django would join with INNER and lose the never compared.
    images = ready_images(campaign).alias(compared=Coalesce("expert_agreement__labels_version", -1))
    return images.exclude(compared=F("labels_version")).order_by("pk")


def compare(image_id: int) -> ExpertAgreement:
    """How the experts' labels of an image agree, as they are now; computed once and kept.

    Their mean pairwise mIoU is the mean of their agreement scores (paper, Eqs. 1-4).
    """
    labels.process_image(image_id)
    known = ExpertAgreement.objects.filter(
        image=image_id, labels_version=F("image__labels_version")
    ).first()
    if known is not None:
        return known
    score_image(image_id)
    image = Image.objects.select_related("campaign").get(pk=image_id)
    drawn = expert_labels(image)
    found = disputes.measure_disputes(masks_of(drawn, image))
    scores = AgreementScore.objects.filter(label__in=[label.pk for label in drawn])
    kept, _created = ExpertAgreement.objects.update_or_create(
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
    return kept


def settle(
    actor: Actor, campaign: Campaign, text: str, image: Image | None = None
) -> LabelingGuideline:
    """Store what experts have settled, with its author; `image`: what it was about, if one."""
    return LabelingGuideline.objects.create(
        campaign=campaign, image=image, text=text, author_id=actor.account_id
    )


def bring_up_to_date(campaign: Campaign, most: int) -> int:
    """Compare at most so many images anew; returns how many are left."""
    for pk in list(stale_images(campaign).values_list("pk", flat=True)[:most]):
        compare(pk)
    return stale_images(campaign).count()


def worst_first(campaign: Campaign, user: User) -> QuerySet[ExpertAgreement]:
    """Images that an account may talk about, those on which experts agree least first."""
    compared = ExpertAgreement.objects.filter(
        image__in=ready_images(campaign), agreement__isnull=False
    ).exclude(image__in=independence.hidden_images(user))
    return compared.select_related("image__campaign").order_by("agreement", "image_id")


def closed_to(campaign: Campaign, user: User) -> ImageQuerySet:
    """Images of the meeting that an account must not see yet: it can still label them."""
    return ready_images(campaign).filter(pk__in=independence.hidden_images(user))


def expert_labels(image: Image) -> list[Label]:
    """The experts' labels of an image that count, in the order of their labelers."""
    drawn = image.labels.accepted().expert().select_related("labeler__user")
    return list(drawn.order_by("labeler_id"))


def masks_of(drawn: Iterable[Label], image: Image) -> list[Mask]:
    removed = postprocessing.removed_pixels(image)
    return [postprocessing.post_processed_mask(label, image, removed) for label in drawn]


def regions_of(image: Image, masks: list[Mask]) -> list[disputes.Dispute]:
    """The regions of an image that are worth talking about, the largest first."""
    smallest = max(1, round(SMALLEST_SHARE * image.width * image.height))
    return disputes.find_disputes(masks, MOST_REGIONS, smallest)


def picture(image: Image, which: int | None) -> bytes:
    """What is in dispute, in stripes of what was said, or (`which`) one expert's label; as a PNG.

    Clear where there is nothing. Raises IndexError where there is no such label.
    """
    drawn = expert_labels(image)
    if which is not None:
        [shown] = masks_of([drawn[which]], image)
    else:
        masks = masks_of(drawn, image)
        if not masks:
            raise IndexError("An image without labels has nothing to show.")
        shown = disputes.dispute_picture(masks)
    return class_png(shown, dict(image.campaign.terrain_classes.values_list("code", "color")))


@dataclass(frozen=True, slots=True)
class DisputedPair:
    """Two classes that experts did not tell apart: on how many pixels, and of how many images."""

    codes: tuple[int, int]
    pixels: int
    images: int


def pairs_of(compared: Iterable[ExpertAgreement]) -> list[DisputedPair]:
    """The disputed area by pair of classes over several images, the largest first."""
    pixels: Counter[tuple[int, int]] = Counter()
    images: Counter[tuple[int, int]] = Counter()
    for each in compared:
        for key, count in each.pairs.items():
            a, b = map(int, key.split())
            pixels[a, b] += count
            images[a, b] += 1
    pairs = [DisputedPair(codes, count, images[codes]) for codes, count in pixels.items()]
    return sorted(pairs, key=lambda pair: (-pair.pixels, pair.codes))


def takes_part(campaign: Campaign, labeler: Labeler) -> bool:
    """Whether somebody is one of the campaign's experts."""
    given = Assignment.objects.filter(labeler=labeler, role=Role.EXPERT)
    return given.filter(image__campaign=campaign).exists()


def guidelines_of(campaign: Campaign, user: User) -> QuerySet[LabelingGuideline]:
    """What was settled for a campaign, the newest first; without images that are closed to `user`.

    What was settled about an image tells what others drew on it.
    """
    found = LabelingGuideline.objects.filter(campaign=campaign).select_related("author", "image")
    closed = independence.hidden_images(user)
    return found.filter(Q(image=None) | ~Q(image__in=closed))
