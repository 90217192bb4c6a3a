"""The worker's side of merging."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings

from ai4mars_site.toolkit.jobs import ClaimLost
from ai4mars_site.toolkit.tasks import long_task, nudge, task
from labeling.models import Campaign
from merging.benchmark import services as submissions
from merging.gold.services import consensus
from merging.masks.services import comparisons, progress
from merging.models import Release, Submission
from merging.releases.services import builder, claims, parts, requests
from merging.statistics import services as statistics

logger = logging.getLogger(__name__)

#: Images; the next message goes on from there.
COMPARED_IN_A_TASK = 50
MERGED_IN_A_TASK = 100


@long_task
def build_release(release_id: int) -> None:
    """Build a release that was asked for on its page. A second message finds it claimed."""
    release = claims.claim(release_id)
    if release is None:
        return
    try:
        builder.build_archive(release, Path(settings.AI4MARS_HOME) / "scratch")
    except ClaimLost:
        logger.warning("%s was taken over by another builder.", release)
    except requests.ReleaseRefused as refused:
        # Said on the page; not a fault of the worker.
        logger.info("%s: %s", release, refused)


@task
def sweep_releases() -> None:
    """Find releases whose message or builder was lost."""
    for release_id in Release.objects.filter(Release.claimable()).values_list("pk", flat=True):
        nudge(build_release, release_id)


@long_task
def sweep_released_files() -> None:
    """Delete what was kept of releases, and is part of none any more."""
    logger.info("%d files are part of no release any more.", parts.sweep())


@task
def compare_experts(campaign_id: int) -> None:
    """Compare the experts' labels of a campaign where that was not done, a few at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if consensus.bring_up_to_date(campaign, COMPARED_IN_A_TASK):
        nudge(compare_experts, campaign_id)


@task
def compare_merges(campaign_id: int) -> None:
    """Merge the sample of a campaign each way where that was not done, a few images at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if comparisons.bring_up_to_date(campaign, COMPARED_IN_A_TASK):
        nudge(compare_merges, campaign_id)


@task
def merge_campaign(campaign_id: int) -> None:
    """Merge a campaign's images whose labels or rule have changed, a few at a time."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if progress.bring_up_to_date(campaign, MERGED_IN_A_TASK) == MERGED_IN_A_TASK:
        nudge(merge_campaign, campaign_id)


@task
def sweep_merges() -> None:
    """Find campaigns whose rule has changed since their images were merged."""
    for campaign in Campaign.objects.order_by("pk"):
        if progress.of_other_rule(campaign).exists():
            nudge(merge_campaign, campaign.pk)


@long_task
def compare_submission(submission_id: int) -> None:
    """Compare predictions that were sent to a board. A second message finds them claimed."""
    submission = submissions.claim(submission_id)
    if submission is None:
        return
    try:
        submissions.compare(submission, Path(settings.AI4MARS_HOME) / "scratch")
    except ClaimLost:
        logger.warning("%s was taken over by another worker, or removed.", submission)


@task
def sweep_submissions() -> None:
    """Find predictions whose message or worker was lost."""
    waiting = Submission.objects.filter(Submission.claimable())
    for submission_id in waiting.values_list("pk", flat=True):
        nudge(compare_submission, submission_id)


@long_task
def count_release(release_id: int) -> None:
    """Count a release's statistics from its archive, where its builder has not stored them."""
    statistics.count_release(Release.objects.select_related("campaign").get(pk=release_id))
