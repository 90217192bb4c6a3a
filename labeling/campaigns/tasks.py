"""Celery tasks for campaigns."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import long_task
from labeling.campaigns.services import figures


@long_task
def sweep_figures() -> None:
    """Count large campaigns, so that no page has to wait for it."""
    figures.sweep()
