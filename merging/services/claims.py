"""Who builds a release: one builder at a time, which finds out when it no longer is the one."""

from __future__ import annotations

from django.db.models import QuerySet

from merging.models import Release


class ClaimLost(Exception):
    """Another builder has taken this release over, or it was stopped."""


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
