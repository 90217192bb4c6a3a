"""Regions that labelers drew, and their JSON form.

Coordinates are (x, y) in image pixels, x to the right, y down, continuous: the center of pixel
``mask[row, col]`` is ``(col + 0.5, row + 0.5)``. A region is filled by the even-odd rule, so its
holes are further rings. In JSON a label is ``[{"class": 2, "rings": [[[x, y], ...], ...]}, ...]``.
``parse_regions`` reads and checks it, ``regions_from_json`` reads stored polygons, which were
checked before, and ``regions_to_json`` writes it.

    >>> stored = [{"class": 2, "rings": [[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]]}]
    >>> regions_to_json(regions_from_json(stored)) == stored
    True
"""

import math
import reprlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from terrain.geometry.invalid_polygons import InvalidPolygons, TooManyPoints

# Limits of one label, checked before its points are read. The largest real label has a few hundred
# regions. The cost of cleaning is limited as well (``terrain.geometry.cleaning_cost``).
MAX_REGIONS = 2_000
MAX_RINGS = 8_000
MAX_POINTS = 40_000

# Real drawings leave the image by some pixels. A point farther away than this many image sizes is
# an error of the client (wrong scale, wrong image), which clipping would hide.
MAX_OVERSHOOT = 10

GRID_PX = 0.01
GRID_DECIMALS = 2


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
    """Read and check the polygons of a label from untrusted, decoded JSON.

    Args:
        raw: ``[{"class": 2, "rings": [[[x, y], ...], ...]}, ...]``. A ring may repeat its first
            point at the end, as in GeoJSON; other keys are ignored. Points may lie outside the
            image (``clean_regions`` clips them), but not more than MAX_OVERSHOOT image sizes.
        codes: The class codes of the campaign.
        width: The width of the image, pixels.
        height: The height of the image, pixels.

    Returns:
        The regions; an empty list for an empty list.

    Raises:
        InvalidPolygons: Anything else; the message names the region, counted from 1.
    """
    if not isinstance(raw, list):
        raise InvalidPolygons("The polygons must be a list of regions: send [] for an empty label.")
    check_counts(regions=len(raw))
    if not raw:
        return []
    found = [_class_and_rings(n, item, codes) for n, item in enumerate(raw, start=1)]
    places = _Places([len(rings) for _, rings in found])
    all_rings = list(chain.from_iterable(rings for _, rings in found))
    _check_counts(all_rings, places)
    points, sizes = _points_of(all_rings, places, width, height)
    pieces = iter(np.split(points, np.cumsum(sizes)[:-1]))
    return [Region(code, tuple(islice(pieces, len(rings)))) for code, rings in found]


class _Places:
    """A mapping from a ring's index among all rings to its region and ring, from 1."""

    def __init__(self, counts: Sequence[int]) -> None:
        self._ends = np.cumsum(counts)

    def __call__(self, ring: int) -> dict[str, int]:
        region = int(np.searchsorted(self._ends, ring, side="right"))
        before = int(self._ends[region - 1]) if region else 0
        return {"region": region + 1, "ring": int(ring) - before + 1}


def _class_and_rings(number: int, item: object, codes: Collection[int]) -> tuple[int, list[Any]]:
    """Return the class code and rings of one region. Raises InvalidPolygons."""
    if not isinstance(item, dict):
        raise InvalidPolygons(
            'Region %(region)d must be an object with "class" and "rings": send both.',
            region=number,
        )
    code = item.get("class")
    # A bool is an int to Python, and True would pass for class 1.
    if isinstance(code, bool) or not isinstance(code, int) or code not in codes:
        known = ", ".join(str(known) for known in sorted(codes))
        raise InvalidPolygons(
            "Region %(region)d has the class %(code)s, which this campaign does not have: "
            "use one of %(known)s.",
            region=number,
            code=_excerpt(code),
            known=known,
        )
    rings = item.get("rings")
    if not isinstance(rings, list) or not rings:
        raise InvalidPolygons(
            "Region %(region)d has no rings: draw an outline or delete the region.",
            region=number,
        )
    return code, rings


def check_counts(*, regions: int = 0, rings: int = 0, points: int = 0) -> None:
    """Raise TooManyPoints if a drawing with so many regions, rings or points is too large."""
    if regions > MAX_REGIONS:
        raise TooManyPoints(
            "There are %(count)d shapes, but a drawing may have at most %(limit)d: join shapes of "
            "the same kind or delete small ones.",
            count=regions,
            limit=MAX_REGIONS,
        )
    if rings > MAX_RINGS:
        raise TooManyPoints(
            "There are %(count)d outlines and holes, but a drawing may have at most %(limit)d: "
            "delete small ones.",
            count=rings,
            limit=MAX_RINGS,
        )
    if points > MAX_POINTS:
        raise TooManyPoints(
            "There are %(count)d points, but a drawing may have at most %(limit)d: simplify the "
            "outlines.",
            count=points,
            limit=MAX_POINTS,
        )


