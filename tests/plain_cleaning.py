"""The plain definition of cleaning, one region and one pair at a time, without limits.

For ordinary labels `terrain.geometry.cleaning` must give the same result to the last bit.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from terrain.geometry.cleaning import MAX_OVERLAP_PX2, MAX_SLIVER_PX
from terrain.geometry.regions import GRID_PX, Region

Ring = npt.NDArray[np.float64]


def clean(regions: Sequence[Region], width: int, height: int) -> list[Region]:
    frame = shapely.box(0, 0, width, height)
    owned: list[Any] = []
    with np.errstate(all="ignore"):
        for shape in [_repaired(region, frame) for region in regions]:
            taken = [earlier for earlier in owned if _overlap(shape, earlier)]
            if taken:
                shape = _areas(shapely.difference(shape, shapely.union_all(taken)))
            owned.append(shape)
    return [
        Region(region.code, tuple(_on_grid(shapely.get_coordinates(ring)[:-1]) for ring in rings))
        for region, shape in zip(regions, owned, strict=True)
        for part in shapely.get_parts(shape)
        for rings in [[part.exterior, *part.interiors]]
    ]


def _on_grid(points: Ring) -> Ring:
    rounded: Ring = np.round(points, 2) + 0.0
    return rounded


def _repaired(region: Region, frame: Any) -> Any:
    rings = [_on_grid(ring) for ring in region.rings]
    polygon = shapely.Polygon(rings[0], rings[1:])
    if polygon.is_valid and frame.covers(polygon):
        return polygon
    valid = polygon if polygon.is_valid else _even_odd(rings)
    return _areas(shapely.intersection(valid, frame))


def _even_odd(rings: Sequence[Ring]) -> Any:
    closed = [np.concatenate([ring, ring[:1]]) for ring in rings]
    lines = shapely.union_all([shapely.LineString(ring) for ring in closed])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    points = shapely.get_coordinates(shapely.point_on_surface(faces))
    edges = [edge for ring in closed for edge in pairwise(ring)]
    inside = [sum(_is_left(edge, point) for edge in edges) % 2 == 1 for point in points]
    return shapely.coverage_union_all(faces[inside]) if len(faces) else shapely.Polygon()


def _is_left(edge: tuple[Ring, Ring], point: Ring) -> bool:
    (x0, y0), (x1, y1) = edge
    x, y = point
    return bool((y0 <= y) != (y1 <= y) and (y - y0) * (x1 - x0) / (y1 - y0) + x0 < x)


def _areas(geometry: Any) -> Any:
    parts = shapely.get_parts(shapely.set_precision(geometry, GRID_PX))
    return shapely.MultiPolygon([part for part in parts if part.area > 0])


def _overlap(shape: Any, other: Any) -> bool:
    common = shapely.intersection(shape, other)
    return any(
        part.area > MAX_OVERLAP_PX2 and 2 * part.area > MAX_SLIVER_PX * part.length
        for part in (common, *shapely.get_parts(common))
    )
