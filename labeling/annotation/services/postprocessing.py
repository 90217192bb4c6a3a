"""Post-processed labels (paper 3.1.3): masks without the pixels removed on their image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models.fields.files import FieldFile

from labeling.images.ingest.rasters import decode_gray
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Image, Label
from terrain.bitplanes import regions_to_mask
from terrain.geometry.regions import Region, regions_from_json
from terrain.postprocess import BoolMask, Mask, remove_masked, union_masks


def regions_of(label: Label) -> list[Region]:
    """Return a stored label's polygons; they were validated when it was sent."""
    return regions_from_json(label.polygons)


def removed_pixels(image: Image) -> BoolMask | None:
    """Return the pixels removed from labels: rover and beyond the range limit; None for none."""
    return union_masks(
        None if stored is None else stored.removes
        for stored in map(stored_mask, (image.rover_mask, image.range_mask))
    )


@dataclass(frozen=True, slots=True)
class StoredMask:
    """A stored mask of the rover or of the ground beyond the range limit, with its PNG.

    The mask is True on removed pixels. The PNG is 8-bit gray, 1 there and 0 elsewhere.
    """

    removes: BoolMask
    png: bytes


def stored_mask(file: FieldFile) -> StoredMask | None:
    """Read a mask of an image; None if it has none. Raise FileNotFoundError if it is missing."""
    if not file:
        return None
    with file.open("rb") as opened:
        content = opened.read()
    # Without GDAL: web processes read masks too, to score practice, and GDAL would cost them 20 MB.
    pixels = decode_gray(content, str(file.name), "PNG")
    removes = np.not_equal(pixels, 0)
    # As written when an image is imported (`labeling.images.preparation.image_files`).
    is_plain = pixels.max(initial=0) <= 1
    return StoredMask(removes, content if is_plain else png_bytes(removes))


def post_processed_mask(label: Label, image: Image, removed: BoolMask | None) -> Mask:
    """Return a label as scores and merges use it: uint8 (H, W) codes, 255 for no label."""
    return remove_masked(regions_to_mask(regions_of(label), image.height, image.width), removed)
