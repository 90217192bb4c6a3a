"""Polygons from JSON to regions and back: what is refused, and what is written."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain.geometry.cleaning import clean_regions
from terrain.geometry.invalid_polygons import InvalidPolygons
from terrain.geometry.regions import (
    MAX_POINTS,
    MAX_REGIONS,
    MAX_RINGS,
    Region,
    parse_regions,
    regions_from_json,
    regions_to_json,
)
from terrain.masks import NO_LABEL

TRIANGLE = [[0, 0], [10, 0], [0, 10]]


def test_parses_what_the_client_sends() -> None:
    hole = [[1, 1], [2, 1], [1, 2.5], [1, 1]]
    (parsed,) = parse_regions([{"class": 50, "rings": [TRIANGLE, hole]}], [0, 50], 100, 80)
    assert parsed.code == 50
    assert [ring.tolist() for ring in parsed.rings] == [TRIANGLE, hole[:-1]]
    assert parsed.rings[0].dtype == np.float64


def test_marks_run_outside_the_image() -> None:
    drawn = [{"class": 0, "rings": [[[-30, -30], [130, 5], [5, 120]]]}]
    assert len(parse_regions(drawn, [0], 100, 80)) == 1


def with_ring(ring: object) -> list[object]:
    good = {"class": 0, "rings": [TRIANGLE]}
    return [good, {"class": 0, "rings": [ring]}]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"class": 0}, "must be a list of regions"),
        (None, "must be a list of regions"),
        (["soil"], "Region 1 must be an object"),
        ([{"rings": [TRIANGLE]}], "Region 1 has the class missing.*use one of 0, 1, 7"),
        ([{"class": 3, "rings": [TRIANGLE]}], "Region 1 has the class 3.*use one of 0, 1, 7"),
        ([{"class": True, "rings": [TRIANGLE]}], "Region 1 has the class True"),
        ([{"class": 1.0, "rings": [TRIANGLE]}], r"Region 1 has the class 1\.0"),
        ([{"class": [0], "rings": [TRIANGLE]}], r"Region 1 has the class \[0\]"),
        ([{"class": 255, "rings": [TRIANGLE]}], "Region 1 has the class 255"),
        ([{"class": "x" * 999, "rings": [TRIANGLE]}], r"class 'x+\.\.\., which"),
        ([{"class": 0}], "Region 1 has no rings"),
        ([{"class": 0, "rings": []}], "Region 1 has no rings"),
        (with_ring("TRIANGLE"), r"Region 2, ring 1, must be a list of \[x, y\] points"),
        (with_ring([[0, 0], [1, 1]]), "Region 2, ring 1, has fewer than 3 points"),
        (with_ring([[0, 0], [1, 1], [0, 0]]), "Region 2, ring 1, has fewer than 3 points"),
        (with_ring([[0, 0], [1, 1], [2]]), r"Region 2, ring 1, has the point \[2\]"),
        (with_ring([[0, 0], [1, 1], [2, "3"]]), r"Region 2, ring 1, has the point \[2, '3'\]"),
        (with_ring([[0, 0], [1, 1], [2, True]]), r"has the point \[2, True\]"),
        (with_ring([[0, 0], [1, 1], [2, None]]), r"has the point \[2, None\]"),
        (with_ring([[0, 0], [1, 1], [2, math.nan]]), "not a finite number"),
        (with_ring([[0, 0], [1, 1], [2, math.inf]]), "not a finite number"),
        (with_ring([[0, 0], [1, 1], [2, 10**400]]), "not a finite number"),
        (with_ring([[0, 0], [1, 1], [0, 881]]), "lies far outside the image of 100 x 80 pixels"),
        (with_ring([[0, 0], [1, 1], [-1001, 0]]), "lies far outside the image"),
        ([{"class": 0, "rings": [TRIANGLE]}] * (MAX_REGIONS + 1), "2001 shapes"),
        (with_ring(TRIANGLE * (MAX_POINTS // 3)), "There are 40002 points, but a drawing may have"),
        ([{"class": 0, "rings": [TRIANGLE] * (MAX_RINGS + 1)}], "There are 8001 outlines"),
        ([{"class": [[0] * 9] * 99_999, "rings": [TRIANGLE]}], r"class \[\[0, 0, .*\.\.\.,"),
    ],
)
def test_refuses_with_a_sentence(raw: object, sentence: str) -> None:
    with pytest.raises(InvalidPolygons, match=sentence):
        parse_regions(raw, [0, 1, 7], 100, 80)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["class", "rings"]), inner, max_size=2)
    ),
    max_leaves=20,
)


@given(raw=json_values)
def test_nothing_from_outside_breaks_the_parser(raw: object) -> None:
    try:
        parsed = parse_regions(raw, [0, 1], 100, 80)
    except InvalidPolygons as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017
    else:
        clean_regions(parsed, 100, 80)


def test_what_is_stored_is_read_back() -> None:
    hole = [[1, 1], [2, 1], [1, 2.5]]
    stored = [{"class": 7, "rings": [TRIANGLE, hole], "note": "ignored"}, {"class": 0, "rings": []}]

    triangle, nothing = regions_from_json(stored)

    assert (triangle.code, nothing) == (7, Region(0, ()))
    assert [ring.tolist() for ring in triangle.rings] == [TRIANGLE, hole]
    assert all(ring.dtype == np.float64 for ring in triangle.rings)
    assert regions_from_json([]) == []
    with pytest.raises(KeyError):
        regions_from_json([{"rings": [TRIANGLE]}])
    with pytest.raises(ValueError, match="float"):
        regions_from_json([{"class": 0, "rings": [[["x", 0]]]}])


def test_json_is_rounded_and_plain() -> None:
    drawn = Region(np.uint8(2), (np.array([[0.123456, -0.001], [5, 0], [5, 5]]),))  # type: ignore[arg-type]
    written = regions_to_json([drawn])
    assert json.dumps(written) == (
        '[{"class": 2, "rings": [[[0.12, 0.0], [5.0, 0.0], [5.0, 5.0]]]}]'
    )


def test_no_code_is_the_code_of_no_label() -> None:
    with pytest.raises(InvalidPolygons):
        parse_regions([{"class": NO_LABEL, "rings": [TRIANGLE]}], range(4), 10, 10)
