"""Saving something of an image through the API: with the first save a visitor becomes a guest."""

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
        "Very many people have begun to draw from your network. Your drawing is kept on this "
        "device, and is sent by itself a little later."
    )


class TooManyBytes(TooMany):
    message = _(
        "Very many drawings are being kept for your network. Yours is kept on this device, and is "
        "saved by itself a little later."
    )


class UnknownLabeler(Forbidden):
    """A visitor who has saved nothing yet, where one who has is needed."""

    code = "unknown_labeler"
    message = _("We do not know you yet. Open the drawing page to be given a picture first.")


class GuestThrottle(SimpleRateThrottle):
    """So many new guests an hour from one address: some classes of pupils, but no machine."""

    scope = "guests"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})

    def refuse_too_many(self, request: Request) -> None:
        """Count one more new guest; raises TooManyGuests."""
        if not self.allow_request(request, cast(Any, None)):
            raise TooManyGuests(wait=self.wait() or 60.0)


class DraftThrottle(AnonRateThrottle):
    """A limit per labeler: a class of pupils behind one address saves a stroke each second."""

    scope = "drafts"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        owner = owner_name(request._request)
        if owner is None:
            return super().get_cache_key(request, view)
        return self.cache_format % {"scope": self.scope, "ident": owner}


#: The bytes of drafts from one address are counted for so long, from the first of them on.
BYTES_SECONDS = 3600


def refuse_too_many_bytes(request: Request, grown: int) -> None:
    """Count bytes by which guests' drafts from one address grow; raises TooManyBytes."""
    address = DraftThrottle().get_ident(request)
    key = f"draft_bytes_{address}"
    # Only the first sets the time: an address that never pauses has its new hour, too.
    cache.add(key, 0, BYTES_SECONDS)
    if int(cache.get(key, 0)) + max(0, grown) > settings.DRAFT_BYTES_PER_ADDRESS:
        raise TooManyBytes(wait=BYTES_SECONDS)
    with suppress(ValueError):  # the hour has just ended
        cache.incr(key, max(0, grown))


@contextmanager
def saving_labeler(request: Request, labeler: Labeler | None, image_id: int) -> Iterator[Labeler]:
    """The labeler who saves something of an image; a visitor becomes a guest with it.

    For a visitor all is one transaction: what is refused leaves no guest behind. The page says with
    `X-Offer` that it was given the image. Raises UnknownLabeler for somebody who was given none,
    OfferExpired, and TooManyGuests.
    """
    offered = offer_of(request, image_id, is_needed=labeler is None)
    if labeler is not None:
        if offered is not None and _is_offered_to(offered, request, labeler):
            offers.take_up(offered, labeler)
        yield labeler
        return
    if offered is None or not _is_offered_to(offered, request, None):
        raise UnknownLabeler
    GuestThrottle().refuse_too_many(request)
    with transaction.atomic():
        guest = labelers.guest_with_key(offered.guest)
        offers.take_up(offered, guest)
        yield guest


def offer_of(request: Request, image_id: int, *, is_needed: bool) -> offers.Offer | None:
    """The offer of this image that came with the request; OfferExpired for one too old."""
    try:
        offered = offers.read(request.headers.get("X-Offer", ""))
    except offers.OfferExpired:
        if is_needed:
            raise
        return None
    return offered if offered is not None and offered.image == image_id else None


def _is_offered_to(offered: offers.Offer, request: Request, labeler: Labeler | None) -> bool:
    """An offer is good for the guest it was made for, and in the browser and page of that guest."""
    visits = (visit_of_page(request._request), visit_of(request._request))
    good_for = {str(visit.guest) for visit in visits if visit is not None}
    if labeler is not None:
        good_for.add(str(labeler.guest_key))
    return offered.guest in good_for
