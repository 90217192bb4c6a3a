"""Celery tasks for statistics."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import long_task
from merging.models import Release
from merging.statistics import services as statistics


@long_task
def count_release(release_id: int) -> None:
    """Count the statistics of a release from its archive, if its builder did not store them."""
    statistics.count_release(Release.objects.select_related("campaign").get(pk=release_id))
