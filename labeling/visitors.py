"""Which labeler a request speaks for."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest

from labeling.models import Campaign, Labeler, Role
from labeling.services import labelers

GUEST_KEY = "guest_key"
TUTORIALS_SEEN = "tutorials_seen"

_GUEST_SALT = "labeling.guest"


def labeler_of(request: HttpRequest) -> Labeler | None:
    """The visitor's labeler, or None for somebody who has never asked for an image.

    A guest who has signed in meanwhile brings the guest's labels along.
    """
    key = request.session.get(GUEST_KEY)
    guest = labelers.guest_of_key(key) if key else None
    if isinstance(request.user, User):
        if guest is not None:
            request.session.pop(GUEST_KEY)
            return labelers.adopt_guest(guest, request.user)
        return labelers.labeler_of_user(request.user)
    return guest


def labeler_or_new_guest(request: HttpRequest) -> Labeler:
    """The visitor's labeler; where there is none, a guest whom the session remembers."""
    labeler = labeler_of(request)
    if labeler is None:
        labeler = labelers.new_guest()
        request.session[GUEST_KEY] = str(labeler.guest_key)
    return labeler


def session_owner(request: HttpRequest) -> str | None:
    """A name for whoever this session belongs to, without asking the database about guests."""
    if isinstance(request.user, User):
        return f"user-{request.user.pk}"
    key = request.session.get(GUEST_KEY)
    return f"guest-{key}" if key else None


def guest_token(labeler: Labeler) -> str:
    """What an open page keeps to be the same guest again when its cookie is lost.

    Only for guests: it is worth as much as their cookie. Accounts have a password.
    """
    return signing.dumps(labeler.pk, salt=_GUEST_SALT)


def restore_guest(request: HttpRequest, token: str) -> None:
    """Be this guest again; nothing changes for somebody known, or with a token that is not good."""
    if labeler_of(request) is not None:
        return
    try:
        pk = signing.loads(token, salt=_GUEST_SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return
    guest = Labeler.objects.filter(pk=pk, guest_key__isnull=False).first()
    if guest is not None:
        request.session[GUEST_KEY] = str(guest.guest_key)


def has_seen_tutorial(request: HttpRequest, campaign: Campaign) -> bool:
    """Whether this browser remembers it, or the visitor has been given an image here before."""
    if campaign.pk in request.session.get(TUTORIALS_SEEN, []):
        return True
    labeler = labeler_of(request)
    return (
        labeler is not None
        and labeler.assignments.filter(image__campaign=campaign).exclude(role=Role.EXPERT).exists()
    )


def remember_tutorial(request: HttpRequest, campaign: Campaign) -> None:
    seen = request.session.get(TUTORIALS_SEEN, [])
    if campaign.pk not in seen:
        request.session[TUTORIALS_SEEN] = [*seen, campaign.pk]
