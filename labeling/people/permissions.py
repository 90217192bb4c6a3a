"""Who may do what in this app. When it is allowed is in `policies.py`."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User

#: Django groups, created by a migration.
REVIEWERS = "reviewers"
EXPERTS = "experts"

Visitor = AbstractBaseUser | AnonymousUser


def may_manage(user: Visitor) -> bool:
    """Return whether a user manages campaigns, images, the gold set and releases."""
    return isinstance(user, User) and user.is_active and user.is_staff


def is_expert(user: Visitor) -> bool:
    """Return whether a user is an expert, who labels the gold set by assignment."""
    return is_in_group(user, EXPERTS)


def is_in_group(user: Visitor, name: str) -> bool:
    """Return whether a user is an active account in one of the site's groups."""
    return isinstance(user, User) and user.is_active and user.groups.filter(name=name).exists()
