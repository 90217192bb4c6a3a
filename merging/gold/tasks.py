"""The worker's side of the gold set."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.models import Campaign
from merging.gold.services import consensus

#: Images; the next message goes on from there.
COMPARED_IN_A_TASK = 50


@task
def compare_experts(campaign_id: int) -> None:
    """Compare the experts' labels of a campaign where that was not done, a few at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if consensus.bring_up_to_date(campaign, COMPARED_IN_A_TASK):
        enqueue(compare_experts, campaign_id)
