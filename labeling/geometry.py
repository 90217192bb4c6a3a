"""Polygons that labelers drew: parsed from untrusted JSON, repaired, and written back.

Coordinates are (x, y) in image pixels, x to the right, y down, continuous: the centre of pixel
``mask[row, col]`` is ``(col + 0.5, row + 0.5)``. A region is filled by the even-odd rule, so its
holes are simply further rings.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

# Bounds of one label. The largest label among the real ones has a few hundred regions; the bounds
# keep a hostile or broken client from occupying a worker.
MAX_REGIONS = 2_000
MAX_POINTS = 200_000

# Real marks run outside the image by some pixels; one further away than this many image sizes is
# a client's mistake (wrong scale, wrong image), and clipping would hide it.
MAX_OVERSHOOT = 10

# Pairs of outline segments that may lie near each other. Honest outlines have about five per
# point; a scribble or two interlocked combs have as many as the square of their points, and every
# such pair may become a crossing that the repair has to build.
SPARE_SEGMENT_PAIRS = 10_000
SEGMENT_PAIRS_PER_POINT = 10

# Faces of a self-crossing outline times its points: what the even-odd rule has to look at.
MAX_FACE_EDGES = 20_000_000
FACE_EDGES_AT_ONCE = 1_000_000

GRID_PX = 0.01
GRID_DECIMALS = 2

# Two neighbours drawn along the same border overlap by slivers; only what a person could see is
# taken from the later one. Rounding to the grid moves an edge by less than 0.01 px, so an overlap
# that is thinner than two grid steps on average is rounding and not drawing, however long it is.
MAX_OVERLAP_PX2 = 0.5
MAX_SLIVER_PX = 2 * GRID_PX


class InvalidPolygons(ValueError):
    """The polygons cannot be a label; the message says which region and what to do."""


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
        raise InvalidPolygons(
            f"There are {len(raw)} regions and a label may have {MAX_REGIONS}: join small ones."
        )
    regions = []
    points = 0
    for number, item in enumerate(raw, start=1):
        region = _parse_region(f"Region {number}", item, codes, width, height)
        points += sum(len(ring) for ring in region.rings)
        if points > MAX_POINTS:
            raise InvalidPolygons(
                f"Region {number} brings the label to more than {MAX_POINTS} points: "
                "simplify the outlines."
            )
        regions.append(region)
    return regions


def _parse_region(
    name: str, item: object, codes: Collection[int], width: int, height: int
) -> Region:
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
    return Region(
        code,
        tuple(
            _parse_ring(f"{name}, ring {number},", ring, width, height)
            for number, ring in enumerate(rings, start=1)
        ),
    )


def _parse_ring(name: str, ring: object, width: int, height: int) -> npt.NDArray[np.float64]:
    if not isinstance(ring, list):
        raise InvalidPolygons(f"{name} must be a list of [x, y] points: send it as one.")
    if len(ring) > MAX_POINTS:
        raise InvalidPolygons(
            f"{name} has {len(ring)} points and a label may have {MAX_POINTS}: simplify it."
        )
    for point in ring:
        # The exact types: bool is a subclass of int, and is no coordinate.
        if (
            not isinstance(point, list)
            or len(point) != 2
            or type(point[0]) not in (int, float)
            or type(point[1]) not in (int, float)
        ):
            raise InvalidPolygons(
                f"{name} has the point {_excerpt(point)}: send two numbers, [x, y]."
            )
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring = ring[:-1]
    if len(ring) < 3:
        raise InvalidPolygons(
            f"{name} has fewer than 3 points: finish the outline or delete the region."
        )
    try:
        points = np.array(ring, dtype=np.float64)
    except OverflowError:
        points = np.full((1, 2), math.inf)
    if not np.isfinite(points).all():
        raise InvalidPolygons(
            f"{name} has a coordinate that is not a finite number: draw the region again."
        )
    size = np.array([width, height], dtype=np.float64)
    if (points < -MAX_OVERSHOOT * size).any() or (points > (1 + MAX_OVERSHOOT) * size).any():
        raise InvalidPolygons(
            f"{name} lies far outside the image of {width} x {height} pixels: "
            "send coordinates in pixels of the full-size image."
        )
    return points


def _excerpt(value: object) -> str:
    """A value from outside, short enough for a sentence."""
    text = "missing" if value is None else repr(value)
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
    InvalidPolygons when the outlines are so tangled that untangling them would take too long.
    """
    _refuse_tangles(regions)
    frame = shapely.box(0.0, 0.0, float(width), float(height))
    # GEOS divides by zero on parallel lines and recovers; numpy would report that as our mistake.
    with np.errstate(all="ignore"):
        shapes = _without_overlaps([_repaired(region, frame) for region in regions])
    return [
        Region(region.code, _rings_of(polygon))
        for region, shape in zip(regions, shapes, strict=True)
        for polygon in shapely.get_parts(shape)
    ]


