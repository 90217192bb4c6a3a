"""Bit planes of stored labels, post-processed (paper 3.1.3), cached or computed.

Scores, skill and merges all use them. Where processes share a cache, planes stay in it for some
hours, so that labels are rarely rasterized twice. If the cache is lost, they are computed again
from the polygons. Cached values without a valid signature are ignored.
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

#: Most labels of an image arrive within days; those of an idle image need no cache.
KEEP_SECONDS = 6 * 3600
#: Bytes of the signature before the planes: releases are made of them, so only this site may write
#: them.
_SEAL_BYTES = 32


def planes_of(
    labels: Sequence[Label],
    image: Image,
    codes: Sequence[int] | None = None,
    *,
    removed: BoolMask | None = None,
    keep: bool = True,
) -> list[Planes]:
    """Return the bit planes of labels of one image, as used by scores and merges.

    Args:
        labels: Labels of the image, with their polygons. None: [].
        image: Their image.
        codes: Class codes, in the order of the planes; default: those of the campaign.
        removed: Pixels to remove from labels, bool (height, width); default: read from the image's
            masks.
        keep: Whether to put computed planes into the cache.

    Returns:
        uint64 (classes, words) of each label, without pixels of the rover or beyond the range
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
    """Return the bit planes of labels from the cache only; None if some are missing.

    The labels' polygons are not used, and need not be loaded.
    """
    keys = [_key(label, image, codes) for label in labels]
    planes = _cached(keys, image, codes)
    return [planes[key] for key in keys] if planes.keys() >= set(keys) else None


def rasterize(
    labels: Sequence[Label], image: Image, codes: Sequence[int], removed: BoolMask | None
) -> list[Planes]:
    """Compute bit planes of labels from their polygons; `removed` None: no pixel is removed."""
    lost = None if removed is None else pack_pixels(removed)
    return [
        remove_pixels(regions_to_planes(regions_of(label), codes, image.height, image.width), lost)
        for label in labels
    ]


def _cached(keys: Sequence[str], image: Image, codes: Sequence[int]) -> dict[str, Planes]:
    """Return the cached planes by key; {} where processes share no cache."""
    if not settings.KEEP_PLANES:
        return {}
    opened = {key: _opened(key, value) for key, value in cache.get_many(keys).items()}
    return {
        key: planes_from_bytes(content, len(codes), image.height, image.width)
        for key, content in opened.items()
        if content is not None
    }


def _key(label: Label, image: Image, codes: Sequence[int]) -> str:
    """Return a cache key from all that the planes depend on: polygons, classes, masks, size.

    The key includes the submission time: a label that was imported, deleted and imported again
    keeps its id but may have other polygons.
    """
    masks = f"{image.rover_mask.name} {image.range_mask.name} {image.width} {image.height}"
    parameters = f"{label.sent_at.isoformat()} {masks} {list(codes)}"
    digest = hashlib.sha256(parameters.encode()).hexdigest()[:16]
    return f"planes:{label.pk}:{label.version}:{digest}"


def _sealed(key: str, content: bytes) -> bytes:
    """Return planes with a signature that only this site can make, valid for this key only."""
    return _seal(key, content) + content


def _opened(key: str, value: object) -> bytes | None:
    """Return the planes of a cached value; None if its signature is wrong."""
    if not isinstance(value, bytes):
        return None
    seal, content = value[:_SEAL_BYTES], value[_SEAL_BYTES:]
    return content if constant_time_compare(seal, _seal(key, content)) else None


def _seal(key: str, content: bytes) -> bytes:
    salt = f"labeling.annotation.services.bit_planes {key}"
    return salted_hmac(salt, content, algorithm="sha256").digest()
