"""Who may do what in this app (when it is allowed is in `policies.py`)."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User

#: Django groups, made by a migration.
REVIEWERS = "reviewers"
EXPERTS = "experts"

Visitor = AbstractBaseUser | AnonymousUser


def may_manage(user: Visitor) -> bool:
    """Admins load images, watch progress, plan the gold set and publish releases."""
    return isinstance(user, User) and user.is_active and user.is_staff


def is_expert(user: Visitor) -> bool:
    """Experts label the gold set, by assignment."""
    return is_in_group(user, EXPERTS)


def is_in_group(user: Visitor, name: str) -> bool:
    """Whether this is an active account in one of the site's groups."""
    return isinstance(user, User) and user.is_active and user.groups.filter(name=name).exists()
