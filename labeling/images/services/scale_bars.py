"""Moving the scale bar of an image off the rover, after its rover mask has changed."""

from __future__ import annotations

import contextlib

import numpy as np
import numpy.typing as npt

from labeling.images.files import copy_name, keep, put
from labeling.images.ingest.products import nominal_camera
from labeling.images.preparation.pictures import (
    COPY_QUALITY,
    DISPLAY_QUALITY,
    jpeg_bytes,
    read_frame,
    read_mask,
    read_range_png,
    sizes,
    thumbnail_bytes,
)
from labeling.models import Image
from terrain.camera import LEVEL_UP, CameraModel
from terrain.display.display import move_scale_bar
from terrain.display.reduced_range import CM_PER_M, FARTHER, REDUCTION
from terrain.display.scale_bar import ScaleBar, ground_to_label, scale_bar
from terrain.masks import rasterize_rings

Mask = npt.NDArray[np.bool_]


def lies_on_rover(image: Image, rover: Mask) -> bool:
    """Return whether the image's scale bar covers a pixel of the rover mask."""
    if not image.scale_bar:
        return False
    ring = np.array(image.scale_bar["polygon"], dtype=np.float64)
    return bool((rasterize_rings([ring], image.height, image.width) & rover).any())


def move_off_rover(image: Image) -> bool:
    """Put the scale bar on ground if it lies on the rover; return whether it moved.

    The display image and its copies are made again, as they were but for the bar. An image without
    room for the bar has none.
    """
    if not image.rover_mask:
        return False
    rover = _mask(image, "rover_mask")
    assert rover is not None
    if not lies_on_rover(image, rover):
        return False
    before = image.scale_bar or {}
    beyond = _mask(image, "range_mask")
    bar = _bar(image, before["width_m"], rover, beyond)
    with image.display.open("rb") as display, image.original.open("rb") as original:
        shown = move_scale_bar(
            read_frame(display),
            read_frame(original),
            np.array(before["polygon"], dtype=np.float64),
            bar,
            beyond,
        )
    copies = sizes(shown)
    smallest = next(iter(copies.values()), shown)
    campaign = image.campaign_id
    display_name = keep(campaign, "display", jpeg_bytes(shown, DISPLAY_QUALITY), ".jpg")
    for width, copy in copies.items():
        # An existing file is a copy of exactly the same display image.
        with contextlib.suppress(FileExistsError):
            put(copy_name(display_name, width), jpeg_bytes(copy, COPY_QUALITY))
    thumbnail = keep(campaign, "thumbnail", thumbnail_bytes(smallest), ".jpg")
    changed = Image.objects.filter(pk=image.pk, rover_mask=image.rover_mask.name).update(
        scale_bar=bar and bar.to_json(),
        display=display_name,
        display_widths=sorted(copies),
        thumbnail=thumbnail,
    )
    return bool(changed)


def _bar(image: Image, width_m: float, rover: Mask, beyond: Mask | None) -> ScaleBar | None:
    """Return the bar of a stored image on ground; None if there is no room for it."""
    cut = None
    if beyond is not None:
        whole = beyond.all(axis=1)
        if whole.all():
            return None
        cut = int(np.argmin(whole))
    range_m = _measured_range(image)
    limit_m = image.campaign.range_limit_m
    return scale_bar(
        width_m,
        image.height,
        image.width,
        nominal_camera(image.rover, image.camera, image.eye),
        limit_m=limit_m,
        camera=CameraModel.from_json(image.camera_model) if image.camera_model else None,
        up=tuple(image.details.get("up") or LEVEL_UP),
        range_m=range_m,
        cut=cut,
        ground=ground_to_label(
            image.height, image.width, limit_m=limit_m, rover=rover, beyond=beyond, range_m=range_m
        ),
    )


def _measured_range(image: Image) -> npt.NDArray[np.float64] | None:
    """Return the measured range, meters, from its reduced map; None if it is an estimate."""
    if not image.range_map or image.range_map_source != Image.RangeSource.PRODUCT:
        return None
    with image.range_map.open("rb") as file:
        reduced = read_range_png(file)
    meters = np.where(reduced == FARTHER, np.inf, reduced / CM_PER_M)
    full = np.kron(meters, np.ones((REDUCTION, REDUCTION)))
    return np.asarray(full[: image.height, : image.width])


def _mask(image: Image, field: str) -> Mask | None:
    file = getattr(image, field)
    if not file:
        return None
    with file.open("rb") as opened:
        return np.not_equal(read_mask(opened), 0)
