"""Permissions of reviewers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.models import Label
from labeling.people.permissions import REVIEWERS, Visitor, is_in_group, may_manage


def may_review(user: Visitor) -> bool:
    """Return whether a user may rate labels: reviewers and managers may."""
    return may_manage(user) or is_in_group(user, REVIEWERS)


def require_reviewer(user: Visitor) -> None:
    """Raise Forbidden unless the user may rate labels."""
    if not may_review(user):
        raise Forbidden(_("This page is for reviewers. Ask a manager to make you one."))


def is_own(user_id: int | None, label: Label) -> bool:
    """Return whether an account drew a label; nobody rates their own labels."""
    return user_id is not None and label.labeler.user_id == user_id
