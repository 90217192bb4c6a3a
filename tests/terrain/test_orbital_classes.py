"""Orbital terrain classes by ranges of drives, and by positions on a map."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.orbital_classes import (
    MSL_TERRAIN_CLASSES,
    DriveRanges,
    InvalidOrbitalClasses,
    RoverPositions,
    TerrainMap,
)

RANGES = """site_from,drive_from,site_to,drive_to,class
5,100,6,40,Smooth
6,41,6,90,Sand Dunes
8,0,8,10,"Sandy Pits and Ripple Fields"
"""


def square(left: float, bottom: float, side: float, **properties: object) -> dict[str, object]:
    right, top = left + side, bottom + side
    ring = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features: object) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": list(features)}


# A plain, a dune on it, and a second plain that shares the first one's right border
PLAIN = square(0, 0, 10, **{"class": "Smooth"})
DUNE = square(2, 2, 2, **{"class": "Sand Dunes"})
OTHER = square(10, 0, 12, **{"class": "Ridged"})
MAP = TerrainMap.from_geojson(collection(PLAIN, DUNE, OTHER))


def test_the_seven_classes_of_table_2() -> None:
    assert len(MSL_TERRAIN_CLASSES) == len(set(MSL_TERRAIN_CLASSES)) == 7


class TestDriveRanges:
    @pytest.mark.parametrize(
        ("site", "drive", "name"),
        [
            (5, 99, ""),
            (5, 100, "Smooth"),  # both ends belong to the range
            (5, 99_999, "Smooth"),  # a range goes on through the sites between
            (6, 0, "Smooth"),
            (6, 40, "Smooth"),
            (6, 41, "Sand Dunes"),
            (6, 91, ""),
            (7, 5, ""),
            (8, 10, "Sandy Pits and Ripple Fields"),
            (8, 11, ""),
            (None, 5, ""),
            (8, None, ""),
        ],
    )
    def test_class_of(self, site: int | None, drive: int | None, name: str) -> None:
        assert DriveRanges.from_csv(RANGES).class_of(site, drive) == name

    def test_columns_in_any_order_with_others_between(self) -> None:
        table = (
            "\ufeffclass, Drive_To ,note,site_to,drive_from,site_from\r\nRidged,9,x,3,0,3\r\n\r\n"
        )
        assert DriveRanges.from_csv(table).class_of(3, 9) == "Ridged"

    def test_an_empty_table_knows_nothing(self) -> None:
        assert DriveRanges.from_csv(RANGES.splitlines()[0]).class_of(5, 100) == ""

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_as_spreadsheets_save_it(self, delimiter: str, mark: str, end: str) -> None:
        text = mark + RANGES.replace(",", delimiter).replace("\n", end)
        assert DriveRanges.from_csv(text) == DriveRanges.from_csv(RANGES)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no column site_from"),
            ("site_from,drive_from,site_to,class\n", "no column drive_to"),
            (RANGES + "6,90,7,0,Ridged\n", "lines 3 and 5 overlap: site 6 drive 90"),
            (RANGES + "1,0,9,0,Ridged\n", "lines 5 and 2 overlap"),
            (RANGES + "8,10,8,10,Ridged\n", "lines 4 and 5 overlap"),
            (RANGES + "9,10,9,9,Ridged\n", "Line 5: the range ends at site 9 drive 9, before"),
            (RANGES + "9,1,9,9,\n", "Line 5 names no class"),
            (RANGES + "9,one,9,9,Ridged\n", "Line 5: drive_from must be a whole number"),
            (RANGES + "9,-1,9,9,Ridged\n", "Line 5: drive_from must be a whole number"),
            (RANGES + f"9,{'9' * 5000},9,9,Ridged\n", "Line 5: drive_from must be a whole number"),
            (RANGES + "9,1\n", "Line 5: site_to must be a whole number"),
            (RANGES + f"9,1,9,9,{'x' * 200_000}\n", "cannot be read"),
        ],
    )
    def test_refused(self, text: str, message: str) -> None:
        with pytest.raises(InvalidOrbitalClasses, match=message):
            DriveRanges.from_csv(text)

    @given(st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True), st.integers(0, 60))
    @settings(max_examples=60, deadline=None)
    def test_as_one_would_look_it_up_by_hand(self, ends: list[int], drive: int) -> None:
        ends = sorted(ends)[: len(ends) // 2 * 2]
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        lines = [f"4,{low},4,{high},from {low}" for low, high in reversed(pairs)]
        table = DriveRanges.from_csv("\n".join([RANGES.splitlines()[0], *lines]))
        expected = [f"from {low}" for low, high in pairs if low <= drive <= high]
        assert table.class_of(4, drive) == (expected[0] if expected else "")


class TestTerrainMap:
    @pytest.mark.parametrize(
        ("point", "name"),
        [
            ((1.0, 1.0), "Smooth"),
            ((3.0, 3.0), "Sand Dunes"),  # the dune lies on the plain: the smaller area
            ((2.0, 3.0), "Sand Dunes"),  # its outline is the dune's
            ((10.0, 5.0), "Smooth"),  # a shared border: the smaller area again
            ((0.0, 0.0), "Smooth"),
            ((11.0, 5.0), "Ridged"),
            ((-0.001, 5.0), ""),
        ],
    )
    def test_classes_at(self, point: tuple[float, float], name: str) -> None:
        assert MAP.classes_at([point, (-50.0, 0.0)]) == [name, ""]

    def test_of_equal_areas_the_first_in_the_file(self) -> None:
        again = square(0, 0, 10, **{"class": "Pitted"})
        assert TerrainMap.from_geojson(collection(again, PLAIN)).classes_at([(1, 1)]) == ["Pitted"]
        assert TerrainMap.from_geojson(collection(PLAIN, again)).classes_at([(1, 1)]) == ["Smooth"]

    def test_holes_several_parts_and_another_key(self) -> None:
        parts = [
            [
                [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]],
                [[3, 3], [6, 3], [6, 6], [3, 6], [3, 3]],
            ],
            [[[20, 0], [21, 0], [21, 1], [20, 1], [20, 0]]],
        ]
        feature = {
            "type": "Feature",
            "properties": {"unit": " Fractured "},
            "geometry": {"type": "MultiPolygon", "coordinates": parts},
        }
        terrain = TerrainMap.from_geojson(collection(feature), key="unit")
        assert terrain.classes_at([(1, 1), (4, 4), (20.5, 0.5)]) == ["Fractured", "", "Fractured"]

    def test_an_outline_that_crosses_itself_is_repaired(self) -> None:
        bow = square(0, 0, 2, **{"class": "Pitted"})
        bow["geometry"] = {
            "type": "Polygon",
            "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]],
        }
        terrain = TerrainMap.from_geojson(collection(bow))
        assert terrain.classes_at([(0.2, 1.0), (1.0, 0.2)]) == ["Pitted", ""]

    def test_no_areas_and_no_points(self) -> None:
        assert TerrainMap.from_geojson(collection()).classes_at([(1, 1)]) == [""]
        assert MAP.classes_at([]) == []

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ({}, "no GeoJSON FeatureCollection"),
            ({"type": "FeatureCollection", "features": 5}, "no GeoJSON FeatureCollection"),
            (collection(PLAIN, 7), 'Feature 2 of the map has no "class"'),
            (collection(square(0, 0, 1, kind="Smooth")), 'Feature 1 of the map has no "class"'),
            (collection(PLAIN | {"geometry": None}), "Feature 1 of the map is a None"),
            (
                collection(PLAIN | {"geometry": {"type": "Point", "coordinates": [1, 2]}}),
                "is a Point; areas are Polygons",
            ),
            (
                collection(PLAIN | {"geometry": {"type": "Polygon", "coordinates": [[1, 2]]}}),
                "coordinates of feature 1",
            ),
            (
                collection(PLAIN | {"geometry": {"type": "Polygon"}}),
                "coordinates of feature 1",
            ),
            (
                collection(PLAIN | {"geometry": {"type": "Polygon", "coordinates": []}}),
                "no area",
            ),
            (
                collection(square(3, 3, 0, **{"class": "Smooth"})),
                "Feature 1 of the map has no area",
            ),
        ],
    )
    def test_refused(self, document: dict[str, object], message: str) -> None:
        with pytest.raises(InvalidOrbitalClasses, match=message):
            TerrainMap.from_geojson(document)


class TestRoverPositions:
    def test_class_of(self) -> None:
        table = "site,drive,x,y\n5,0,1,1\n5,12,3.0,3e0\n5,40,-90,0\n5,0,1.0,1\n"
        positions = RoverPositions.from_csv(table, MAP)
        assert positions.class_of(5, 0) == "Smooth"
        assert positions.class_of(5, 12) == "Sand Dunes"
        assert positions.class_of(5, 40) == ""  # off the map
        assert positions.class_of(5, 6) == ""  # between two positions
        assert positions.class_of(None, None) == ""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("site,drive,x\n", "no column y"),
            ("site,drive,x,y\n5,0,1,1\n5,0,2,1\n", "Line 3: site 5 drive 0 was in another place"),
            ("site,drive,x,y\n5,0,east,1\n", "Line 2: x must be a number"),
            ("site,drive,x,y\n5,0,1,nan\n", "Line 2: y must be a number"),
            ("site,drive,x,y\n5,1.5,1,1\n", "Line 2: drive must be a whole number"),
        ],
    )
    def test_refused(self, text: str, message: str) -> None:
        with pytest.raises(InvalidOrbitalClasses, match=message):
            RoverPositions.from_csv(text, MAP)

    def test_a_mission_is_looked_up_at_once(self) -> None:
        rows = [f"1,{n},{n % 100 / 4},{n % 71 / 7}" for n in range(20_000)]
        positions = RoverPositions.from_csv("\n".join(["site,drive,x,y", *rows]), MAP)
        assert len(positions.names) == 20_000
        assert set(positions.names.values()) == {"Smooth", "Sand Dunes", "Ridged", ""}
