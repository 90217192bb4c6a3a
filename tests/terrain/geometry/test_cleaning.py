"""Which outlines are repaired, and that a clean label stays unchanged."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.geometry.cleaning import MAX_OVERLAP_PX2, MAX_SLIVER_PX, clean_regions
from terrain.geometry.invalid_polygons import InvalidPolygons
from terrain.geometry.regions import (
    Region,
    parse_regions,
    regions_to_json,
)
from terrain.masks import rasterize_regions

TRIANGLE = [[0, 0], [10, 0], [0, 10]]


def region(*points: tuple[float, float], code: int = 0) -> Region:
    return Region(code, (np.array(points, dtype=np.float64),))


def box(left: float, top: float, right: float, bottom: float, code: int = 0) -> Region:
    return region((left, top), (right, top), (right, bottom), (left, bottom), code=code)


def polygon(of: Region) -> shapely.Polygon:
    return shapely.Polygon(of.rings[0], of.rings[1:])


def test_an_empty_label_is_a_label() -> None:
    assert parse_regions([], [0], 10, 10) == []
    assert clean_regions([], 10, 10) == []
    assert regions_to_json([]) == []


def test_a_clean_region_is_left_as_it_is() -> None:
    drawn = region((0, 0), (10.25, 0.01), (10, 7), (3.3, 7.77))
    (cleaned,) = clean_regions([drawn], 100, 80)
    assert np.array_equal(cleaned.rings[0], drawn.rings[0])


def test_a_figure_of_eight_becomes_two_regions() -> None:
    cleaned = clean_regions([region((0, 0), (10, 10), (10, 0), (0, 10), code=3)], 100, 80)
    assert [part.code for part in cleaned] == [3, 3]
    assert [polygon(part).area for part in cleaned] == [25, 25]


def test_what_is_circled_within_a_loop_stays_open() -> None:
    loop = region((0, 0), (6, 0), (6, 6), (2, 6), (2, 2), (4, 2), (4, 4), (0, 4))
    mask = rasterize_regions(clean_regions([loop], 6, 6), 6, 6)
    assert np.array_equal(mask, rasterize_regions([loop], 6, 6))


def test_clips_to_the_image() -> None:
    (cleaned,) = clean_regions([box(-5, -5, 20, 3)], 10, 8)
    assert polygon(cleaned).bounds == (0, 0, 10, 3)


def test_a_region_cut_in_pieces_by_the_edge_becomes_several() -> None:
    # A U that is turned over: its bridge lies above the image.
    u = region((0, 8), (0, -4), (9, -4), (9, 8), (6, 8), (6, -2), (3, -2), (3, 8))
    assert [polygon(part).area for part in clean_regions([u], 9, 8)] == [24, 24]


@pytest.mark.parametrize(
    "points",
    [
        [(1, 1), (1, 1), (1, 1)],
        [(1, 1), (5, 5), (9, 9)],
        [(1, 1), (5, 5), (1, 1), (5, 5)],
        [(-9, -9), (-1, -9), (-5, -1)],
        [(1, 1), (1.001, 1), (1, 1.001)],
    ],
)
def test_what_has_no_area_in_the_image_is_dropped(points: list[tuple[float, float]]) -> None:
    assert clean_regions([region(*points)], 10, 10) == []


def test_an_outline_along_a_line_does_not_harm_the_rest_of_its_region() -> None:
    # In floating point these three points enclose 1e-16 px2, which GEOS refuses as a coverage.
    line = np.array([(1.87, 3.11), (3.37, 6.11), (1.37, 2.11)])
    square = np.array([(4.0, 4.0), (8.0, 4.0), (8.0, 8.0), (4.0, 8.0)])
    (cleaned,) = clean_regions([Region(0, (line, square))], 10, 10)
    assert polygon(cleaned).equals(shapely.Polygon(square))


def test_the_earlier_region_owns_an_overlap() -> None:
    cleaned = clean_regions([box(0, 0, 6, 6, code=1), box(4, 0, 10, 6, code=2)], 10, 10)
    assert [(part.code, polygon(part).bounds) for part in cleaned] == [
        (1, (0, 0, 6, 6)),
        (2, (6, 0, 10, 6)),
    ]


def test_a_region_within_an_earlier_one_disappears() -> None:
    cleaned = clean_regions([box(0, 0, 9, 9, code=1), box(2, 2, 4, 4, code=2)], 10, 10)
    assert [part.code for part in cleaned] == [1]


def test_an_earlier_region_within_a_later_one_becomes_its_hole() -> None:
    cleaned = clean_regions([box(2, 2, 4, 4, code=2), box(0, 0, 9, 9, code=1)], 10, 10)
    assert [(part.code, len(part.rings)) for part in cleaned] == [(2, 1), (1, 2)]


@pytest.mark.parametrize(
    ("right", "kept"),
    [(5.04, 5.04), (5.06, 5.0)],
    ids=["0.4 px2 are too little to see", "0.6 px2 are taken away"],
)
def test_slight_overlaps_are_left_alone(right: float, kept: float) -> None:
    _, later = clean_regions([box(5, 0, 9, 10), box(0, 0, right, 10)], 20, 20)
    assert polygon(later).bounds[2] == kept


def test_a_long_sliver_of_rounding_is_not_an_overlap() -> None:
    _, later = clean_regions([box(5, 0, 9, 1000), box(0, 0, 5.01, 1000)], 1024, 1024)
    assert polygon(later).bounds[2] == 5.01


def test_a_piece_overlaps_by_itself() -> None:
    """The image's edge cuts the later region in two; only one piece overlaps enough by itself."""
    earlier = region((0, 47), (17, 28), (23, 0))
    later = region((0, 47), (23, 0), (27, 2), (0, 1.625))
    cleaned = clean_regions([earlier, later], 40, 30)
    again = clean_regions(cleaned, 40, 30)
    assert [polygon(part).area for part in again] == [polygon(part).area for part in cleaned]


