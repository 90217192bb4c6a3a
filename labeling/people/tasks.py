"""Celery tasks for people."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import task
from labeling.people.services import sweeping

#: Most guests that are deleted in one night.
GUEST_BATCHES = 100


@task
def sweep_guests() -> None:
    """Delete guests without data, several thousand each night."""
    for _ in range(GUEST_BATCHES):
        if not sweeping.sweep_guests():
            break


@task
def sweep_sessions() -> None:
    """Delete expired sessions."""
    sweeping.sweep_sessions()
