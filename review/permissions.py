"""Who may review."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from labeling.models import Label
from labeling.people.permissions import REVIEWERS, Visitor, is_in_group, may_manage


def may_review(user: Visitor) -> bool:
    """Reviewers and admins rate labels."""
    return may_manage(user) or is_in_group(user, REVIEWERS)


def require_reviewer(user: Visitor) -> None:
    """Raise PermissionDenied, with what to do, for everybody else."""
    if not may_review(user):
        raise PermissionDenied("This page is for reviewers. Ask an admin to make you one.")


def is_own(user_id: int | None, label: Label) -> bool:
    """Return whether an account drew a label: nobody judges their own."""
    return user_id is not None and label.labeler.user_id == user_id