def test_refuses_a_tangle_before_working_on_it() -> None:
    rng = np.random.default_rng(7)
    with pytest.raises(InvalidPolygons, match="too tangled"):
        clean_regions([Region(0, (rng.uniform(0, 1024, (1_000, 2)),))], 1024, 1024)


def test_a_long_freehand_outline_is_no_tangle() -> None:
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    radius = 300 + 3 * np.random.default_rng(7).standard_normal(len(angles)).cumsum() / 50
    outline = 512 + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert clean_regions([Region(0, (outline,))], 1024, 1024)


# To a millionth of a pixel: at 1e-308 the test's own ruler (GEOS's distance) divides by zero.
coordinates = st.floats(-20, 60, allow_nan=False).map(lambda value: round(value, 6))
drawings = st.lists(
    st.builds(
        lambda code, points: region(*points, code=code),
        st.integers(0, 3),
        st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9),
    ),
    max_size=5,
)


@given(drawn=drawings)
@settings(max_examples=100, deadline=None)
def test_cleaning_is_idempotent_and_keeps_its_promises(drawn: list[Region]) -> None:
    cleaned = clean_regions(drawn, 40, 30)
    again = clean_regions(cleaned, 40, 30)
    assert np.array_equal(rasterize_regions(again, 30, 40), rasterize_regions(cleaned, 30, 40))
    areas = [polygon(part).area for part in cleaned]
    assert [polygon(part).area for part in again] == areas
    frame = shapely.box(0, 0, 40, 30)
    for i, part in enumerate(cleaned):
        assert polygon(part).is_valid
        assert areas[i] > 0
        assert frame.covers(polygon(part))
        for other in cleaned[:i]:
            common = shapely.intersection(polygon(part), polygon(other))
            thin = 2 * common.area <= MAX_SLIVER_PX * common.length
            assert common.area <= MAX_OVERLAP_PX2 or thin


@given(drawn=drawings)
@settings(max_examples=60, deadline=None)
def test_cleaning_hardly_changes_what_was_drawn(drawn: list[Region]) -> None:
    before = rasterize_regions(drawn, 30, 40)
    after = rasterize_regions(clean_regions(drawn, 40, 30), 30, 40)
    changed = before != after
    # Only pixels whose center lies on an outline, give or take the rounding to 0.01 px, and
    # those that a slight overlap leaves to either side.
    outlines = shapely.union_all([shapely.LinearRing(ring) for r in drawn for ring in r.rings])
    for row, col in np.argwhere(changed).tolist():
        assert shapely.distance(outlines, shapely.Point(col + 0.5, row + 0.5)) < 0.02


@given(drawn=drawings)
@settings(max_examples=25, deadline=None)
def test_a_cleaned_label_survives_json(drawn: list[Region]) -> None:
    cleaned = clean_regions(drawn, 40, 30)
    again = parse_regions(json.loads(json.dumps(regions_to_json(cleaned))), range(4), 40, 30)
    assert [part.code for part in again] == [part.code for part in cleaned]
    for one, other in zip(cleaned, again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.rings, other.rings, strict=True))
