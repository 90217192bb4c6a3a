"""How many images have a trusted mask, and how many masks are still of an earlier rule or label."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from labeling.models import Campaign, Image
from merging.masks.services import merges
from merging.models import ImportedMask, MergedMask

logger = logging.getLogger(__name__)

#: Of a large campaign the numbers may be so old.
KEPT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class MergeProgress:
    """Of one campaign, by the rule it has now.

    `trusted`: images of the crowd whose mask has a class on at least one pixel, as merged last;
    `stale`: images, gold ones too, that are to be merged again since labels or the rule changed;
    `of_other_rule`: of the crowd's masks, those that were merged by an earlier rule.
    """

    trusted: int
    stale: int
    of_other_rule: int


def of_campaign(campaign: Campaign, is_large: bool = False) -> MergeProgress:
    """Count now; of a large campaign at most every five minutes, or when its rule has changed."""
    if not is_large:
        return _count(campaign)
    rule = f"{campaign.merge_minimum}-{campaign.merge_percent}"
    key = f"merge-progress-{campaign.pk}-{rule}"
    kept: MergeProgress | None = cache.get(key)
    if kept is None:
        kept = _count(campaign)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _count(campaign: Campaign) -> MergeProgress:
    return MergeProgress(
        trusted=trusted(campaign).count(),
        stale=stale(campaign).count(),
        of_other_rule=of_other_rule(campaign).count(),
    )


def stale(campaign: Campaign) -> QuerySet[Image]:
    """Images to merge again: their labels, or the campaign's rule, are not those of their masks.

    An imported mask stands until as many labels as are wanted were drawn.
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


def of_other_rule(campaign: Campaign) -> QuerySet[MergedMask]:
    """The crowd's masks that were merged here by another rule than the campaign has now."""
    train = masks_of(campaign).filter(variant=MergedMask.Variant.TRAIN, imported=None)
    return train.exclude(rule=str(merges.rule_of(campaign)))


def trusted(campaign: Campaign) -> QuerySet[MergedMask]:
    """The crowd's masks with a class on at least one pixel, of images that have such a mask.

    As they were merged last: `stale` names those that are not up to date.
    """
    return masks_of(campaign).filter(variant=MergedMask.Variant.TRAIN).exclude(pixel_counts={})


def masks_of(campaign: Campaign) -> QuerySet[MergedMask]:
    """The merged masks that belong to a campaign's dataset: gold masks of gold images alone."""
    is_gold = Q(image__pool=Image.Pool.GOLD)
    is_train = Q(variant=MergedMask.Variant.TRAIN)
    fitting = (is_gold & ~is_train) | (~is_gold & is_train)
    return MergedMask.objects.filter(fitting, image__in=merges.mergeable(campaign).order_by())


def bring_up_to_date(campaign: Campaign, most: int) -> int:
    """Merge up to `most` stale images; how many were.

    An image whose files are missing is logged and left.
    """
    merged = 0
    for pk in list(stale(campaign).order_by("pk").values_list("pk", flat=True)[:most]):
        try:
            merges.merge_image(pk)
        except OSError:
            logger.exception("Image %d cannot be merged.", pk)
        else:
            merged += 1
    return merged
