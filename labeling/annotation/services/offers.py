"""Offers of images to visitors who have saved nothing yet: signed tokens, not stored.

The page sends the token with its first save. Only then the visitor becomes a guest, and the image
an assignment. An offer does not count toward its image's target, so an image may get a few more
labels than its target.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core import signing
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.models import Assignment, Campaign, Image, ImageQuerySet, Labeler

#: A save with an older offer is refused; assignments do not expire.
OFFER_AGE = timedelta(days=30)

_SALT = "labeling.offer"


class OfferExpired(Forbidden):
    """The image was offered longer ago than `OFFER_AGE`."""

    code = "offer_expired"
    message = _("This picture was opened more than %(days)d days ago. Load the next one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """An image that a future guest may draw on; the token includes the time of the offer."""

    campaign: int
    image: int
    role: str
    guest: str

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=_SALT)


def read(token: str) -> Offer | None:
    """Return the offer in a token; None if it is invalid. Raise OfferExpired."""
    try:
        return Offer(**signing.loads(token, salt=_SALT, max_age=OFFER_AGE))
    except signing.SignatureExpired as error:
        raise OfferExpired(days=OFFER_AGE.days) from error
    except signing.BadSignature:
        return None


def offer(image: Image, guest: uuid.UUID, role: str) -> Offer:
    return Offer(campaign=image.campaign_id, image=image.pk, role=role, guest=str(guest))


def next_images(
    campaign: Campaign, guest: uuid.UUID, pending: Collection[int] = (), ahead: int = 0
) -> list[Image]:
    """Return the image for a visitor to draw on now and up to `ahead` more; empty if none remain.

    The same visitor gets the same images while the pool is unchanged: the guest key determines the
    start in the random order. `pending` are ids of images that are finished on the visitor's
    device. Reference images are offered only after the visitor has become a guest.
    """
    start = random.Random(str(guest)).random()
    pool = Image.objects.filter(campaign=campaign).in_pool().exclude(pk__in=pending)
    found: dict[int, Image] = {}
    for images in (pool.with_free_place(), pool):
        missing = 1 + ahead - len(found)
        if missing > 0:
            rest = images.exclude(pk__in=list(found))
            found |= {image.pk: image for image in _from(rest, start, missing)}
    return list(found.values())


def _from(images: ImageQuerySet, start: float, count: int) -> list[Image]:
    """Return `count` images in the random order from `start` on, continuing at the beginning."""
    ordered = images.select_related("campaign").order_by("sort_key", "pk")
    found = list(ordered.filter(sort_key__gte=start)[:count])
    if len(found) < count:
        found += ordered.filter(sort_key__lt=start)[: count - len(found)]
    return found


def accept(offered: Offer, labeler: Labeler) -> None:
    """Assign an offered image to the labeler, if it is not assigned already."""
    if Image.objects.filter(pk=offered.image, campaign=offered.campaign).exists():
        Assignment.objects.get_or_create(
            image_id=offered.image, labeler=labeler, defaults={"role": offered.role}
        )


def accept_all(tokens: Collection[str], labeler: Labeler, campaign: Campaign) -> None:
    """Assign the images of a page's remaining offers that still need labels."""
    found = [offered for token in tokens if (offered := _read_good(token)) is not None]
    mine = {
        each.image: each
        for each in found
        if each.guest == str(labeler.guest_key) and each.campaign == campaign.pk
    }
    wanted = Image.objects.filter(pk__in=mine).in_pool()
    for image_id in wanted.values_list("pk", flat=True):
        accept(mine[image_id], labeler)


def _read_good(token: str) -> Offer | None:
    try:
        return read(token)
    except OfferExpired:
        return None
