"""The worker's side of statistics."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import long_task
from merging.models import Release
from merging.statistics import services as statistics


@long_task
def count_release(release_id: int) -> None:
    """Count a release's statistics from its archive, where its builder has not stored them."""
    statistics.count_release(Release.objects.select_related("campaign").get(pk=release_id))
