"""Celery tasks for merged masks."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.models import Campaign
from merging.masks.services import comparisons, progress

#: The number of images in one task; the next task continues.
COMPARED_IN_A_TASK = 50


MERGED_IN_A_TASK = 100


@task
def compare_merges(campaign_id: int) -> None:
    """Compare the merge methods on a few images of the sample, then continue in a new task."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if comparisons.compare_stale_images(campaign, COMPARED_IN_A_TASK):
        enqueue(compare_merges, campaign_id)


@task
def merge_campaign(campaign_id: int) -> None:
    """Merge a few images whose labels or rule changed, then continue in a new task."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if progress.merge_stale_images(campaign, MERGED_IN_A_TASK) == MERGED_IN_A_TASK:
        enqueue(merge_campaign, campaign_id)


@task
def sweep_merges() -> None:
    """Find campaigns whose rule changed after their images were merged."""
    for campaign in Campaign.objects.order_by("pk"):
        if progress.masks_of_other_rule(campaign).exists():
            enqueue(merge_campaign, campaign.pk)
