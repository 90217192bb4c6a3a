"""The worker's side of skill."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import long_task, nudge, task
from labeling.models import Campaign
from review.skill import services


@long_task
def estimate_skill(campaign_id: int) -> None:
    """Estimate the skill of a campaign's labelers, where its labels changed and nobody is at it."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if services.is_current(campaign) or not services.claim(campaign):
        return
    try:
        labels_read = services.label_set(campaign)
        _, votes = services.votes_of_campaign(campaign)
        services.estimate_campaign(campaign, labels_read, services.still_at_it(campaign, votes))
    finally:
        services.give_up(campaign)


@task
def sweep_skill() -> None:
    """Find campaigns whose labels changed since their labelers' skill was estimated."""
    for campaign in Campaign.objects.order_by("pk"):
        if services.compared_images(campaign).exists() and not services.is_current(campaign):
            nudge(estimate_skill, campaign.pk)
