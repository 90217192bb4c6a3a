"""Saving a visitor's first data through the API: the visitor becomes a guest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle

from ai4mars_site.toolkit.errors import Forbidden, TooMany
from labeling.annotation.services import offers
from labeling.models import Labeler
from labeling.people.services import labelers
from labeling.people.visitors import owner_name, visit_of, visit_of_page


class TooManyGuests(TooMany):
    message = _(
        "Too many people on your network have just started to draw. Your drawing is saved on "
        "this device and will be sent a little later."
    )


class TooManyBytes(TooMany):
    message = _(
        "Too many drawings are being sent from your network right now. Yours is saved on this "
        "device and will be sent a little later."
    )


class UnknownLabeler(Forbidden):
    """The request needs a labeler, but the visitor has saved nothing yet."""

    code = "unknown_labeler"
    message = _("We do not know you yet. Open the drawing page to get a picture first.")


class GuestThrottle(SimpleRateThrottle):
    """A limit of new guests per hour from one address: enough for schools, but not for bots."""

    scope = "guests"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})

    def refuse_too_many(self, request: Request) -> None:
        """Count one more new guest. Raise TooManyGuests above the limit."""
        if not self.allow_request(request, cast(Any, None)):
            raise TooManyGuests(wait=self.wait() or 60.0)


class DraftThrottle(AnonRateThrottle):
    """A limit per labeler and not per address, since a school class behind one address saves every
    second.
    """

    scope = "drafts"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        owner = owner_name(request._request)
        if owner is None:
            return super().get_cache_key(request, view)
        return self.cache_format % {"scope": self.scope, "ident": owner}


#: Bytes of drafts from one address are counted for this long, seconds from the first one.
BYTES_SECONDS = 3600


def refuse_too_many_bytes(request: Request, grown: int) -> None:
    """Count the bytes by which guests' drafts from one address grow. Raise TooManyBytes above the
    limit.
    """
    address = DraftThrottle().get_ident(request)
    key = f"draft_bytes_{address}"
    # Only the first save sets the expiry, so a busy address also gets a new hour.
    cache.add(key, 0, BYTES_SECONDS)
    if int(cache.get(key, 0)) + max(0, grown) > settings.DRAFT_BYTES_PER_ADDRESS:
        raise TooManyBytes(wait=BYTES_SECONDS)
    with suppress(ValueError):  # the hour has just ended
        cache.incr(key, max(0, grown))


@contextmanager
def saving_labeler(request: Request, labeler: Labeler | None, image_id: int) -> Iterator[Labeler]:
    """Yield the labeler who saves data of an image; a visitor becomes a guest.

    For a visitor everything is one transaction, so a refused save creates no guest. The page proves
    with `X-Offer` that it was given the image.

    Raises:
        UnknownLabeler: The visitor was not given the image.
        OfferExpired: The offer is too old.
        TooManyGuests: The address has reached its limit.
    """
    offered = offer_of(request, image_id, is_needed=labeler is None)
    if labeler is not None:
        if offered is not None and _is_offer_valid(offered, request, labeler):
            offers.accept(offered, labeler)
        yield labeler
        return
    if offered is None or not _is_offer_valid(offered, request, None):
        raise UnknownLabeler
    GuestThrottle().refuse_too_many(request)
    with transaction.atomic():
        guest = labelers.guest_with_key(offered.guest)
        offers.accept(offered, guest)
        yield guest


def offer_of(request: Request, image_id: int, *, is_needed: bool) -> offers.Offer | None:
    """Return the request's offer of this image. Raise OfferExpired if it is needed but too old."""
    try:
        offered = offers.read(request.headers.get("X-Offer", ""))
    except offers.OfferExpired:
        if is_needed:
            raise
        return None
    return offered if offered is not None and offered.image == image_id else None


def _is_offer_valid(offered: offers.Offer, request: Request, labeler: Labeler | None) -> bool:
    """Return whether the offer was made to the guest of this labeler, browser or page."""
    visits = (visit_of_page(request._request), visit_of(request._request))
    good_for = {str(visit.guest) for visit in visits if visit is not None}
    if labeler is not None:
        good_for.add(str(labeler.guest_key))
    return offered.guest in good_for
