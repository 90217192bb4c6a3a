"""The cost of cleaning a label is estimated first; ordinary labels are not affected."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.geometry import cleaning_cost
from terrain.geometry.cleaning import MAX_OVERLAP_PX2, clean_regions
from terrain.geometry.cleaning_cost import (
    MAX_COST,
    Outlines,
    PointTable,
    Work,
    box_pairs,
    count_work,
)
from terrain.geometry.invalid_polygons import InvalidPolygons, TooTangled
from terrain.geometry.regions import MAX_POINTS, MAX_REGIONS, MAX_RINGS, Region
from tests import hostile_labels, plain_cleaning
from tests.bench import crowd
from tests.hostile_labels import FAMILIES, SIZE, patchwork, regions_of

#: Points that go into and come out of GEOS while one label is cleaned, each time they do. The
#: largest that a search through all families found was 370,000.
MAX_GEOS_POINTS = 900_000

OVERLAYS = (
    "intersection",
    "difference",
    "union_all",
    "set_precision",
    "coverage_union_all",
    "polygonize",
    "relate_pattern",
    "is_valid",
    "covers",
)


@contextmanager
def geos_points() -> Iterator[list[int]]:
    """Count the points that shapely's functions receive and return, in a list of one."""
    total = [0]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            for each in (*args, result):
                total[0] += int(np.sum(shapely.get_num_coordinates(_geometries(each))))
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in OVERLAYS:
            patch.setattr(shapely, name, counted(getattr(shapely, name)))
        yield total


def _geometries(value: Any) -> Any:
    array = np.asarray(value, dtype=np.object_)
    return array if array.size and isinstance(array.flat[0], shapely.Geometry) else []


def outlines(regions: list[Region]) -> Outlines:
    rings = [np.round(ring, 2) for region in regions for ring in region.rings]
    return Outlines(
        np.concatenate(rings),
        np.cumsum([0, *map(len, rings)]),
        np.repeat(np.arange(len(regions)), [len(region.rings) for region in regions]),
    )


def work_of(regions: list[Region]) -> Work:
    return count_work(outlines(regions), SIZE, SIZE, MAX_OVERLAP_PX2)


def is_countable(regions: list[Region]) -> bool:
    """Return whether the parser would accept the regions."""
    rings = [ring for region in regions for ring in region.rings]
    return (
        len(regions) <= MAX_REGIONS
        and len(rings) <= MAX_RINGS
        and sum(map(len, rings)) <= MAX_POINTS
    )


