"""Images that were shown to a visitor who has saved nothing yet: a signed token, and no row.

The page sends the token with its first save. Only then the visitor becomes a guest, and the image
an assignment. An offer holds no place of its image, so that the target may be passed a little.
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

#: A save that comes later than this is refused; an assignment has no such end.
OFFER_AGE = timedelta(days=30)

_SALT = "labeling.offer"


class OfferExpired(Forbidden):
    """The image was offered longer ago than `OFFER_AGE`."""

    code = "offer_expired"
    message = _("This picture was opened more than %(days)d days ago. Load the next one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """An image that a guest to be may draw on. The token also says when it was made."""

    campaign: int
    image: int
    role: str
    guest: str

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=_SALT)


def read(token: str) -> Offer | None:
    """The offer in a token; None for what is none. Raises OfferExpired."""
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
    """The image for a visitor to draw on now and up to `ahead` more; empty when nothing is left.

    The same for the same visitor while the pool is: the key says where in the random order to
    begin. `pending` are ids of images that are finished on the visitor's device. Images with a
    reference answer come only when the visitor has become a guest.
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
    """So many images in the random order from a place on, and from its start after its end."""
    ordered = images.select_related("campaign").order_by("sort_key", "pk")
    found = list(ordered.filter(sort_key__gte=start)[:count])
    if len(found) < count:
        found += ordered.filter(sort_key__lt=start)[: count - len(found)]
    return found


def take_up(offered: Offer, labeler: Labeler) -> None:
    """Give an offered image to the labeler, who may have it already."""
    if Image.objects.filter(pk=offered.image, campaign=offered.campaign).exists():
        Assignment.objects.get_or_create(
            image_id=offered.image, labeler=labeler, defaults={"role": offered.role}
        )


def take_up_all(tokens: Collection[str], labeler: Labeler, campaign: Campaign) -> None:
    """Give a labeler what the page still has of offers, as far as it wants labels."""
    found = [offered for token in tokens if (offered := _read_good(token)) is not None]
    mine = {
        each.image: each
        for each in found
        if each.guest == str(labeler.guest_key) and each.campaign == campaign.pk
    }
    wanted = Image.objects.filter(pk__in=mine).in_pool()
    for image_id in wanted.values_list("pk", flat=True):
        take_up(mine[image_id], labeler)


def _read_good(token: str) -> Offer | None:
    try:
        return read(token)
    except OfferExpired:
        return None
