"""How many images have a trusted mask, and how many masks are still of an earlier rule or label."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from labeling.models import Campaign
from merging.services import merges

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
        trusted=merges.trusted(campaign).count(),
        stale=merges.stale(campaign).count(),
        of_other_rule=merges.of_other_rule(campaign).count(),
    )
