"""Cleaning of regions: repair, clipping to the image, removal of overlaps."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import GEOSException

from terrain.geometry.cleaning_cost import Outlines, Work, box_pairs, count_work
from terrain.geometry.regions import GRID_PX, Region, round_to_grid

Geometries = npt.NDArray[np.object_]

# The number of pairs of edge and face that the even-odd rule compares at once.
SIDES_AT_ONCE = 1_000_000

# Neighbors drawn along the same border overlap by slivers, which are ignored unless visible.
# Rounding to the grid moves an edge by less than 0.01 px, so an overlap with a mean width below two
# grid steps is an effect of rounding, whatever its length.
MAX_OVERLAP_PX2 = 0.5
MAX_SLIVER_PX = 2 * GRID_PX


def clean_regions(regions: Sequence[Region], width: int, height: int) -> list[Region]:
    """Make regions valid, inside the image and free of overlaps, changing as little as possible.

    - Self-crossing outlines are split where they cross; the even-odd area is kept.
    - Parts outside the image are cut off.
    - Coordinates are put on a grid of 0.01 px.
    - Labels must not overlap (paper 3.1.2): where a later region overlaps an earlier one by more
      than 0.5 px2, the earlier one keeps the area and the later one loses it.
    - A region in several pieces becomes one region per piece, and pieces without area are dropped.

    The order of the regions is kept, the result is deterministic, and cleaning is idempotent.

    Args:
        regions: The regions, in pixels; earlier ones take precedence.
        width: The width of the image, pixels.
        height: The height of the image, pixels.

    Returns:
        The cleaned regions; an empty list if none has an area inside the image.

    Raises:
        TooTangled: Cleaning the outlines would take too long.

    >>> square = np.array([(-5.0, 0.0), (4.0, 0.0), (4.0, 4.0), (-5.0, 4.0)])
    >>> (cleaned,) = clean_regions([Region(2, (square,))], width=8, height=8)
    >>> sorted(map(tuple, cleaned.rings[0].tolist()))
    [(0.0, 0.0), (0.0, 4.0), (4.0, 0.0), (4.0, 4.0)]
    >>> clean_regions([], width=8, height=8)
    []
    """
    if not regions:
        return []
    outlines = _outlines(regions)
    work = count_work(outlines, width, height, MAX_OVERLAP_PX2)
    # GEOS divides by zero on parallel lines and recovers; numpy would report that as our mistake.
    with np.errstate(all="ignore"):
        shapes = _without_overlaps(_repaired(outlines, width, height), work)
    parts, region = shapely.get_parts(shapes, return_index=True)
    return [
        Region(regions[index].code, rings)
        for index, rings in zip(region.tolist(), _rings_of(parts), strict=True)
    ]


def _outlines(regions: Sequence[Region]) -> Outlines:
    """Return the rings of the regions in one array, on the grid."""
    rings = [ring for region in regions for ring in region.rings]
    return Outlines(
        round_to_grid(np.concatenate(rings)),
        np.cumsum([0, *map(len, rings)]),
        np.repeat(np.arange(len(regions)), [len(region.rings) for region in regions]),
    )


def _repaired(outlines: Outlines, width: int, height: int) -> Geometries:
    """Return valid geometries on the grid and inside the frame, with the even-odd areas."""
    frame = shapely.box(0.0, 0.0, float(width), float(height))
    rings = shapely.linearrings(outlines.points, indices=outlines.ring_of_point)
    polygons: Geometries = shapely.polygons(rings, indices=outlines.region_of_ring)
    is_valid = shapely.is_valid(polygons)
    # Rounding crossings to the grid can move an outline, each time it is cleaned. So regions that
    # need neither repair nor clipping stay unchanged.
    for index in np.flatnonzero(~(is_valid & shapely.covers(frame, polygons))):
        valid = (
            polygons[index] if is_valid[index] else _even_odd_area(outlines.rings_of(int(index)))
        )
        polygons[index] = _areas(shapely.intersection(valid, frame))
    return polygons


def _areas(geometry: Any) -> shapely.MultiPolygon:
    """Return the polygons of a geometry on the grid, without its points and lines."""
    parts = shapely.get_parts(shapely.set_precision(geometry, GRID_PX))
    return shapely.MultiPolygon([part for part in parts if part.area > 0])


def _even_odd_area(rings: Sequence[npt.NDArray[np.float64]]) -> Any:
    """Return the area that the even-odd rule fills, as a valid geometry.

    The rings cut the plane into faces, and a face is inside when a ray from one of its points
    crosses the rings an odd number of times. (``shapely.make_valid`` fills the same area, but
    takes fifty times as long for a scribble.)
    """
    lines = shapely.union_all(
        [shapely.LineString(np.concatenate([ring, ring[:1]])) for ring in rings]
    )
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    points = shapely.get_coordinates(shapely.point_on_surface(faces))
    if not len(points):
        return shapely.Polygon()
    start = np.concatenate(rings)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    inside = faces[_are_inside(points, start, end)]
    try:
        # The faces are noded against each other, so they can be dissolved as a coverage.
        return shapely.coverage_union_all(inside)
    except GEOSException:
        # Rounding lets a face without visible area, such as a triangle of three points on one
        # line, overlap itself or a neighbor. A general union takes longer and accepts that.
        return shapely.union_all(inside)


def _are_inside(
    points: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Return which points have an odd number of edges to their left."""
    order = np.argsort(points[:, 1])
    x, y = points[order].T
    first = np.searchsorted(y, np.minimum(start[:, 1], end[:, 1]))
    count = np.searchsorted(y, np.maximum(start[:, 1], end[:, 1])) - first
    to_the_left = np.zeros(len(points), dtype=np.int64)
    for edges in _batches(count, SIDES_AT_ONCE):
        spans = count[edges]
        edge = np.repeat(np.arange(edges.start, edges.stop), spans)
        point = np.arange(len(edge)) + np.repeat(first[edges] - np.cumsum(spans) + spans, spans)
        (x0, y0), (x1, y1) = start[edge].T, end[edge].T
        crossing = (y[point] - y0) * (x1 - x0) / (y1 - y0) + x0
        to_the_left += np.bincount(point[crossing < x[point]], minlength=len(points))
    odd = np.empty(len(points), dtype=np.bool_)
    odd[order] = to_the_left % 2 == 1
    return odd


