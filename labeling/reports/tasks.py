"""Celery tasks for reports."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import task
from labeling.reports import services


@task
def sweep_reports() -> None:
    """Set aside images by the current rule of their campaign."""
    services.sweep()
