"""Celery tasks for releases."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings

from ai4mars_site.toolkit.jobs import working
from ai4mars_site.toolkit.tasks import enqueue, long_task, task
from merging.models import Release
from merging.releases.services import builder, parts

logger = logging.getLogger(__name__)


@long_task
def build_release(release_id: int) -> None:
    """Build a release that was requested on its page, unless it is claimed already."""
    release = builder.claim(release_id)
    if release is not None:
        with working(release):
            builder.build_archive(release, Path(settings.AI4MARS_HOME) / "scratch")


@task
def sweep_releases() -> None:
    """Find releases whose task or builder was lost, and start their tasks again."""
    for release_id in Release.objects.filter(Release.claimable()).values_list("pk", flat=True):
        enqueue(build_release, release_id)


@long_task
def sweep_released_files() -> None:
    """Delete stored files that no release uses."""
    logger.info("Deleted %d files that no release uses.", parts.delete_unused_pieces())
