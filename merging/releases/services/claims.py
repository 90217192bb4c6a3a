"""Who builds a release: one builder at a time, which finds out when it no longer is the one."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.jobs import ClaimLost, change, hold
from merging.models import Release

__all__ = ["HEARTBEAT_LIMIT", "ClaimLost", "Pulse", "change", "claim", "hold"]

#: A builder that has not been heard of for this long is taken to be dead, and its work is redone.
HEARTBEAT_LIMIT = Release.silence
#: How often a builder says that it is alive, and how far it is.
HEARTBEAT_EVERY = timedelta(seconds=1)


def claim(release_id: int) -> Release | None:
    """Become the one builder of a release; None when somebody else is, or it is settled."""
    if not jobs.claim(Release.objects.filter(pk=release_id), done=0, message=""):
        return None
    return Release.objects.select_related("campaign").get(pk=release_id)


class Pulse:
    """Says now and then that a builder is alive, and how far it is.

    A release that is only written once more, complete as it is, has no heartbeat.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.last = timezone.now() - HEARTBEAT_EVERY

    def beat(self, done: int, total: int) -> None:
        """Call it after each piece of work; it writes at most once a second, and at the end."""
        now = timezone.now()
        is_due = now - self.last >= HEARTBEAT_EVERY or done == total != self.release.done
        if self.release.status == Release.Status.BUILDING and is_due:
            change(self.release, done=done, total=total, heartbeat_at=now)
            self.last = now

    def go_on(self) -> None:
        """Call it where no image is made, but time goes by."""
        self.beat(self.release.done, self.release.total)
