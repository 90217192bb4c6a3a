"""The worker's side of merged masks."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.models import Campaign
from merging.masks.services import comparisons, progress

#: Images; the next message goes on from there.
COMPARED_IN_A_TASK = 50


MERGED_IN_A_TASK = 100


@task
def compare_merges(campaign_id: int) -> None:
    """Merge the sample of a campaign each way where that was not done, a few images at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if comparisons.bring_up_to_date(campaign, COMPARED_IN_A_TASK):
        enqueue(compare_merges, campaign_id)


@task
def merge_campaign(campaign_id: int) -> None:
    """Merge a campaign's images whose labels or rule have changed, a few at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if progress.bring_up_to_date(campaign, MERGED_IN_A_TASK) == MERGED_IN_A_TASK:
        enqueue(merge_campaign, campaign_id)


@task
def sweep_merges() -> None:
    """Find campaigns whose rule has changed since their images were merged."""
    for campaign in Campaign.objects.order_by("pk"):
        if progress.of_other_rule(campaign).exists():
            enqueue(merge_campaign, campaign.pk)
