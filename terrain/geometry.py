"""Polygons that labelers drew: parsed from untrusted JSON, repaired, and written back.

Coordinates are (x, y) in image pixels, x to the right, y down, continuous: the centre of pixel
``mask[row, col]`` is ``(col + 0.5, row + 0.5)``. A region is filled by the even-odd rule, so its
holes are simply further rings.
"""

import math
import reprlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from terrain.cleaning_cost import Outlines, TooMuch, Work, box_pairs, count_work

Geometries = npt.NDArray[np.object_]

# Bounds of one label, counted before its points are read. The largest label among the real ones has
# a few hundred regions. What these let through is counted again, by the work that it makes
# (``terrain.cleaning_cost``).
MAX_REGIONS = 2_000
MAX_RINGS = 8_000
MAX_POINTS = 40_000

# Real marks run outside the image by some pixels; one further away than this many image sizes is
# a client's mistake (wrong scale, wrong image), and clipping would hide it.
MAX_OVERSHOOT = 10

# Edges that the even-odd rule compares with faces in one go.
SIDES_AT_ONCE = 1_000_000

GRID_PX = 0.01
GRID_DECIMALS = 2

# Two neighbours drawn along the same border overlap by slivers; only what a person could see is
# taken from the later one. Rounding to the grid moves an edge by less than 0.01 px, so an overlap
# that is thinner than two grid steps on average is rounding and not drawing, however long it is.
MAX_OVERLAP_PX2 = 0.5
MAX_SLIVER_PX = 2 * GRID_PX


class InvalidPolygons(ValueError):
    """The polygons cannot be a label; the message says which region and what to do."""


class TooManyPoints(InvalidPolygons):
    """More regions, outlines or points than a label may have."""


class TooTangled(InvalidPolygons):
    """Outlines that cross each other or lie on top of each other too often to be cleaned."""


@dataclass(frozen=True, slots=True)
class Region:
    """One area of one terrain class.

    ``code`` is the class code (0..254). ``rings`` are float64 arrays of shape (n, 2) holding
    (x, y) in pixels: the exterior first, then the holes; the first point is not repeated at the
    end.
    """

    code: int
    rings: tuple[npt.NDArray[np.float64], ...]


def parse_regions(raw: object, codes: Collection[int], width: int, height: int) -> list[Region]:
    """Read the polygons of a label from decoded JSON that nobody has checked yet.

    Expected is ``[{"class": 2, "rings": [[[x, y], ...], ...]}, ...]`` with class codes out of
    ``codes`` and coordinates in pixels of an image of ``width`` x ``height``. A ring may repeat
    its first point at the end, as GeoJSON does; other keys of a region are ignored. Points outside
    the image are fine (``clean_regions`` clips them) unless they are absurdly far away.

    An empty list gives an empty list. Raises InvalidPolygons for everything else, with a sentence
    that names the region, counted from 1.
    """
    if not isinstance(raw, list):
        raise InvalidPolygons("The polygons must be a list of regions: send [] for an empty label.")
    if len(raw) > MAX_REGIONS:
        raise TooManyPoints(
            f"There are {len(raw)} regions and a label may have {MAX_REGIONS}: join small ones."
        )
    if not raw:
        return []
    found = [_class_and_rings(f"Region {n}", item, codes) for n, item in enumerate(raw, start=1)]
    names = _RingNames([len(rings) for _, rings in found])
    all_rings = list(chain.from_iterable(rings for _, rings in found))
    _check_counts(all_rings, names)
    points, sizes = _points_of(all_rings, names, width, height)
    pieces = iter(np.split(points, np.cumsum(sizes)[:-1]))
    return [Region(code, tuple(islice(pieces, len(rings)))) for code, rings in found]


class _RingNames:
    """What a sentence calls the rings of all regions, counted from 0, from how many each has."""

    def __init__(self, counts: Sequence[int]) -> None:
        self._ends = np.cumsum(counts)

    def __call__(self, ring: int) -> str:
        region = int(np.searchsorted(self._ends, ring, side="right"))
        before = int(self._ends[region - 1]) if region else 0
        return f"Region {region + 1}, ring {ring - before + 1},"


def _class_and_rings(name: str, item: object, codes: Collection[int]) -> tuple[int, list[Any]]:
    if not isinstance(item, dict):
        raise InvalidPolygons(f'{name} must be an object with "class" and "rings": send both.')
    code = item.get("class")
    # A bool is an int to Python, and True would pass for class 1.
    if isinstance(code, bool) or not isinstance(code, int) or code not in codes:
        known = ", ".join(str(known) for known in sorted(codes))
        raise InvalidPolygons(
            f"{name} has the class {_excerpt(code)}, which this campaign does not have: "
            f"use one of {known}."
        )
    rings = item.get("rings")
    if not isinstance(rings, list) or not rings:
        raise InvalidPolygons(f"{name} has no rings: draw an outline or delete the region.")
    return code, rings