def _check_counts(rings: Sequence[object], places: _Places) -> None:
    """Check the numbers of rings and points. Raises InvalidPolygons or TooManyPoints."""
    check_counts(rings=len(rings))
    for number, ring in enumerate(rings):
        if not isinstance(ring, list):
            raise InvalidPolygons(
                "Region %(region)d, ring %(ring)d, must be a list of [x, y] points: "
                "send it as one.",
                **places(number),
            )
    check_counts(points=sum(map(len, rings)))  # type: ignore[arg-type]


def _points_of(
    rings: Sequence[list[Any]], places: _Places, width: int, height: int
) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return the points of all rings, float64 (n, 2), and how many each ring has."""
    ring_of_point = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    flat = list(chain.from_iterable(rings))
    if (at := first_wrong_point(flat)) is not None:
        raise InvalidPolygons(
            "Region %(region)d, ring %(ring)d, has the point %(point)s: send two numbers, [x, y].",
            **places(ring_of_point[at]),
            point=_excerpt(flat[at]),
        )
    kept = [
        len(ring) - (len(ring) > 1 and ring[0] == ring[-1])  # A repeated first point is left out.
        for ring in rings
    ]
    for number, count in enumerate(kept):
        if count < 3:
            raise InvalidPolygons(
                "Region %(region)d, ring %(ring)d, has fewer than 3 points: "
                "finish the outline or delete the region.",
                **places(number),
            )
    points = to_coordinates(flat)
    if (wrong := ~np.isfinite(points)).any():
        raise InvalidPolygons(
            "Region %(region)d, ring %(ring)d, has a coordinate that is not a finite number: "
            "draw the region again.",
            **places(ring_of_point[_first_row(wrong)]),
        )
    if (wrong := _is_far(points, width, height)).any():
        raise InvalidPolygons(
            "Region %(region)d, ring %(ring)d, lies far outside the image of "
            "%(width)d x %(height)d pixels: send coordinates in pixels of the full-size image.",
            **places(ring_of_point[_first_row(wrong)]),
            width=width,
            height=height,
        )
    sizes = [len(ring) for ring in rings]
    repeated = np.cumsum(sizes)[np.not_equal(sizes, kept)] - 1
    return np.delete(points, repeated, axis=0), kept


def _first_row(wrong: npt.NDArray[np.bool_]) -> int:
    """Return the index of the first row with a True value."""
    return int(np.argmax(wrong.any(axis=1)))


def first_wrong_point(points: Sequence[object]) -> int | None:
    """Return the index of the first item that is not a list of two numbers, or None.

    Types are compared exactly, because bool is a subclass of int.
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
    """Return whether a value is a list of two numbers."""
    return (
        type(point) is list
        and len(point) == 2
        and all(type(each) in (int, float) for each in point)
    )


def to_coordinates(points: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """Return points as float64 (n, 2); a number too large for a float becomes infinite."""
    flat = list(chain.from_iterable(points))
    try:
        coordinates = np.array(flat, dtype=np.float64)
    except OverflowError:
        coordinates = np.array([each if abs(each) < 1e300 else math.inf for each in flat])
    return coordinates.reshape(-1, 2)


def _is_far(points: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return a boolean array of the coordinates that lie more than MAX_OVERSHOOT image sizes
    outside.
    """
    size = np.array([width, height], dtype=np.float64)
    far: npt.NDArray[np.bool_] = (points < -MAX_OVERSHOOT * size) | (
        points > (1 + MAX_OVERSHOOT) * size
    )
    return far


def _excerpt(value: object) -> str:
    """Return an untrusted value as text short enough for a message."""
    if value is None:
        return "missing"
    # `reprlib` shortens long values before they are formatted.
    text = repr(value[:40]) if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def regions_from_json(polygons: Iterable[Mapping[str, Any]]) -> list[Region]:
    """Read stored polygons, which were checked before; other keys are ignored.

    No polygons give an empty list. Raises KeyError, TypeError or ValueError for invalid ones.
    """
    return [
        Region(
            int(polygon["class"]),
            tuple(np.asarray(ring, dtype=np.float64) for ring in polygon["rings"]),
        )
        for polygon in polygons
    ]


def regions_to_json(regions: Sequence[Region]) -> list[dict[str, Any]]:
    """Return regions in the form that ``parse_regions`` reads, rounded to 0.01 px.

    Only dicts, lists, ints and floats: ready for ``json.dumps``. No regions give an empty list.
    """
    return [
        {
            "class": int(region.code),
            "rings": [round_to_grid(ring).tolist() for ring in region.rings],
        }
        for region in regions
    ]


def round_to_grid(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round coordinates in pixels to the grid of 0.01 px; -0.0 becomes 0.0."""
    rounded: npt.NDArray[np.float64] = np.round(points, GRID_DECIMALS) + 0.0
    return rounded
