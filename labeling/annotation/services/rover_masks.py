"""Rover masks that managers draw once, for all images of the same camera and pointing.

Only images without a delivered mask get one. Their labels are post-processed again, as after a
correction, so that their pixels on the rover are removed. An equal mask changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Invalid
from labeling.annotation.services import labels
from labeling.annotation.services.postprocessing import stored_mask
from labeling.images.files import keep
from labeling.images.preparation.pictures import png_bytes
from labeling.images.services import scale_bars
from labeling.models import Campaign, Image, ImageQuality, Label, RoverMask
from terrain.camera import angle_between
from terrain.masks import rasterize_rings

#: Largest difference in pointing with the same mask, degrees, unless the manager chooses another.
TOLERANCE_DEG = 0.2
MOST_TOLERANCE_DEG = 2.0
MOST_POINTS = 5000

Ring = list[list[float]]


class InvalidRoverMask(Invalid):
    """The outlines or the tolerance cannot be used."""

    code = "invalid_rover_mask"
    message = _("Draw at least one outline of three or more points around the rover.")


@dataclass(frozen=True, slots=True)
class SimilarImage:
    """An image that can get the mask drawn on another; `offset_deg` is the angle between them."""

    image: Image
    offset_deg: float


@dataclass(frozen=True, slots=True)
class View:
    """Images of one camera and pointing without a delivered mask.

    `image` is the first of them, `masked` the number of those that have a drawn mask.
    """

    image: Image
    images: int
    masked: int


def without_delivered_mask(campaign: Campaign) -> Q:
    """Return the condition for images of a campaign that a drawn mask may go to."""
    return Q(campaign=campaign) & (Q(rover_mask="") | Q(drawn_rover_mask__isnull=False))


def views_of(campaign: Campaign, tolerance_deg: float = TOLERANCE_DEG) -> list[View]:
    """Return the views of a campaign that need a mask, those with most images first."""
    images = Image.objects.usable().filter(without_delivered_mask(campaign)).order_by("pk")
    groups: dict[tuple[object, ...], list[Image]] = {}
    for image in images:
        pointing = pointing_of(image)
        # Cells of twice the tolerance: a list to choose from, not the choice itself.
        cell = pointing and tuple(round(angle / (2 * tolerance_deg)) for angle in pointing)
        key = (*_camera_of(image), cell or image.pk)
        groups.setdefault(key, []).append(image)
    found = [
        View(group[0], len(group), sum(bool(image.rover_mask) for image in group))
        for group in groups.values()
    ]
    return sorted(found, key=lambda view: (-(view.images - view.masked), view.image.pk))


def similar_images(image: Image, tolerance_deg: float) -> list[SimilarImage]:
    """Return the images that a mask drawn on `image` goes to: itself first, then by angle.

    They have its camera, its size, a pointing within the tolerance, and no delivered mask. An image
    of unknown pointing has only itself. Images with a mask that was drawn on themselves are left
    out.
    """
    pointing = pointing_of(image)
    others = (
        Image.objects.usable()
        .filter(without_delivered_mask(image.campaign))
        .filter(rover=image.rover, camera=image.camera, width=image.width, height=image.height)
        .filter(rover_mask_template=None)
        .exclude(pk=image.pk)
    )
    found = []
    if pointing is not None:
        for other in others:
            theirs = pointing_of(other)
            if theirs is not None:
                offset = angle_between(pointing, theirs)
                if offset <= tolerance_deg:
                    found.append(SimilarImage(other, offset))
    found.sort(key=lambda each: (each.offset_deg, each.image.product_id))
    return [SimilarImage(image, 0.0), *found]


def pointing_of(image: Image) -> tuple[float, float] | None:
    """Return (azimuth, elevation) of the camera in the rover's frame, degrees, or None.

    From the label of the product, else from the axis of the camera model (z is down).
    """
    known = image.details.get("pointing")
    if known:
        return float(known["azimuth"]), float(known["elevation"])
    if image.camera_model:
        x, y, z = image.camera_model["a"]
        return math.degrees(math.atan2(y, x)) % 360.0, math.degrees(
            math.atan2(-z, math.hypot(x, y))
        )
    return None


def _camera_of(image: Image) -> tuple[object, ...]:
    return image.rover, image.camera, image.width, image.height


def apply(
    actor: Actor, image: Image, outlines: object, tolerance_deg: float, chosen: Collection[int]
) -> RoverMask:
    """Store the mask drawn on an image and give it to the chosen images like it.

    Args:
        actor: The manager.
        image: The image it was drawn on; it always gets the mask.
        outlines: `[[[x, y], ...], ...]`, not validated yet.
        tolerance_deg: Largest difference in pointing, degrees.
        chosen: Primary keys; those that are not `similar_images` are ignored.

    Raises:
        InvalidRoverMask: No outline encloses a pixel, or the tolerance is out of bounds.
    """
    rings = _checked(outlines)
    if not 0.0 <= tolerance_deg <= MOST_TOLERANCE_DEG:
        raise InvalidRoverMask(
            _("The tolerance must be between 0 and %(most)s degrees."), most=MOST_TOLERANCE_DEG
        )
    rover = mask_of(rings, image.height, image.width)
    if not rover.any():
        raise InvalidRoverMask
    name = keep(image.campaign_id, "rover-mask", png_bytes(rover), ".png")
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image.pk)
        if image.rover_mask and image.drawn_rover_mask_id is None:
            raise InvalidRoverMask(_("This image has a rover mask of its mission."))
        mask, _created = RoverMask.objects.update_or_create(
            image=image,
            defaults={
                "outlines": rings,
                "tolerance_deg": tolerance_deg,
                "bars_placed": False,
                "drawn_by_id": actor.user_id,
            },
        )
        wanted = {image.pk, *chosen}
        for similar in similar_images(image, tolerance_deg):
            if similar.image.pk in wanted:
                _give(actor, similar.image, mask, name, rover)
    return mask


def _give(
    actor: Actor, image: Image, mask: RoverMask, name: str, rover: npt.NDArray[np.bool_]
) -> None:
    """Give an image a drawn mask; its labels are processed again if its pixels change."""
    row = Image.objects.filter(pk=image.pk)
    if not row.exclude(rover_mask=name).update(rover_mask=name, drawn_rover_mask=mask):
        row.update(drawn_rover_mask=mask)
        return
    beyond = stored_mask(image.range_mask)
    usable = ~rover if beyond is None else ~(rover | beyond.removes)
    ImageQuality.objects.filter(image=image).update(
        rover_share=float(rover.mean()), terrain_share=float(usable.mean())
    )
    for label in image.labels.filter(status__in=(Label.Status.ACCEPTED, Label.Status.EMPTY)):
        labels.transition(label, Label.Status.RECEIVED, processed_at=None, pixel_counts=None)


def place_scale_bars(mask: RoverMask) -> int:
    """Move the scale bars that lie on a drawn mask; return how many moved. Safe to run again."""
    moved = sum(
        scale_bars.move_off_rover(image) for image in mask.images.select_related("campaign")
    )
    # Not if the mask was drawn again meanwhile.
    RoverMask.objects.filter(pk=mask.pk, drawn_at=mask.drawn_at).update(bars_placed=True)
    return moved


def mask_of(rings: Sequence[Ring], height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return the pixels inside any of the outlines: bool (height, width)."""
    mask = np.zeros((height, width), dtype=np.bool_)
    for ring in rings:
        mask |= rasterize_rings([np.array(ring, dtype=np.float64)], height, width)
    return mask


def _checked(outlines: object) -> list[Ring]:
    """Return outlines as stored, rounded to 0.01 pixels. Raise InvalidRoverMask."""
    rings = [list(_points(ring)) for ring in outlines] if isinstance(outlines, list) else []
    if not rings or sum(map(len, rings)) > MOST_POINTS or any(len(ring) < 3 for ring in rings):
        raise InvalidRoverMask
    return rings


def _points(ring: object) -> Iterator[list[float]]:
    for point in ring if isinstance(ring, list) else [None]:
        if not (
            isinstance(point, list)
            and len(point) == 2
            and all(
                isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e5
                for value in point
            )
        ):
            raise InvalidRoverMask
        yield [round(float(value), 2) for value in point]