def _check_counts(rings: Sequence[object], names: _RingNames) -> None:
    """What the lengths of the lists tell, before a point is looked at."""
    if len(rings) > MAX_RINGS:
        raise TooManyPoints(
            f"There are {len(rings)} outlines and holes and a label may have {MAX_RINGS}: "
            "delete small ones."
        )
    for number, ring in enumerate(rings):
        if not isinstance(ring, list):
            raise InvalidPolygons(
                f"{names(number)} must be a list of [x, y] points: send it as one."
            )
    points = sum(map(len, rings))  # type: ignore[arg-type]
    if points > MAX_POINTS:
        raise TooManyPoints(
            f"There are {points} points and a label may have {MAX_POINTS}: simplify the outlines."
        )


def _points_of(
    rings: Sequence[list[Any]], names: _RingNames, width: int, height: int
) -> tuple[npt.NDArray[np.float64], list[int]]:
    """The points of all rings, float64 (n, 2), and how many each ring has."""
    ring_of_point = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    flat = list(chain.from_iterable(rings))
    if (at := first_wrong_point(flat)) is not None:
        raise InvalidPolygons(
            f"{names(ring_of_point[at])} has the point {_excerpt(flat[at])}: "
            "send two numbers, [x, y]."
        )
    kept = [
        len(ring) - (len(ring) > 1 and ring[0] == ring[-1])  # A repeated first point is left out.
        for ring in rings
    ]
    for number, count in enumerate(kept):
        if count < 3:
            raise InvalidPolygons(
                f"{names(number)} has fewer than 3 points: finish the outline or delete the region."
            )
    points = coordinates_of(flat)
    for wrong, reason in (
        (
            ~np.isfinite(points),
            "has a coordinate that is not a finite number: draw the region again.",
        ),
        (
            _is_far(points, width, height),
            f"lies far outside the image of {width} x {height} pixels: "
            "send coordinates in pixels of the full-size image.",
        ),
    ):
        if wrong.any():
            first = int(np.argmax(wrong.any(axis=1)))
            raise InvalidPolygons(f"{names(ring_of_point[first])} {reason}")
    sizes = [len(ring) for ring in rings]
    repeated = np.cumsum(sizes)[np.not_equal(sizes, kept)] - 1
    return np.delete(points, repeated, axis=0), kept


def first_wrong_point(points: Sequence[object]) -> int | None:
    """The place of the first that is not a list of two numbers; None where all are.

    The exact types: bool is a subclass of int, and is no coordinate.
    """
    # Sets of types, because a loop over all points would take ten times as long.
    if (
        set(map(type, points)) <= {list}
        and set(map(len, points)) <= {2}  # type: ignore[arg-type]
        and set(map(type, chain.from_iterable(points))) <= {int, float}  # type: ignore[arg-type]
    ):
        return None
    return next(number for number, point in enumerate(points) if not _is_point(point))


def _is_point(point: object) -> bool:
    return (
        type(point) is list
        and len(point) == 2
        and all(type(each) in (int, float) for each in point)
    )


