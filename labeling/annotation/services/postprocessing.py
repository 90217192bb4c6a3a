"""What stored labels lose on their image, and labels as masks: post-processed (paper 3.1.3)."""

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
    """A stored label's polygons, as they were validated when it came in."""
    return regions_from_json(label.polygons)


def removed_pixels(image: Image) -> BoolMask | None:
    """What labels lose on this image: rover and beyond the range limit. None: nothing."""
    return union_masks(
        None if stored is None else stored.removes
        for stored in map(stored_mask, (image.rover_mask, image.range_mask))
    )


@dataclass(frozen=True, slots=True)
class StoredMask:
    """What is on the rover, or beyond the range limit: True there, and the PNG that says so.

    The PNG is 8-bit gray, 1 there and 0 elsewhere.
    """

    removes: BoolMask
    png: bytes


def stored_mask(file: FieldFile) -> StoredMask | None:
    """A mask of an image; None where it has none. Raises FileNotFoundError."""
    if not file:
        return None
    with file.open("rb") as opened:
        content = opened.read()
    # Not by GDAL: web processes read masks too, to judge practice, and GDAL takes them 20 MB.
    pixels = decode_gray(content, str(file.name), "PNG")
    removes = np.not_equal(pixels, 0)
    # As it is written when an image comes in (`labeling.images.preparation.image_files`).
    is_plain = pixels.max(initial=0) <= 1
    return StoredMask(removes, content if is_plain else png_bytes(removes))


def post_processed_mask(label: Label, image: Image, removed: BoolMask | None) -> Mask:
    """A label as scores and merges see it: uint8 (H, W) codes, 255 where there is none."""
    return remove_masked(regions_to_mask(regions_of(label), image.height, image.width), removed)
