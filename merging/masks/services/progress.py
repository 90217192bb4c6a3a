"""Progress of merging: how many masks a campaign has, and how many are out of date."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from labeling.models import Campaign, Image
from merging.masks.services import merges
from merging.models import ImportedMask, MergedMask

logger = logging.getLogger(__name__)

#: The counts of a large campaign are cached for this time.
CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class MergeProgress:
    """The merge progress of one campaign, by its current rule.

    Attributes:
        trusted: Crowd images whose latest merged mask has a class on at least one pixel.
        stale: Images, including gold ones, to merge again because their labels or the rule changed.
        of_other_rule: Crowd masks that were merged by an earlier rule.
    """

    trusted: int
    stale: int
    of_other_rule: int


def campaign_progress(campaign: Campaign, is_large: bool = False) -> MergeProgress:
    """Return the merge progress of a campaign.

    The counts of a large campaign are cached for five minutes, or until its rule changes.
    """
    if not is_large:
        return _count_progress(campaign)
    rule = f"{campaign.merge_minimum}-{campaign.merge_percent}"
    key = f"merge-progress-{campaign.pk}-{rule}"
    cached: MergeProgress | None = cache.get(key)
    if cached is None:
        cached = _count_progress(campaign)
        cache.set(key, cached, CACHE_SECONDS)
    return cached


def _count_progress(campaign: Campaign) -> MergeProgress:
    return MergeProgress(
        trusted=trusted_masks(campaign).count(),
        stale=stale_images(campaign).count(),
        of_other_rule=masks_of_other_rule(campaign).count(),
    )


def stale_images(campaign: Campaign) -> QuerySet[Image]:
    """Return the images to merge again, because their labels or the campaign's rule changed.

    An imported mask is up to date until the image has its target number of labels.
    """
    current = MergedMask.objects.filter(image=OuterRef("pk")).current()
    imported = ImportedMask.objects.filter(
        image=OuterRef("image"), variant=MergedMask.Variant.TRAIN
    )
    lacks_labels = Q(image__crowd_label_count__lt=campaign.target_labels)
    train = current.filter(
        Q(Q(rule=str(merges.rule_of(campaign))), ~Q(lacks_labels, Exists(imported)))
        | Q(lacks_labels, imported__isnull=False),
        variant=MergedMask.Variant.TRAIN,
    )
    gold = current.filter(variant=MergedMask.Variant.GOLD_MIN1)
    is_gold = Q(pool=Image.Pool.GOLD)
    return merges.mergeable(campaign).filter(
        (is_gold & ~Exists(gold)) | (~is_gold & ~Exists(train))
    )


def masks_of_other_rule(campaign: Campaign) -> QuerySet[MergedMask]:
    """Return the crowd's masks that were merged here by an earlier rule."""
    train = dataset_masks(campaign).filter(variant=MergedMask.Variant.TRAIN, imported=None)
    return train.exclude(rule=str(merges.rule_of(campaign)))


def trusted_masks(campaign: Campaign) -> QuerySet[MergedMask]:
    """Return the crowd's masks that have a class on at least one pixel.

    The masks may be out of date: see `stale_images`.
    """
    return dataset_masks(campaign).filter(variant=MergedMask.Variant.TRAIN).exclude(pixel_counts={})


def dataset_masks(campaign: Campaign) -> QuerySet[MergedMask]:
    """Return the merged masks of a campaign's dataset. Gold masks count for gold images only."""
    is_gold = Q(image__pool=Image.Pool.GOLD)
    is_train = Q(variant=MergedMask.Variant.TRAIN)
    fitting = (is_gold & ~is_train) | (~is_gold & is_train)
    return MergedMask.objects.filter(fitting, image__in=merges.mergeable(campaign).order_by())


def merge_stale_images(campaign: Campaign, most: int) -> int:
    """Merge up to `most` stale images and return how many were merged.

    An image whose files are missing is logged and skipped.
    """
    merged = 0
    for pk in list(stale_images(campaign).order_by("pk").values_list("pk", flat=True)[:most]):
        try:
            merges.merge_image(pk)
        except OSError:
            logger.exception("Image %d cannot be merged.", pk)
        else:
            merged += 1
    return merged
