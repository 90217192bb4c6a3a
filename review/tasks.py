"""The worker's side of review."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import long_task, nudge, task
from labeling.models import Campaign
from review.models import images_to_score
from review.services import scores, skill

SWEEP_BATCH = 1000


@task
def score_image(image_id: int) -> None:
    """Bring one image's agreement scores up to its labels."""
    scores.score_image(image_id)


@task
def sweep_scores() -> None:
    """Find images whose labels changed without their scores: a lost broker loses nothing."""
    for image_id in images_to_score().values_list("pk", flat=True)[:SWEEP_BATCH]:
        nudge(score_image, image_id)


@long_task
def estimate_skill(campaign_id: int) -> None:
    """Estimate the skill of a campaign's labelers, where its labels changed and nobody is at it."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if skill.is_current(campaign) or not skill.claim(campaign):
        return
    try:
        labels_read = skill.label_set(campaign)
        _, votes = skill.votes_of_campaign(campaign)
        skill.estimate_campaign(campaign, labels_read, skill.still_at_it(campaign, votes))
    finally:
        skill.give_up(campaign)


@task
def sweep_skill() -> None:
    """Find campaigns whose labels changed since their labelers' skill was estimated."""
    for campaign in Campaign.objects.order_by("pk"):
        if skill.compared_images(campaign).exists() and not skill.is_current(campaign):
            nudge(estimate_skill, campaign.pk)