@given(family=st.sampled_from(sorted(FAMILIES)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_label_is_slow_to_clean(family: str, seed: int) -> None:
    regions = FAMILIES[family](np.random.default_rng(seed))
    if not is_countable(regions):
        return
    with geos_points() as points:
        try:
            clean_regions(regions, SIZE, SIZE)
        except InvalidPolygons as refusal:
            assert str(refusal).endswith(".")  # noqa: PT017
    assert points[0] <= MAX_GEOS_POINTS


@pytest.mark.parametrize(
    "regions",
    [
        pytest.param(hostile_labels.nested_circles(60, 480), id="60 nested circles"),
        pytest.param(hostile_labels.nested_circles(200, 180), id="200 nested circles"),
        pytest.param(hostile_labels.stacked_circles(80, 480, 1.0), id="stacked circles"),
        pytest.param(hostile_labels.grid_of_bars(200), id="crossing bars"),
        pytest.param(regions_of(hostile_labels.star_polygon(501, 250)), id="star polygon"),
        pytest.param(hostile_labels.sieve(900, 12, np.random.default_rng(1), 3), id="sieves"),
    ],
)
def test_refused_before_geos_sees_a_point(regions: list[Region]) -> None:
    with geos_points() as points, pytest.raises(InvalidPolygons, match=r"tangled|overlap or touch"):
        clean_regions(regions, SIZE, SIZE)
    assert points[0] == 0


def test_overlaps_beyond_the_bound_are_refused_before_any_is_taken_away() -> None:
    """Shapes with overlapping boxes are tested for overlap; too many overlaps end it."""
    regions = hostile_labels.scattered_circles(400, 8, 20, np.random.default_rng(4))
    work = work_of(regions)
    assert work.before_overlaps <= cleaning_cost.MAX_COST_BEFORE
    assert work.without_overlaps <= MAX_COST < work.at_most
    with (
        geos_points() as points,
        pytest.raises(InvalidPolygons, match="overlap or touch each other"),
    ):
        clean_regions(regions, SIZE, SIZE)
    assert points[0] < 10 * work.pair_region_points


@pytest.mark.parametrize(
    "regions",
    [
        pytest.param(patchwork(10, 50, np.random.default_rng(1)), id="100 areas of 200 points"),
        pytest.param(patchwork(30, 4, np.random.default_rng(1)), id="900 areas of 16 points"),
        pytest.param(
            regions_of(
                *(
                    hostile_labels.circle(10 + 11 * (n % 45), 10 + 11 * (n // 45), 5, 19)
                    for n in range(MAX_REGIONS)
                )
            ),
            id="2000 rocks",
        ),
        pytest.param(
            regions_of(hostile_labels.circle(256, 256, 200, MAX_POINTS)), id="40,000 points"
        ),
    ],
)
def test_what_people_may_draw_is_let_through(regions: list[Region]) -> None:
    assert clean_regions(regions, SIZE, SIZE)


def same(one: list[Region], other: list[Region]) -> bool:
    return [(region.code, [ring.tolist() for ring in region.rings]) for region in one] == [
        (region.code, [ring.tolist() for ring in region.rings]) for region in other
    ]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_ordinary_labels_are_cleaned_as_ever(seed: int) -> None:
    """Areas that overlap, cross themselves, leave the image or share borders give the same bits."""
    rng = np.random.default_rng(seed)
    drawn = [_blob(rng, code) for code in rng.integers(0, 4, rng.integers(1, 12))]
    assert same(clean_regions(drawn, SIZE, SIZE), plain_cleaning.clean(drawn, SIZE, SIZE))
    shared = patchwork(int(rng.integers(2, 6)), int(rng.integers(2, 20)), rng)
    assert same(clean_regions(shared, SIZE, SIZE), plain_cleaning.clean(shared, SIZE, SIZE))


def _blob(rng: np.random.Generator, code: np.int64) -> Region:
    points = int(rng.integers(5, 60))
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    # So unsteady that some outlines cross themselves.
    angle += rng.normal(0, 0.05, points)
    radius = rng.uniform(10, 150) * (1 + rng.normal(0, 0.05, points))
    around = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Region(int(code), (rng.uniform(0, SIZE, 2) + around,))


def test_the_labels_of_a_crowd_are_far_from_the_bounds() -> None:
    for label in crowd.labels():
        assert same(clean_regions(label, crowd.SIZE, crowd.SIZE), label)
        work = count_work(outlines(label), crowd.SIZE, crowd.SIZE, MAX_OVERLAP_PX2)
        assert work.at_most < MAX_COST / 5


def crosses(a: Any, b: Any, c: Any, d: Any) -> bool:
    """Return whether segments ab and cd cross and share no end point."""
    if {tuple(a), tuple(b)} & {tuple(c), tuple(d)}:
        return False
    one, other = (
        shapely.Point(p) if p == q else shapely.LineString([p, q]) for p, q in ((a, b), (c, d))
    )
    return bool(shapely.intersects(one, other))


points_on_a_small_grid = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=9
)


@given(rings=st.lists(points_on_a_small_grid, min_size=1, max_size=4), step=st.floats(0.01, 40))
@settings(max_examples=150, deadline=None)
def test_crossings_are_counted_exactly(rings: list[list[tuple[int, int]]], step: float) -> None:
    regions = regions_of(*(np.round(np.array(ring) * step, 2) for ring in rings))
    edges = [
        (number, *edge)
        for number, region in enumerate(regions)
        for ring in region.rings
        # Whole numbers, with which GEOS is exact.
        for whole in [np.round(100 * ring)]
        for edge in zip(whole.tolist(), np.roll(whole, -1, axis=0).tolist(), strict=True)
    ]
    pairs = [
        one[0] == other[0]
        for one, other in itertools.combinations(edges, 2)
        if crosses(*one[1:], *other[1:])
    ]
    work = work_of(regions)
    assert (work.own_crossings, work.crossings) == (sum(pairs), len(pairs) - sum(pairs))
    assert work.edge_pairs >= len(pairs)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_pairs_of_boxes_and_points_in_them(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 20, (count, 2)).astype(np.float64)
    high = low + rng.integers(0, 8, (count, 2))
    pairs, common = box_pairs(low, high, 0.5)
    expected = {
        (a, b)
        for a, b in itertools.combinations(range(count), 2)
        if (sides := np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])).min() > 0
        and sides.prod() > 0.5
    }
    assert {(a, b) for a, b in pairs.tolist()} == expected
    assert len(pairs) == len(expected)

    points = rng.uniform(0, 30, (200, 2))
    counted = PointTable(points, np.array([30.0, 30.0])).count(common)
    for box, number in zip(common, counted, strict=True):
        inside = ((points >= box[:2]) & (points <= box[2:])).all(axis=1).sum()
        assert number >= inside


def test_the_length_of_all_outlines_is_bounded() -> None:
    teeth = regions_of(hostile_labels.comb(1500, height=400))
    assert work_of(regions_of(hostile_labels.comb(100, height=400))).length_px > 80_000
    with pytest.raises(
        TooTangled, match="px long in total, but a drawing may have at most 1000000"
    ):
        work_of(teeth)
