"""Orbital terrain classes at the rover's locations (paper 3.1 and Table 2).

The paper samples its gold set evenly over these classes. The class of an image follows from its
site and drive: by a table of ranges of drives, or by the rover's position on a map.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, cast

import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from terrain import tables

#: The seven classes along Curiosity's traverse (paper, Table 2).
MSL_TERRAIN_CLASSES = (
    "Smooth",
    "Ridged",
    "Pitted",
    "Highly Dissected",
    "Fractured",
    "Sandy Pits and Ripple Fields",
    "Sand Dunes",
)

#: Lists of classes to check a map or table against.
ORBITAL_PRESETS = {"msl": MSL_TERRAIN_CLASSES}

RANGE_COLUMNS = ("site_from", "drive_from", "site_to", "drive_to", "class")
POSITION_COLUMNS = ("site", "drive", "x", "y")

# Sites and drives have up to five digits; a number far longer is another column
_MOST_DIGITS = 9

# (site, drive): ordered as the rover drove, since a new site begins at drive 0
Place = tuple[int, int]


class InvalidOrbitalClasses(ValueError):
    """A map or table of terrain classes cannot be used; the message says why."""


class OrbitalClasses(Protocol):
    """A source of the orbital terrain class of a place."""

    def class_of(self, site: int | None, drive: int | None) -> str:
        """Return the class of the rover's place; "" if it is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class DriveRanges:
    """Terrain classes by ranges of (site, drive), which include both ends and do not overlap."""

    first: tuple[Place, ...]
    last: tuple[Place, ...]
    names: tuple[str, ...]

    @classmethod
    def from_csv(cls, text: str) -> DriveRanges:
        r"""Read a table with the columns site_from, drive_from, site_to, drive_to, class.

        Both ends belong to a range: 5,100 to 6,40 is everything from drive 100 of site 5 to drive
        40 of site 6. Raises InvalidOrbitalClasses for a missing column, an invalid number, an empty
        class, a range that ends before it begins, and overlapping ranges.

        >>> table = "site_from,drive_from,site_to,drive_to,class\n5,100,6,40,Smooth"
        >>> ranges = DriveRanges.from_csv(table)
        >>> ranges.class_of(5, 999), ranges.class_of(7, 0)
        ('Smooth', '')
        """
        found = []
        for line, row in _rows(text, RANGE_COLUMNS):
            first = (_whole(row, "site_from", line), _whole(row, "drive_from", line))
            last = (_whole(row, "site_to", line), _whole(row, "drive_to", line))
            if last < first:
                raise InvalidOrbitalClasses(
                    f"Line {line}: the range ends at {_said(last)}, before it begins at "
                    f"{_said(first)}."
                )
            name = row["class"]
            if not name:
                raise InvalidOrbitalClasses(f"Line {line} names no class.")
            found.append((first, last, line, name))
        found.sort()
        for (_, end, line, _), (start, _, other, _) in pairwise(found):
            if start <= end:
                raise InvalidOrbitalClasses(
                    f"The ranges of lines {line} and {other} overlap: {_said(start)} is in both. "
                    "Each drive belongs to one range."
                )
        return cls(
            tuple(first for first, _, _, _ in found),
            tuple(last for _, last, _, _ in found),
            tuple(name for _, _, _, name in found),
        )

    def class_of(self, site: int | None, drive: int | None) -> str:
        """Return the class of a place; "" outside of all ranges or for None."""
        if site is None or drive is None:
            return ""
        before = bisect_right(self.first, (site, drive)) - 1
        if before < 0 or (site, drive) > self.last[before]:
            return ""
        return self.names[before]


