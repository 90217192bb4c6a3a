"""The bit planes of stored labels: post-processed (paper 3.1.3), from the cache or made.

Scores, skill and merges all take them from here. Where processes share a cache, planes stay in it
for some hours, so that no label is rasterized twice without need. Losing the cache costs only time:
planes are made again from the polygons. A value that was not written here is as good as missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac

from labeling.annotation.services.postprocessing import regions_of, removed_pixels
from labeling.models import Image, Label
from terrain.bitplanes import (
    Planes,
    pack_pixels,
    planes_from_bytes,
    planes_to_bytes,
    regions_to_planes,
    remove_pixels,
)
from terrain.postprocess import BoolMask

#: An image's labels mostly arrive within days; those of an idle image need not be at hand.
KEEP_SECONDS = 6 * 3600
#: Bytes of the seal before the planes: releases are made of them, so nobody else may write them.
_SEAL_BYTES = 32


def planes_of(
    labels: Sequence[Label],
    image: Image,
    codes: Sequence[int] | None = None,
    *,
    removed: BoolMask | None = None,
    keep: bool = True,
) -> list[Planes]:
    """Return the bit planes of labels of one image as scores and merges see them.

    Args:
        labels: Labels of the image, with their polygons. None: [].
        image: Their image.
        codes: Class codes, in the order of the planes; those of the campaign where not given.
        removed: What labels lose on the image, bool (height, width); read from the image's masks
            where not given.
        keep: Whether planes that are made are put into the cache.

    Returns:
        uint64 (classes, words) of each label, without what lies on the rover or beyond the range
        limit.
    """
    codes = image.campaign.class_codes() if codes is None else codes
    keys = [_key(label, image, codes) for label in labels]
    planes = _cached(keys, image, codes)
    missing = {key: label for label, key in zip(labels, keys, strict=True) if key not in planes}
    if missing:
        removed = removed_pixels(image) if removed is None else removed
        made = rasterize(list(missing.values()), image, codes, removed)
        new = dict(zip(missing, made, strict=True))
        if keep and settings.KEEP_PLANES:
            sealed = {key: _sealed(key, planes_to_bytes(one)) for key, one in new.items()}
            cache.set_many(sealed, KEEP_SECONDS)
        planes |= new
    return [planes[key] for key in keys]


def cached_planes(
    labels: Sequence[Label], image: Image, codes: Sequence[int]
) -> list[Planes] | None:
    """Return what `planes_of` does from the cache alone; None where some labels are not there.

    The labels' polygons are not looked at, and need not have been read.
    """
    keys = [_key(label, image, codes) for label in labels]
    planes = _cached(keys, image, codes)
    return [planes[key] for key in keys] if planes.keys() >= set(keys) else None


def rasterize(
    labels: Sequence[Label], image: Image, codes: Sequence[int], removed: BoolMask | None
) -> list[Planes]:
    """Return labels as `planes_of` does, made from their polygons; `removed` None: nothing."""
    lost = None if removed is None else pack_pixels(removed)
    return [
        remove_pixels(regions_to_planes(regions_of(label), codes, image.height, image.width), lost)
        for label in labels
    ]


def _cached(keys: Sequence[str], image: Image, codes: Sequence[int]) -> dict[str, Planes]:
    """Return the planes that are in the cache, by key; {} where processes share none."""
    if not settings.KEEP_PLANES:
        return {}
    opened = {key: _opened(key, value) for key, value in cache.get_many(keys).items()}
    return {
        key: planes_from_bytes(content, len(codes), image.height, image.width)
        for key, content in opened.items()
        if content is not None
    }


def _key(label: Label, image: Image, codes: Sequence[int]) -> str:
    """Return a name for all that the planes depend on: polygons, classes, masks, size.

    With the time of sending: a label that was imported, deleted and imported again has the same
    id, and perhaps other polygons.
    """
    masks = f"{image.rover_mask.name} {image.range_mask.name} {image.width} {image.height}"
    parameters = f"{label.sent_at.isoformat()} {masks} {list(codes)}"
    digest = hashlib.sha256(parameters.encode()).hexdigest()[:16]
    return f"planes:{label.pk}:{label.version}:{digest}"


def _sealed(key: str, content: bytes) -> bytes:
    """Return planes with a seal that only this site can make, and only for this key."""
    return _seal(key, content) + content


def _opened(key: str, value: object) -> bytes | None:
    """Return the planes of a value of the cache; None where its seal is not that of `_sealed`."""
    if not isinstance(value, bytes):
        return None
    seal, content = value[:_SEAL_BYTES], value[_SEAL_BYTES:]
    return content if constant_time_compare(seal, _seal(key, content)) else None


def _seal(key: str, content: bytes) -> bytes:
    salt = f"labeling.annotation.services.bit_planes {key}"
    return salted_hmac(salt, content, algorithm="sha256").digest()
