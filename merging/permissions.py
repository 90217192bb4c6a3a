"""Who may see and send what is beside a release."""

from __future__ import annotations

from labeling.people.permissions import Visitor, may_manage
from merging.models import Release


def may_see_leaderboard(user: Visitor, release: Release) -> bool:
    """Everybody where the leaderboard is public, else those who manage."""
    return release.has_public_leaderboard or may_manage(user)


def may_submit(user: Visitor, release: Release) -> bool:
    """Whoever has an account and sees the leaderboard."""
    return user.is_authenticated and user.is_active and may_see_leaderboard(user, release)