def coordinates_of(points: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """Points that are lists of two numbers, as float64 (n, 2); infinite where none can hold it."""
    flat = list(chain.from_iterable(points))
    try:
        coordinates = np.array(flat, dtype=np.float64)
    except OverflowError:
        coordinates = np.array([each if abs(each) < 1e300 else math.inf for each in flat])
    return coordinates.reshape(-1, 2)


def _is_far(points: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.bool_]:
    size = np.array([width, height], dtype=np.float64)
    far: npt.NDArray[np.bool_] = (points < -MAX_OVERSHOOT * size) | (
        points > (1 + MAX_OVERSHOOT) * size
    )
    return far


def _excerpt(value: object) -> str:
    """A value from outside, short enough for a sentence."""
    if value is None:
        return "missing"
    # A long value is not written out only to be cut.
    text = repr(value[:40]) if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def clean_regions(regions: Sequence[Region], width: int, height: int) -> list[Region]:
    """Make regions valid, inside the image and free of overlaps, changing as little as possible.

    - Self-crossing outlines are split where they cross; what the even-odd rule fills is kept.
    - What lies outside the image is cut off.
    - Coordinates are put on a grid of 0.01 px.
    - Labels must not overlap (paper 3.1.2): where a later region overlaps an earlier one by more
      than 0.5 px2, the earlier one keeps the area and the later one loses it.
    - A region in several pieces becomes one region per piece, and pieces without area are dropped.

    The order of the regions is kept, the result is deterministic, and cleaning it again changes
    nothing. No regions, or none with area inside the image, give an empty list. Raises
    TooTangled when the outlines are so tangled that cleaning them would take too long.
    """
    if not regions:
        return []
    outlines = _outlines(regions)
    try:
        work = count_work(outlines, width, height, MAX_OVERLAP_PX2)
        # GEOS divides by zero on parallel lines and recovers; numpy would report that as our
        # mistake.
        with np.errstate(all="ignore"):
            shapes = _without_overlaps(_repaired(outlines, width, height), work)
    except TooMuch as excess:
        raise TooTangled(str(excess)) from excess
    parts, region = shapely.get_parts(shapes, return_index=True)
    return [
        Region(regions[index].code, rings)
        for index, rings in zip(region.tolist(), _rings_of(parts), strict=True)
    ]


def _outlines(regions: Sequence[Region]) -> Outlines:
    """The rings of some regions in one array, on the grid."""
    rings = [ring for region in regions for ring in region.rings]
    return Outlines(
        _on_grid(np.concatenate(rings)),
        np.cumsum([0, *map(len, rings)]),
        np.repeat(np.arange(len(regions)), [len(region.rings) for region in regions]),
    )


def _repaired(outlines: Outlines, width: int, height: int) -> Geometries:
    """Valid geometries on the grid and inside the frame, with the regions' even-odd areas."""
    frame = shapely.box(0.0, 0.0, float(width), float(height))
    rings = shapely.linearrings(outlines.points, indices=outlines.ring_of_point)
    polygons: Geometries = shapely.polygons(rings, indices=outlines.region_of_ring)
    is_valid = shapely.is_valid(polygons)
    # Crossings lie between the grid's points and have to be moved there, which can move an
    # outline again each time; what needs neither repair nor clipping is left as it is.
    for index in np.flatnonzero(~(is_valid & shapely.covers(frame, polygons))):
        valid = (
            polygons[index] if is_valid[index] else _even_odd_area(outlines.rings_of(int(index)))
        )
        polygons[index] = _areas(shapely.intersection(valid, frame))
    return polygons


def _areas(geometry: Any) -> shapely.MultiPolygon:
    """A geometry on the grid, without the points and lines that an overlay may leave."""
    parts = shapely.get_parts(shapely.set_precision(geometry, GRID_PX))
    return shapely.MultiPolygon([part for part in parts if part.area > 0])


def _on_grid(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Adding zero turns -0.0 into 0.0.
    rounded: npt.NDArray[np.float64] = np.round(points, GRID_DECIMALS) + 0.0
    return rounded


def _even_odd_area(rings: Sequence[npt.NDArray[np.float64]]) -> Any:
    """What the even-odd rule fills, as a valid geometry.

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
    # The faces are noded against each other, so they can be dissolved as a coverage.
    return shapely.coverage_union_all(faces[_are_inside(points, start, end)])


def _are_inside(
    points: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Which points have an odd number of edges to their left."""
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
    """Neighbors of together about ``most``, or one alone that has more."""
    total = np.cumsum(count)
    begin = 0
    while begin < len(count):
        before = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, before + most, side="right")))
        yield slice(begin, end)
        begin = end


def _without_overlaps(shapes: Geometries, work: Work) -> Geometries:
    """Take from each geometry what the earlier ones own. Raises TooMuch where that is too much."""
    pairs, boxes = _overlapping_pairs(shapes)
    work.check_overlaps(pairs, boxes)
    neighbours: list[list[int]] = [[] for _ in shapes]
    for earlier, later in pairs.tolist():
        neighbours[later].append(earlier)
    owned: Geometries = shapes.copy()
    for later, indices in enumerate(neighbours):
        rivals = [owned[earlier] for earlier in indices]
        taken = [rival for rival in rivals if _overlaps(shapes[later], rival)]
        if taken:
            left = shapely.difference(shapes[later], shapely.union_all(taken))
            owned[later] = _areas(left)
    return owned


def _overlapping_pairs(
    shapes: Geometries,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The pairs of geometries that have more than a border in common, and the box they share.

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
    """Whether the common area can be seen: all of it together, or one connected part alone.

    (The part alone, because a region in several pieces is cleaned again as several regions.)
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
    """The rings of each polygon, the exterior first, without the repeated point at their ends."""
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = _on_grid(points)
    ends = np.cumsum(np.bincount(ring, minlength=len(rings))).tolist()
    found: list[list[npt.NDArray[np.float64]]] = [[] for _ in polygons]
    first = 0
    for index, end in zip(polygon.tolist(), ends, strict=True):
        found[index].append(points[first : end - 1])
        first = end
    return [tuple(each) for each in found]


def regions_to_json(regions: Sequence[Region]) -> list[dict[str, Any]]:
    """Write regions in the form that ``parse_regions`` reads, rounded to 0.01 px.

    Only dicts, lists, ints and floats: ready for ``json.dumps``. No regions give an empty list.
    """
    return [
        {
            "class": int(region.code),
            "rings": [_on_grid(ring).tolist() for ring in region.rings],
        }
        for region in regions
    ]
