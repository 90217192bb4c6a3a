"""Checksums of what clients sent, to tell a repeated label from a different one."""

from __future__ import annotations

import hashlib
from array import array
from itertools import chain
from typing import Any


def polygons_checksum(polygons: Any) -> str:
    """Return the SHA-256 of polygons as they were sent, in hexadecimal.

    The checksum covers class codes and coordinates as 64-bit floats, in order; 1 and 1.0 are equal.
    Other keys of a region are ignored, as in `terrain.geometry.regions`. Returns "" for anything
    that does not have the form of polygons.

    >>> ring = [[0, 0], [4, 0], [4, 2]]
    >>> as_floats = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]
    >>> polygons_checksum([{"class": 1, "rings": [ring]}]) == polygons_checksum(
    ...     [{"rings": [as_floats], "class": 1}]
    ... )
    True
    >>> polygons_checksum("sand")
    ''
    """
    checksum = hashlib.sha256()
    try:
        for region in polygons:
            rings = region["rings"]
            checksum.update(f"{region['class']:d} {len(rings)};".encode())
            for ring in rings:
                points = array("d", chain.from_iterable(ring))
                checksum.update(f"{len(ring)} {len(points)};".encode())
                checksum.update(points.tobytes())
    except (TypeError, ValueError, KeyError, OverflowError):
        return ""
    return checksum.hexdigest()
