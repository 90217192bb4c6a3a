"""Permissions to see the model leaderboard and to send predictions."""

from __future__ import annotations

from labeling.people.permissions import Visitor, may_manage
from merging.models import Release


def may_see_leaderboard(user: Visitor, release: Release) -> bool:
    """Return whether the user may see the leaderboard: everybody if it is public, else managers."""
    return release.has_public_leaderboard or may_manage(user)


def may_submit(user: Visitor, release: Release) -> bool:
    """Return whether the user may send predictions: an active account that sees the leaderboard."""
    return user.is_authenticated and user.is_active and may_see_leaderboard(user, release)
