"""Who may review."""

from __future__ import annotations

from labeling.models import Label
from labeling.permissions import REVIEWERS, Visitor, is_in_group, may_manage


def may_review(user: Visitor) -> bool:
    """Reviewers and admins rate labels."""
    return may_manage(user) or is_in_group(user, REVIEWERS)


def is_own(user: Visitor, label: Label) -> bool:
    """Nobody judges their own label."""
    return user.is_authenticated and label.labeler.user_id == user.pk