def _batches(count: npt.NDArray[np.int64], most: int) -> Iterator[slice]:
    """Yield slices whose counts add up to about ``most``, or contain a single larger count."""
    total = np.cumsum(count)
    begin = 0
    while begin < len(count):
        before = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, before + most, side="right")))
        yield slice(begin, end)
        begin = end


def _without_overlaps(shapes: Geometries, work: Work) -> Geometries:
    """Subtract earlier geometries from later ones. Raises TooTangled if that is too costly."""
    pairs, boxes = _overlapping_pairs(shapes)
    work.check_overlaps(pairs, boxes)
    neighbors: list[list[int]] = [[] for _ in shapes]
    for earlier, later in pairs.tolist():
        neighbors[later].append(earlier)
    owned: Geometries = shapes.copy()
    for later, indices in enumerate(neighbors):
        rivals = [owned[earlier] for earlier in indices]
        taken = [rival for rival in rivals if _overlaps(shapes[later], rival)]
        if taken:
            left = shapely.difference(shapes[later], shapely.union_all(taken))
            owned[later] = _areas(left)
    return owned


def _overlapping_pairs(
    shapes: Geometries,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the pairs of geometries that overlap, and the box that each pair shares.

    Int64 (n, 2), sorted by the later and then the earlier one, and float64 (n, 4).
    """
    there = np.flatnonzero(~shapely.is_empty(shapes))
    corners = shapely.bounds(shapes[there])
    found, boxes = box_pairs(corners[:, :2], corners[:, 2:], MAX_OVERLAP_PX2)
    pairs = there[found]
    overlap = shapely.relate_pattern(shapes[pairs[:, 0]], shapes[pairs[:, 1]], "T********")
    pairs, boxes = pairs[overlap], boxes[overlap]
    order = np.lexsort(pairs.T)
    return pairs[order], boxes[order]


def _overlaps(shape: Any, other: Any) -> bool:
    """Return whether an overlap is large enough to matter: in total, or in one connected part.

    The part matters by itself because a region in several pieces is later cleaned as several
    regions.
    """
    common = shapely.intersection(shape, other)
    if common.area <= MAX_OVERLAP_PX2:
        return False
    # Polygons that touch have points and lines in common too; those have no area.
    parts = np.array([common, *shapely.get_parts(common)], dtype=np.object_)
    area, length = shapely.area(parts), shapely.length(parts)
    # Twice the area over the perimeter is the mean width of something long and thin.
    return bool(((area > MAX_OVERLAP_PX2) & (2 * area > MAX_SLIVER_PX * length)).any())


def _rings_of(polygons: Geometries) -> list[tuple[npt.NDArray[np.float64], ...]]:
    """Return the rings of each polygon, exterior first, without the repeated last point."""
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = round_to_grid(points)
    ends = np.cumsum(np.bincount(ring, minlength=len(rings))).tolist()
    found: list[list[npt.NDArray[np.float64]]] = [[] for _ in polygons]
    first = 0
    for index, end in zip(polygon.tolist(), ends, strict=True):
        found[index].append(points[first : end - 1])
        first = end
    return [tuple(each) for each in found]
