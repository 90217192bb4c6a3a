"""Stored labels as pixels: post-processed (paper 3.1.3), as a mask or as bit planes.

Where processes share a cache, planes are kept in it, so that no label is rasterised twice without
need. What is kept can be thrown away at any time: it is made again from the polygons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db.models.fields.files import FieldFile

from labeling.images.ingest.rasters import decode_grey_png
from labeling.images.pictures import png_bytes
from labeling.models import Image, Label
from terrain.bitplanes import (
    Planes,
    pack_pixels,
    planes_from_bytes,
    planes_to_bytes,
    regions_to_mask,
    regions_to_planes,
    remove_pixels,
)
from terrain.geometry.regions import Region, regions_from_json
from terrain.postprocess import BoolMask, Mask, remove_masked, union_of

#: An image's labels mostly arrive within days; those of an idle image need not be at hand.
KEEP_SECONDS = 6 * 3600


def regions_of(label: Label) -> list[Region]:
    """A stored label's polygons, as they were validated when it came in."""
    return regions_from_json(label.polygons)


def removed_pixels(image: Image) -> BoolMask | None:
    """What labels lose on this image: rover and beyond the range limit. None: nothing."""
    return union_of(
        None if stored is None else stored.removes
        for stored in map(stored_mask, (image.rover_mask, image.range_mask))
    )


@dataclass(frozen=True, slots=True)
class StoredMask:
    """What is on the rover, or beyond the range limit: True there, and the PNG that says so.

    The PNG is 8-bit grey, 1 there and 0 elsewhere.
    """

    removes: BoolMask
    png: bytes


def stored_mask(file: FieldFile) -> StoredMask | None:
    """A mask of an image; None where it has none. Raises FileNotFoundError."""
    if not file:
        return None
    with file.open("rb") as opened:
        content = opened.read()
    pixels = decode_grey_png(content, str(file.name))
    removes = np.not_equal(pixels, 0)
    # As it is written when an image comes in (`labeling.images.preparation`).
    is_plain = pixels.max(initial=0) <= 1
    return StoredMask(removes, content if is_plain else png_bytes(removes))


def post_processed_mask(label: Label, image: Image, removed: BoolMask | None) -> Mask:
    """A label as scores and merges see it: uint8 (H, W) codes, 255 where there is none."""
    return remove_masked(regions_to_mask(regions_of(label), image.height, image.width), removed)


def paint(
    labels: Sequence[Label], image: Image, codes: Sequence[int], removed: BoolMask | None
) -> list[Planes]:
    """Labels as `planes_of` gives them, made from their polygons."""
    lost = None if removed is None else pack_pixels(removed)
    return [
        remove_pixels(regions_to_planes(regions_of(label), codes, image.height, image.width), lost)
        for label in labels
    ]


def planes_of(
    labels: Sequence[Label], image: Image, codes: Sequence[int] | None = None
) -> list[Planes]:
    """Labels of one image as scores see them (paper 3.1.3): uint64 (classes, words) each.

    Without what lies on the rover or beyond the range limit; classes are in the order of
    `Campaign.class_codes()`, which are asked for where they are not given. No labels: [].
    """
    codes = image.campaign.class_codes() if codes is None else codes
    keys = [_key(label, image, codes) for label in labels]
    kept: dict[str, bytes] = cache.get_many(keys) if settings.KEEP_PLANES else {}
    planes = {
        key: planes_from_bytes(content, len(codes), image.height, image.width)
        for key, content in kept.items()
    }
    missing = {key: label for label, key in zip(labels, keys, strict=True) if key not in kept}
    if missing:
        painted = paint(list(missing.values()), image, codes, removed_pixels(image))
        made = dict(zip(missing, painted, strict=True))
        if settings.KEEP_PLANES:
            cache.set_many({key: planes_to_bytes(of) for key, of in made.items()}, KEEP_SECONDS)
        planes |= made
    return [planes[key] for key in keys]


def _key(label: Label, image: Image, codes: Sequence[int]) -> str:
    """All that the planes depend on: polygons, classes, masks.

    With the time of sending: a label that was imported, deleted and imported again has the same
    id, and perhaps other polygons.
    """
    masks = f"{image.rover_mask.name} {image.range_mask.name}"
    parameters = f"{label.sent_at.isoformat()} {masks} {codes}"
    digest = hashlib.sha256(parameters.encode()).hexdigest()[:16]
    return f"planes:{label.pk}:{label.version}:{digest}"
