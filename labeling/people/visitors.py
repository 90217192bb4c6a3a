"""Identifying the labeler of a request, and remembering visitors in their browsers.

A visitor who has saved nothing has no row in the database: no labeler, no session. A signed cookie,
the visit, stores the key of the future guest and the finished tutorials. The first save creates the
guest with this key. The drawing page sends the same key (`X-Visit`), so that the guest stays the
same if the cookie is lost.
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

#: Most finished tutorials to remember: a cookie has little room.
TUTORIALS_KEPT = 20

#: Session keys from before there were visits, still in use.
GUEST_KEY = "guest_key"
TUTORIALS_SEEN = "tutorials_seen"

#: In an account's session: the visit whose guest was looked up at sign-in.
_SETTLED = "settled_visit"

_GUEST_SALT = "labeling.guest"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser remembers about a visitor without an account."""

    guest: uuid.UUID
    tutorials: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """Return the signed token for `X-Visit`, which grants the same access as the cookie."""
        return signing.dumps(str(self.guest), salt=_VISIT_SALT)

    @property
    def device_name(self) -> str:
        """Return a name for the page's data on the device; the key cannot be derived from it."""
        return f"v{hashlib.sha256(self.guest.bytes).hexdigest()[:16]}"


def visit_of(request: HttpRequest) -> Visit | None:
    """Return the browser's visit, also from an old session; None for a new visitor."""
    told = _signed(request.COOKIES.get(VISIT_COOKIE), _COOKIE_SALT)
    if told is not None:
        return Visit(uuid.UUID(told["guest"]), tuple(told["tutorials"]))
    key = request.session.get(GUEST_KEY)
    return Visit(uuid.UUID(key)) if key else None


def get_or_create_visit(request: HttpRequest) -> Visit:
    """Return the browser's visit, or a new one that `remember` can store."""
    return visit_of(request) or Visit(uuid.uuid4())


def remember(response: HttpResponseBase, visit: Visit) -> None:
    """Store a visit in the browser's cookie."""
    response.set_cookie(
        VISIT_COOKIE,
        # Without quotation marks and commas, which some clients do not return unchanged.
        signing.dumps({"guest": str(visit.guest), "tutorials": visit.tutorials}, salt=_COOKIE_SALT),
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember_guest(request: HttpRequest, response: HttpResponseBase, key: uuid.UUID) -> None:
    """Store this guest in the browser's cookie unless it is there already; tutorials are kept."""
    visit = visit_of(request)
    if visit is None or visit.guest != key:
        remember(response, replace(visit, guest=key) if visit else Visit(key))


def visit_of_page(request: HttpRequest) -> Visit | None:
    """Return the visit for which the requesting page was opened; None if there is no valid one."""
    key = _signed(request.headers.get("X-Visit"), _VISIT_SALT)
    return None if key is None else Visit(uuid.UUID(key))


def _signed(token: str | None, salt: str) -> Any:
    """Return the content of a token signed by this site; None for an invalid or expired one."""
    try:
        return signing.loads(token or "", salt=salt, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None


def _guest_keys(request: HttpRequest) -> Iterator[str]:
    """Yield keys of the possible guests: from the page's own visit first, then from the browser.

    If the visit of a page never became a guest, the page acts for the guest that the browser became
    in another tab.
    """
    found = [visit.guest for visit in (visit_of_page(request), visit_of(request)) if visit]
    yield from dict.fromkeys(str(key) for key in found)


def labeler_of(request: HttpRequest) -> Labeler | None:
    """Return the visitor's labeler; None for a visitor who has saved nothing yet.

    If a guest has logged in, the guest's labels move to the account.
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
    """Return the guest that this browser had before it logged in; looked up once per session."""
    visit = visit_of(request)
    if visit is None or request.session.get(_SETTLED) == str(visit.guest):
        return None
    request.session.pop(GUEST_KEY, None)
    request.session[_SETTLED] = str(visit.guest)
    return labelers.guest_of_key(str(visit.guest))


def page_visit(request: HttpRequest, labeler: Labeler | None) -> Visit | None:
    """Return the visit of a page that is opened for this labeler; None for an account."""
    if request.user.is_authenticated:
        return None
    visit = get_or_create_visit(request)
    if labeler is None or labeler.guest_key is None:
        return visit
    return replace(visit, guest=labeler.guest_key)


def identity(labeler: Labeler | None, visit: Visit | None) -> dict[str, Any]:
    """Return what a page stores about its labeler; `visit` is its `page_visit`.

    `id` is null for a visitor who has saved nothing yet. `visit` and `device_name` keep a guest's
    identity if the cookie is lost; accounts log in again instead.
    """
    return {
        "id": labeler and labeler.pk,
        "visit": visit and visit.token,
        "device_name": visit and visit.device_name,
    }


def is_page_of_another(request: HttpRequest, labeler: Labeler | None) -> bool:
    """Return whether the page was opened for a labeler other than the requesting one.

    An open page acts for the labeler for whom it was opened, even if another has logged in since.
    """
    named = request.headers.get("X-Labeler")
    if named:
        return labeler is None or str(labeler.pk) != named
    # The page was opened by a visitor who had saved nothing.
    return "X-Visit" in request.headers and isinstance(request.user, User)


def name_on_device(request: HttpRequest, visit: Visit | None) -> str:
    """Return a name for the browser's person, for what pages keep on the device; "" for nobody.

    `visit` is what the browser remembers of a visitor; an account has none. The name gives no
    access to anything.
    """
    if isinstance(request.user, User):
        return f"u{request.user.pk}"
    return visit.device_name if visit else ""


def owner_name(request: HttpRequest) -> str | None:
    """Return a name for the requesting person, without a database query; None for a new visitor."""
    if isinstance(request.user, User):
        return f"user-{request.user.pk}"
    key = next(_guest_keys(request), None)
    return f"guest-{key}" if key else None


def guest_of_token(token: str) -> Labeler | None:
    """Return the guest of an old page by the token that it keeps; None if there is none."""
    pk = _signed(token, _GUEST_SALT)
    return Labeler.objects.filter(pk=pk, guest_key__isnull=False).first()


def has_seen_tutorial(request: HttpRequest, campaign: Campaign) -> bool:
    """Return whether the browser remembers it, or the visitor was ever given an image of the
    campaign.
    """
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
    visit = get_or_create_visit(request)
    seen = dict.fromkeys((*visit.tutorials, campaign.slug))
    remember(response, replace(visit, tutorials=tuple(seen)[-TUTORIALS_KEPT:]))
