"""Polygons of labels as geometry that all readers accept, with exactly the label's pixels. Pure.

A polygon has the form used in raw labels: rings of (x, y) in pixels, first the outline, then the
holes, without repeating the first point, filled by the even-odd rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from terrain.masks import NO_LABEL, mask_to_regions, rasterize_rings

Ring = Sequence[Sequence[float]]
Rings = Sequence[Ring]

#: Holes narrower than this are cut through across.
_NARROW_PX = 1e-6


def valid_parts(rings: Rings, height: int, width: int) -> list[Rings]:
    """Return a polygon as polygons that are valid (OGC), each alone and together as a MultiPolygon.

    They cover the pixels that the rings cover in an image of this size. A valid polygon is returned
    unchanged; rings without area give none. A self-crossing outline is split where it crosses;
    where rounding the crossing would move a pixel, the parts follow pixel edges instead.
    """
    closed = [ring for ring in rings if len(ring) >= 3 and not _is_one_point(ring)]
    if not closed:
        return []
    # GEOS divides by zero on parallel lines and recovers; numpy would report that as our mistake.
    with np.errstate(all="ignore"):
        drawn = shapely.Polygon(closed[0], closed[1:])
        if drawn.is_valid:
            return [rings] if len(closed) == len(rings) else [closed]
        parts: list[Rings] = [_rings_of(part) for part in _polygons(shapely.make_valid(drawn))]
    return _with_the_pixels(parts, closed, height, width)


def without_holes(rings: Rings, height: int, width: int) -> list[Ring]:
    """Return a valid polygon as adjacent outlines without holes that cover the same pixels.

    A polygon without holes is returned as one outline. One with holes is cut through them from top
    to bottom.
    """
    if len(rings) == 1:
        return [rings[0]]
    with np.errstate(all="ignore"):
        pieces = list(_cut(shapely.Polygon(rings[0], rings[1:])))
        found = _with_the_pixels([[piece] for piece in pieces], rings, height, width)
        if all(len(part) == 1 for part in found):
            return [part[0] for part in found]
        return [ring for part in found for ring in _cut(shapely.Polygon(part[0], part[1:]))]


def _cut(polygon: shapely.Polygon) -> Iterator[Ring]:
    """Yield the outlines of a polygon that is cut until no piece has a hole."""
    waiting = [polygon]
    while waiting:
        piece = waiting.pop()
        if not piece.interiors:
            yield _rings_of(piece)[0]
            continue
        # The one in the middle leaves half of the holes to either side.
        holes = sorted((hole.bounds for hole in piece.interiors), key=lambda box: box[0] + box[2])
        left, top, right, bottom = holes[len(holes) // 2]
        x, y = (left + right) / 2, (top + bottom) / 2
        west, north, east, south = piece.bounds
        if right - left > _NARROW_PX:
            sides = [(west, north, x, south), (x, north, east, south)]
        else:
            sides = [(west, north, east, y), (west, y, east, south)]
        cut = shapely.intersection(piece, [shapely.box(*side) for side in sides])
        waiting += [part for half in reversed(cut) for part in reversed(_polygons(half))]


def _with_the_pixels(
    parts: list[Rings], rings: Iterable[Ring], height: int, width: int
) -> list[Rings]:
    """Return the parts if they cover exactly the rings' pixels, else the pixels' outlines."""
    wanted = rasterize_rings([np.asarray(ring, dtype=np.float64) for ring in rings], height, width)
    found = np.zeros_like(wanted)
    for part in parts:
        covered = rasterize_rings(
            [np.asarray(ring, dtype=np.float64) for ring in part], height, width
        )
        if (found & covered).any():
            break
        found |= covered
    else:
        if np.array_equal(found, wanted):
            return parts
    pixels = np.where(wanted, np.uint8(0), np.uint8(NO_LABEL))
    return [[ring.tolist() for ring in region.rings] for region in mask_to_regions(pixels)]


def _polygons(geometry: Any) -> list[shapely.Polygon]:
    """Return the polygons of a geometry, without points and lines that an overlay may leave."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def _is_one_point(ring: Ring) -> bool:
    """Return whether all points of a ring are the same.

    Such a ring has no area, and GEOS's `make_valid` fails on an outline of one point with holes
    ("Overlay input is mixed-dimension").
    """
    return all(point == ring[0] for point in ring)


def _rings_of(polygon: shapely.Polygon) -> list[Ring]:
    rings = [polygon.exterior, *polygon.interiors]
    return [shapely.get_coordinates(ring)[:-1].tolist() for ring in rings]
