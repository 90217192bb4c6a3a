"""Who builds a release: one builder at a time, which finds out when it no longer is the one."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from merging.models import Release

#: A builder that has not been heard of for this long is taken to be dead, and its work is redone.
HEARTBEAT_LIMIT = timedelta(minutes=2)
#: How often a builder says that it is alive, and how far it is.
HEARTBEAT_EVERY = timedelta(seconds=1)


class ClaimLost(Exception):
    """Another builder has taken this release over, or it was stopped."""


def claimable() -> Q:
    """Releases that want a builder: queued, or left by one that died."""
    silent = timezone.now() - HEARTBEAT_LIMIT
    return Q(status=Release.Status.QUEUED) | Q(
        status=Release.Status.BUILDING, heartbeat_at__lt=silent
    )


def claim(release_id: int) -> Release | None:
    """Become the one builder of a release; None when somebody else is, or it is settled."""
    token = uuid.uuid4()
    claimed = Release.objects.filter(claimable(), pk=release_id).update(
        status=Release.Status.BUILDING, claim=token, heartbeat_at=timezone.now(), done=0, message=""
    )
    return Release.objects.select_related("campaign").get(pk=release_id) if claimed else None


def _ours(release: Release) -> QuerySet[Release]:
    return Release.objects.filter(
        pk=release.pk, claim=release.claim, status=Release.Status.BUILDING
    )


def change(release: Release, **fields: object) -> None:
    """Change a release that is still ours. Raises ClaimLost."""
    if not _ours(release).update(**fields):
        raise _lost(release)
    release.refresh_from_db()


def hold(release: Release) -> None:
    """Keep a release ours until the current transaction ends. Raises ClaimLost.

    What a builder writes beside the release's own row, it writes while it holds the release: one
    that was only slow must not write into what its heir has built.
    """
    if not _ours(release).select_for_update().values_list("pk", flat=True).first():
        raise _lost(release)


def _lost(release: Release) -> ClaimLost:
    return ClaimLost(f"Another builder has taken over {release}, or it was stopped.")


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