@dataclass(frozen=True, slots=True, eq=False)
class TerrainMap:
    """Areas with a terrain class, in map coordinates; created by `from_geojson`."""

    tree: shapely.STRtree
    areas: tuple[BaseGeometry, ...]
    names: tuple[str, ...]

    @classmethod
    def from_geojson(cls, document: Mapping[str, object], key: str = "class") -> TerrainMap:
        """Read a FeatureCollection of Polygons and MultiPolygons with a class each.

        key: the name of that property. Coordinates are planar and used as they are: they must be in
        the same system as the rover's positions. A self-crossing area is repaired. Raises
        InvalidOrbitalClasses for anything else.
        """
        features = document.get("features")
        if document.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise InvalidOrbitalClasses("The map is no GeoJSON FeatureCollection.")
        areas, names = [], []
        for number, feature in enumerate(features, start=1):
            properties = feature.get("properties") if isinstance(feature, Mapping) else None
            name = properties.get(key) if isinstance(properties, Mapping) else None
            if not isinstance(name, str) or not name.strip():
                raise InvalidOrbitalClasses(f'Feature {number} of the map has no "{key}".')
            areas.append(_area(feature.get("geometry"), number))
            names.append(name.strip())
        return cls(shapely.STRtree(areas), tuple(areas), tuple(names))

    def classes_at(self, points: Sequence[tuple[float, float]]) -> list[str]:
        """Return the class at each (x, y); "" outside of all areas.

        A point on an outline belongs to the area. Where areas share a border or overlap, the
        smaller one wins: a dune mapped on top of a plain is a dune. Of areas of equal size the
        first in the file wins.
        """
        if not points:
            return []
        names = [""] * len(points)
        best = [(math.inf, 0)] * len(points)
        which, areas = self.tree.query(shapely.points(points), predicate="intersects")
        for point, area in zip(which.tolist(), areas.tolist(), strict=True):
            rank = (self.areas[area].area, area)
            if rank < best[point]:
                best[point] = rank
                names[point] = self.names[area]
        return names


@dataclass(frozen=True, slots=True)
class RoverPositions:
    """Terrain classes by rover position: {(site, drive): class}, "" outside of the map."""

    names: Mapping[Place, str]

    @classmethod
    def from_csv(cls, text: str, terrain: TerrainMap) -> RoverPositions:
        """Read a table with the columns site, drive, x, y, in map coordinates.

        Raises InvalidOrbitalClasses for a missing column, an invalid number, and a site and drive
        with two positions.
        """
        positions: dict[Place, tuple[float, float]] = {}
        for line, row in _rows(text, POSITION_COLUMNS):
            place = (_whole(row, "site", line), _whole(row, "drive", line))
            point = (_number(row, "x", line), _number(row, "y", line))
            if positions.setdefault(place, point) != point:
                raise InvalidOrbitalClasses(
                    f"Line {line}: {_said(place)} was in another place on an earlier line."
                )
        names = terrain.classes_at(list(positions.values()))
        return cls(dict(zip(positions, names, strict=True)))

    def class_of(self, site: int | None, drive: int | None) -> str:
        """Return the class of a place; "" outside of the map or for an unknown one.

        Only an exact site and drive has a class: between two positions the rover may have been
        anywhere.
        """
        if site is None or drive is None:
            return ""
        return self.names.get((site, drive), "")


def _area(geometry: object, number: int) -> BaseGeometry:
    """Return the valid geometry of a feature. Raises InvalidOrbitalClasses."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise InvalidOrbitalClasses(
            f"Feature {number} of the map is a {kind}; areas are Polygons or MultiPolygons."
        )
    try:
        area = cast(BaseGeometry, shapely.make_valid(shape(geometry)))
    except (GEOSException, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InvalidOrbitalClasses(
            f"The coordinates of feature {number} of the map cannot be read."
        ) from error
    if area.is_empty or not math.isfinite(area.area) or area.area == 0.0:
        raise InvalidOrbitalClasses(f"Feature {number} of the map has no area.")
    return area


def _rows(text: str, columns: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a table with these columns; empty rows are skipped."""
    try:
        names, rows = tables.read_rows(text)
        missing = [name for name in columns if name not in names]
        if missing:
            raise InvalidOrbitalClasses(
                f"The table has no column {', '.join(missing)}; it needs {', '.join(columns)}, "
                f"and has {', '.join(names) or 'none'}."
            )
        for line, row in rows:
            if any(row[name] for name in columns):
                yield line, row
    except csv.Error as error:
        raise InvalidOrbitalClasses(f"The table cannot be read: {error}.") from error


def _whole(row: Mapping[str, str], name: str, line: int) -> int:
    """Return the value of a row as an integer. Raises InvalidOrbitalClasses."""
    if not row[name].isdecimal() or len(row[name]) > _MOST_DIGITS:
        raise InvalidOrbitalClasses(
            f"Line {line}: {name} must be a whole number from 0, not {row[name]!r}."
        )
    return int(row[name])


def _number(row: Mapping[str, str], name: str, line: int) -> float:
    """Return a finite number of a row. Raises InvalidOrbitalClasses."""
    try:
        # A table with semicolons is one of a language with decimal commas
        number = float(row[name].replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidOrbitalClasses(f"Line {line}: {name} must be a number, not {row[name]!r}.")
    return number


def _said(place: Place) -> str:
    """Return a place as text, such as "site 5 drive 40"."""
    return f"site {place[0]} drive {place[1]}"
