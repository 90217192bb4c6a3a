"""How far campaigns are, in numbers.

Counting a campaign of a thousand labels takes a millisecond and is done whenever somebody asks.
Counting ten million takes seconds, for which nobody should wait: such a campaign is counted by the
sweep, and everybody is told what it found.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from labeling.models import Campaign, CampaignFigures, Image, Label, LabelQuerySet, Role

#: A campaign that is counted in less is counted when it is looked at.
LIVE_SECONDS = 0.1
#: The others are counted so often at most,
EVERY = timedelta(minutes=5)
#: and so that counting takes at most one in so many seconds.
REST = 100


def figures_of(campaign: Campaign) -> CampaignFigures:
    """A campaign's figures: as they are now, or of a large one as they were counted last."""
    kept = kept_of(campaign)
    return kept if kept and is_large(kept) else count(campaign)


def is_large(figures: CampaignFigures) -> bool:
    """Whether counting takes so long that it is left to the sweep."""
    return figures.seconds > LIVE_SECONDS


def kept_of(campaign: Campaign) -> CampaignFigures | None:
    """What the sweep has found last; None where it has not been yet."""
    return getattr(campaign, "figures", None)


def count(campaign: Campaign) -> CampaignFigures:
    """Count a campaign; the figures are not yet saved."""
    began = time.perf_counter()
    usable, crowd = Q(retired_at=None), Q(pool=Image.Pool.CROWD)
    # As `ImageQuerySet` defines them, in one walk over the images.
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
    """Count the campaigns that have not been counted for long, and keep what was found.

    One that asks for another number of labels since is counted at once.
    """
    for campaign in Campaign.objects.select_related("figures"):
        kept = kept_of(campaign)
        rest = max(EVERY, timedelta(seconds=REST * kept.seconds)) if kept else EVERY
        if kept is None or kept.is_of_other_rule or kept.counted_at < timezone.now() - rest:
            count(campaign).save()