def _refuse_tangles(regions: Sequence[Region]) -> None:
    """Bound the work of repairing and overlaying before any of it is begun."""
    rings = [ring for region in regions for ring in region.rings]
    if not rings:
        return
    starts = np.concatenate(rings)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    budget = SPARE_SEGMENT_PAIRS + SEGMENT_PAIRS_PER_POINT * len(starts)
    if len(starts) ** 2 <= budget:
        return
    segments = shapely.linestrings(np.stack([starts, ends], axis=1))
    tree = shapely.STRtree(segments)
    # No chunk can find more pairs than the budget, so that memory is bounded as well.
    chunk = budget // len(starts)
    pairs = 0
    for first in range(0, len(segments), chunk):
        pairs += tree.query(segments[first : first + chunk]).shape[1]
        if pairs > budget:
            raise _tangled()


def _tangled() -> InvalidPolygons:
    return InvalidPolygons(
        "The outlines are too tangled: they run across themselves or each other too often. "
        "Draw them again with simpler outlines."
    )


def _repaired(region: Region, frame: shapely.Polygon) -> Any:
    """A valid geometry on the grid and inside the frame, with the region's even-odd area."""
    rings = [_on_grid(ring) for ring in region.rings]
    polygon = shapely.Polygon(rings[0], rings[1:])
    valid = polygon if polygon.is_valid else _even_odd_area(rings)
    # Crossings lie between the grid's points and have to be moved there, which can move an
    # outline again each time; what needs neither repair nor clipping is left as it is.
    if valid is polygon and frame.covers(polygon):
        return polygon
    return _areas(shapely.intersection(valid, frame))


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
    start = np.concatenate(rings)
    if len(points) * len(start) > MAX_FACE_EDGES:
        raise _tangled()
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    chunk = max(1, FACE_EDGES_AT_ONCE // len(start))
    odd = [
        _are_inside(points[first : first + chunk], start, end)
        for first in range(0, len(points), chunk)
    ]
    # The faces are noded against each other, so they can be dissolved as a coverage.
    return shapely.coverage_union_all(faces[np.concatenate(odd)]) if odd else shapely.Polygon()


def _are_inside(
    points: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Which points have an odd number of edges to their left."""
    x, y = points[:, :1], points[:, 1:]
    spans = (start[:, 1] <= y) != (end[:, 1] <= y)
    point, edge = np.nonzero(spans)
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    crossing = (y[point, 0] - y0) * (x1 - x0) / (y1 - y0) + x0
    left = point[crossing < x[point, 0]]
    odd: npt.NDArray[np.bool_] = np.bincount(left, minlength=len(points)) % 2 == 1
    return odd


def _without_overlaps(shapes: list[Any]) -> list[Any]:
    """Take from each geometry what the earlier ones own."""
    geometries = np.array(shapes, dtype=np.object_)
    later, earlier = shapely.STRtree(geometries).query(geometries)
    neighbours: list[list[int]] = [[] for _ in shapes]
    for j, i in zip(later.tolist(), earlier.tolist(), strict=True):
        if i < j:
            neighbours[j].append(i)
    owned: list[Any] = []
    for shape, indices in zip(shapes, neighbours, strict=True):
        # Sorted, because the tree's order is an accident of its layout.
        rivals = [owned[i] for i in sorted(indices)]
        taken = [rival for rival in rivals if _overlaps(shape, rival)]
        if taken:
            shape = _areas(shapely.difference(shape, shapely.union_all(taken)))
        owned.append(shape)
    return owned


def _overlaps(shape: Any, other: Any) -> bool:
    common = shapely.intersection(shape, other)
    # Twice the area over the perimeter is the mean width of something long and thin.
    return bool(common.area > MAX_OVERLAP_PX2 and 2 * common.area > MAX_SLIVER_PX * common.length)


def _rings_of(polygon: shapely.Polygon) -> tuple[npt.NDArray[np.float64], ...]:
    rings = [polygon.exterior, *polygon.interiors]
    return tuple(_on_grid(shapely.get_coordinates(ring)[:-1]) for ring in rings)


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
