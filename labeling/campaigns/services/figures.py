"""Counts of a campaign's progress.

Counting a campaign of a thousand labels takes a millisecond and is done on each request. Counting
ten million labels takes seconds, so a task counts large campaigns at intervals, and pages show its
last result.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from labeling.models import Campaign, CampaignFigures, Image, Label, LabelQuerySet, Role

#: A campaign that is counted faster than this is counted on each request.
LIVE_SECONDS = 0.1
#: Shortest interval between two counts of a large campaign,
EVERY = timedelta(minutes=5)
#: and its smallest multiple of the time that a count takes.
REST = 100


def figures_of(campaign: Campaign) -> CampaignFigures:
    """Return a campaign's figures: counted now, or for a large campaign the last stored ones."""
    kept = stored_figures(campaign)
    return kept if kept and is_large(kept) else count(campaign)


def is_large(figures: CampaignFigures) -> bool:
    """Return whether counting takes so long that a task does it at intervals."""
    return figures.seconds > LIVE_SECONDS


def stored_figures(campaign: Campaign) -> CampaignFigures | None:
    """Return the stored figures; None if the campaign was never counted."""
    return getattr(campaign, "figures", None)


def count(campaign: Campaign) -> CampaignFigures:
    """Count a campaign; return the figures unsaved."""
    began = time.perf_counter()
    usable, crowd = Q(retired_at=None), Q(pool=Image.Pool.CROWD)
    # As `ImageQuerySet` defines them, in one pass over the images.
    to_draw = usable & crowd & Q(set_aside_at=None)
    images = campaign.images.aggregate(
        images=Count("pk", filter=to_draw),
        images_done=Count("pk", filter=to_draw & Q(crowd_label_count__gte=campaign.target_labels)),
        set_aside_images=Count("pk", filter=usable & crowd & Q(set_aside_at__isnull=False)),
        gold_images=Count("pk", filter=usable & Q(pool=Image.Pool.GOLD)),
        practice_images=Count("pk", filter=usable & Q(pool=Image.Pool.PRACTICE)),
        retired_images=Count("pk", filter=~usable),
    )
    labels = Label.objects.filter(image__campaign=campaign)
    states: Counter[str] = Counter()
    in_dataset: Counter[str] = Counter()
    by_state = labels.order_by().values_list("role", "status")
    kept = Count("pk", filter=LabelQuerySet.is_in_dataset())
    for role, status, all_of_them, of_dataset in by_state.annotate(n=Count("pk"), kept=kept):
        in_dataset[role] += of_dataset
        if role == Role.CROWD:
            states[status] = all_of_them
    return CampaignFigures(
        campaign=campaign,
        **images,
        target_labels=campaign.target_labels,
        labels=states.total(),
        train_labels=in_dataset[Role.CROWD],
        labelers=labels.crowd().order_by().values("labeler").distinct().count(),
        processed=states.total() - states[Label.Status.RECEIVED],
        empty=states[Label.Status.EMPTY],
        rejected=states[Label.Status.REJECTED],
        gold_labels=in_dataset[Role.EXPERT],
        counted_at=timezone.now(),
        seconds=time.perf_counter() - began,
    )


def sweep() -> None:
    """Count the campaigns whose figures are old, and store large ones' results.

    A campaign whose target of labels has changed is counted at once.
    """
    for campaign in Campaign.objects.select_related("figures"):
        kept = stored_figures(campaign)
        rest = max(EVERY, timedelta(seconds=REST * kept.seconds)) if kept else EVERY
        if kept is None or kept.has_other_target or kept.counted_at < timezone.now() - rest:
            count(campaign).save()
