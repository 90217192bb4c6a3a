"""Celery tasks for the gold set."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.models import Campaign
from merging.gold.services import consensus

#: The number of images in one task; the next task continues.
COMPARED_IN_A_TASK = 50


@task
def compare_experts(campaign_id: int) -> None:
    """Compare the experts' labels of a few stale images, then continue in a new task."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if consensus.compare_stale_images(campaign, COMPARED_IN_A_TASK):
        enqueue(compare_experts, campaign_id)
