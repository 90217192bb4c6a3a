"""The worker's side of people."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import task
from labeling.people.services import sweeping

#: Of guests, a night.
GUEST_BATCHES = 100


@task
def sweep_guests() -> None:
    """Delete guests who have nothing any more, some thousands a night."""
    for _ in range(GUEST_BATCHES):
        if not sweeping.sweep_guests():
            break


@task
def sweep_sessions() -> None:
    """Delete sessions that have expired."""
    sweeping.sweep_sessions()
