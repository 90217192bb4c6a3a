"""Which labeler a request speaks for, and what a browser remembers of a visitor.

A visitor who has saved nothing is nobody in the database: no labeler, no session. What there is to
remember is in a signed cookie, the visit: the key under which the visitor becomes a guest with the
first save, and the tutorials that were finished. The drawing page carries the same key (`X-Visit`),
so that it stays the same guest also when the cookie is lost.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Labeler, Role
from labeling.people.services import labelers

VISIT_COOKIE = "visit"
_VISIT_SALT = "labeling.visit"
_COOKIE_SALT = "labeling.visit_cookie"

#: So many finished tutorials are remembered: a cookie has room for no more than some.
TUTORIALS_KEPT = 20

#: Of sessions that were made before there were visits, and still last.
GUEST_KEY = "guest_key"
TUTORIALS_SEEN = "tutorials_seen"

#: In an account's session: the visit whose guest was looked for when the account signed in.
_SETTLED = "settled_visit"

_GUEST_SALT = "labeling.guest"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser remembers of a visitor without an account."""

    guest: uuid.UUID
    tutorials: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """What the drawing page sends as `X-Visit`: worth as much as the cookie."""
        return signing.dumps(str(self.guest), salt=_VISIT_SALT)

    @property
    def device_name(self) -> str:
        """A name for what the page keeps on the device; the key cannot be told from it."""
        return f"v{hashlib.sha256(self.guest.bytes).hexdigest()[:16]}"


def visit_of(request: HttpRequest) -> Visit | None:
    """The visit that the browser remembers, also in a session of before; None for a new visitor."""
    told = _signed(request.COOKIES.get(VISIT_COOKIE), _COOKIE_SALT)
    if told is not None:
        return Visit(uuid.UUID(told["guest"]), tuple(told["tutorials"]))
    key = request.session.get(GUEST_KEY)
    return Visit(uuid.UUID(key)) if key else None


def visit_or_new(request: HttpRequest) -> Visit:
    """The visit that the browser remembers, or a new one; `remember` makes it last."""
    return visit_of(request) or Visit(uuid.uuid4())


def remember(response: HttpResponseBase, visit: Visit) -> None:
    """Have the browser remember a visit."""
    response.set_cookie(
        VISIT_COOKIE,
        # Without a quotation mark or comma, which not every client sends back as they were.
        signing.dumps({"guest": str(visit.guest), "tutorials": visit.tutorials}, salt=_COOKIE_SALT),
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember_guest(request: HttpRequest, response: HttpResponseBase, key: uuid.UUID) -> None:
    """Have the browser remember this guest, where it does not yet; tutorials stay remembered."""
    visit = visit_of(request)
    if visit is None or visit.guest != key:
        remember(response, replace(visit, guest=key) if visit else Visit(key))


def visit_of_page(request: HttpRequest) -> Visit | None:
    """The visit that the page which asks was opened for; None where it names none that is good."""
    key = _signed(request.headers.get("X-Visit"), _VISIT_SALT)
    return None if key is None else Visit(uuid.UUID(key))


def _signed(token: str | None, salt: str) -> Any:
    """What this site has signed; None for anything else, and for what is too old."""
    try:
        return signing.loads(token or "", salt=salt, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None


def _guest_keys(request: HttpRequest) -> Iterator[str]:
    """Keys of the guests this may be: the page's own visit first, then what the browser remembers.

    A page whose visit never became a guest speaks for the guest that the browser has become in
    another tab.
    """
    found = [visit.guest for visit in (visit_of_page(request), visit_of(request)) if visit]
    yield from dict.fromkeys(str(key) for key in found)


def labeler_of(request: HttpRequest) -> Labeler | None:
    """The visitor's labeler, or None for somebody who has saved nothing yet.

    A guest who has signed in meanwhile brings the guest's labels along.
    """
    if isinstance(request.user, User):
        guest = _guest_to_adopt(request)
        if guest is not None:
            return labelers.adopt_guest(Actor.of_user(request.user), guest, request.user)
        return labelers.labeler_of_user(request.user)
    for key in _guest_keys(request):
        if (guest := labelers.guest_of_key(key)) is not None:
            return guest
    return None


def _guest_to_adopt(request: HttpRequest) -> Labeler | None:
    """The guest this browser was when its account signed in; looked for once in a session."""
    visit = visit_of(request)
    if visit is None or request.session.get(_SETTLED) == str(visit.guest):
        return None
    request.session.pop(GUEST_KEY, None)
    request.session[_SETTLED] = str(visit.guest)
    return labelers.guest_of_key(str(visit.guest))


def page_visit(request: HttpRequest, labeler: Labeler | None) -> Visit | None:
    """The visit of a page that is opened for this labeler; None for an account."""
    if request.user.is_authenticated:
        return None
    visit = visit_or_new(request)
    if labeler is None or labeler.guest_key is None:
        return visit
    return replace(visit, guest=labeler.guest_key)


def identity(labeler: Labeler | None, visit: Visit | None) -> dict[str, Any]:
    """What a page keeps of the labeler it is opened for; `visit` is its `page_visit`.

    Of a visitor who has saved nothing yet `id` is null. `visit` and `device_name` are for guests,
    to stay the same one when the cookie is lost; an account has a password.
    """
    return {
        "id": labeler and labeler.pk,
        "visit": visit and visit.token,
        "device_name": visit and visit.device_name,
    }


def is_anothers_page(request: HttpRequest, labeler: Labeler | None) -> bool:
    """Whether the page was opened for somebody else than who asks now.

    An open page acts for the labeler it was opened for, even if another has signed in since.
    """
    named = request.headers.get("X-Labeler")
    if named:
        return labeler is None or str(labeler.pk) != named
    # A page of somebody who had saved nothing.
    return "X-Visit" in request.headers and isinstance(request.user, User)


def owner_name(request: HttpRequest) -> str | None:
    """A name for whoever asks, without a question to the database; None for a new visitor."""
    if isinstance(request.user, User):
        return f"user-{request.user.pk}"
    key = next(_guest_keys(request), None)
    return f"guest-{key}" if key else None


def guest_of_token(token: str) -> Labeler | None:
    """The guest that a page of before was opened for, by the token it keeps; None for no such."""
    pk = _signed(token, _GUEST_SALT)
    return Labeler.objects.filter(pk=pk, guest_key__isnull=False).first()


def has_seen_tutorial(request: HttpRequest, campaign: Campaign) -> bool:
    """Whether this browser remembers it, or the visitor has been given an image here before."""
    visit = visit_of(request)
    if visit is not None and campaign.slug in visit.tutorials:
        return True
    if campaign.slug in request.session.get(TUTORIALS_SEEN, []):
        return True
    labeler = labeler_of(request)
    return (
        labeler is not None
        and labeler.assignments.filter(image__campaign=campaign).exclude(role=Role.EXPERT).exists()
    )


def remember_tutorial(request: HttpRequest, response: HttpResponseBase, campaign: Campaign) -> None:
    visit = visit_or_new(request)
    seen = dict.fromkeys((*visit.tutorials, campaign.slug))
    remember(response, replace(visit, tutorials=tuple(seen)[-TUTORIALS_KEPT:]))
