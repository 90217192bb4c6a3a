"""Celery tasks for skill."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, long_task, task
from labeling.models import Campaign
from review.skill import services


@long_task
def estimate_skill(campaign_id: int) -> None:
    """Estimate the skill of a campaign's labelers if its labels have changed."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if not services.is_current(campaign):
        services.estimate_campaign(campaign)


@task
def sweep_skill() -> None:
    """Start estimates for campaigns whose labels changed since the last estimate."""
    for campaign in Campaign.objects.order_by("pk"):
        if services.compared_images(campaign).exists() and not services.is_current(campaign):
            enqueue(estimate_skill, campaign.pk)
