"""The statistics of a campaign, from cached counts, and of a release, counted once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from django.core.cache import cache
from django.db.models import BigIntegerField, Count, F, Func, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from labeling.models import Campaign, Image, Label, Role
from merging.formats.statistics.counts import CameraCounts, Statistics
from merging.formats.statistics.of_tree import count_tree
from merging.formats.tree.tree_files import TreeZip
from merging.masks.services import merges, progress
from merging.models import Release, ReleaseStatistics
from review.scores.services.histogram import histogram

#: How long the statistics of a campaign are cached.
FRESH_SECONDS = 300
#: ... while its images are being merged.
MERGING_SECONDS = 10
#: How long a worker may count a release before another may start.
COUNTING_SECONDS = 1800


class ClassPixelCount(Func):
    """A query expression for the number of pixels of one class in a mask's `pixel_counts`, or NULL.

    Django's own key lookup would treat a class code as a list index.
    """

    output_field = BigIntegerField()

    def __init__(self, code: int) -> None:
        super().__init__(F("pixel_counts"), code=int(code))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = """JSON_EXTRACT(%(expressions)s, '$."%(code)s"')"""
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(expressions)s ->> '%(code)s')::bigint"
        return self.as_sql(compiler, connection, template=template, **context)


class Counted(NamedTuple):
    """Statistics and when they were counted.

    `stale` is the number of a campaign's images to merge again, because their labels or the
    campaign's rule changed; their pixels are counted in the old masks. For a release it is 0.
    """

    totals: Statistics
    at: datetime
    stale: int = 0


def campaign_statistics(campaign: Campaign) -> Counted:
    """Return the statistics of a campaign by its current rule, at most five minutes old. The
    database computes all sums; no mask is opened.
    """
    key = f"statistics-{campaign.pk}-{campaign.merge_minimum}-{campaign.merge_percent}"
    found: Counted | None = cache.get(key)
    if found is None:
        found = Counted(_totals(campaign), timezone.now(), progress.stale_images(campaign).count())
        cache.set(key, found, MERGING_SECONDS if found.stale else FRESH_SECONDS)
    return found


def _totals(campaign: Campaign) -> Statistics:
    totals = Statistics()
    images = Image.objects.filter(campaign=campaign).in_dataset()
    labels = (
        Label.objects.filter(image__campaign=campaign)
        .in_dataset()
        .order_by()
        .values("image__rover", "image__camera")
        .annotate(
            crowd=Count("pk", filter=Q(role=Role.CROWD)),
            expert=Count("pk", filter=Q(role=Role.EXPERT)),
        )
    )
    for row in labels:
        drawn = CameraCounts(train_labels=row["crowd"], test_labels=row["expert"])
        totals.count_camera(row["image__rover"], row["image__camera"], drawn)
    is_gold = Q(pool=Image.Pool.GOLD)
    in_split = Q(pk__in=merges.mergeable(campaign).order_by())
    by_camera = (
        images.order_by()
        .values("rover", "camera")
        .annotate(
            images=Count("pk"),
            train=Count("pk", filter=in_split & ~is_gold),
            test=Count("pk", filter=is_gold),
        )
    )
    for camera in by_camera:
        counts = CameraCounts(
            images=camera["images"], train_images=camera["train"], test_images=camera["test"]
        )
        totals.count_camera(camera["rover"], camera["camera"], counts)
    gold = images.filter(is_gold).order_by().values("orbital_class").annotate(n=Count("pk"))
    totals.orbital.update({row["orbital_class"]: row["n"] for row in gold})
    for variant, pixels in _pixels(campaign).items():
        totals.count_pixels(variant, pixels)
    for role in (Role.CROWD, Role.EXPERT):
        totals.count_scores(role, histogram(campaign, role))
    return totals


def _pixels(campaign: Campaign) -> dict[str, dict[int, int]]:
    """Return the pixels per class of all merged masks, by variant."""
    codes = campaign.class_codes()
    sums: dict[str, Any] = {
        f"code_{code}": Coalesce(Sum(ClassPixelCount(code)), 0) for code in codes
    }
    masks = progress.dataset_masks(campaign)
    rows: Iterable[Any] = masks.order_by().values("variant").annotate(**sums)
    return {row["variant"]: {code: row[f"code_{code}"] for code in codes} for row in rows}


def release_statistics(release: Release) -> Counted | None:
    """Return the statistics of a release, or None before they are counted."""
    stored = ReleaseStatistics.objects.filter(release=release).first()
    return (
        None if stored is None else Counted(Statistics.from_json(stored.totals), stored.counted_at)
    )


def store(release: Release, totals: Statistics) -> None:
    """Store the statistics of a release, once, from its builder or its archive."""
    ReleaseStatistics.objects.get_or_create(release=release, defaults={"totals": totals.to_json()})


def is_countable(release: Release) -> bool:
    """Return whether a release can be counted from its archive."""
    return release.status == Release.Status.COMPLETE and bool(release.archive)


def count_release(release: Release) -> None:
    """Count a complete release from the masks in its archive. Counting again changes nothing."""
    if release_statistics(release) or not is_countable(release):
        return
    key = f"counting-release-{release.pk}"
    if not cache.add(key, True, COUNTING_SECONDS):
        return
    try:
        tree = TreeZip(Path(release.archive.path))
        store(release, count_tree(tree, map, _image_metadata(release.campaign)))
    finally:
        cache.delete(key)


def _image_metadata(campaign: Campaign) -> Mapping[str, Mapping[str, str]]:
    """Return the stored metadata of the campaign's images, in the form of release metadata."""
    rows = campaign.images.values("product_id", "rover", "camera", "orbital_class")
    return {row["product_id"]: cast(Mapping[str, str], row) for row in rows}
