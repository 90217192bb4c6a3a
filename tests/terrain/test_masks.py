"""Which pixels a polygon covers, and that masks and polygons represent the same label."""

import itertools
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio.features
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from terrain.geometry.regions import Region, parse_regions, regions_to_json
from terrain.masks import NO_LABEL, mask_to_regions, rasterize_regions, rasterize_rings

Ring = npt.NDArray[np.float64]

masks = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 20), st.integers(1, 70)),
    elements=st.sampled_from([0, 1, 2, 50, 254, NO_LABEL]),
)


def ring(*points: tuple[float, float]) -> Ring:
    return np.array(points, dtype=np.float64)


def box(left: float, top: float, right: float, bottom: float) -> Ring:
    return ring((left, top), (right, top), (right, bottom), (left, bottom))


def picture(mask: npt.NDArray[np.bool_]) -> list[str]:
    return ["".join("#" if inside else "." for inside in row) for row in mask]


def test_x_goes_right_and_y_goes_down() -> None:
    assert picture(rasterize_rings([box(1, 0, 4, 2)], 3, 5)) == [".###.", ".###.", "....."]


def test_a_hole_is_left_open() -> None:
    drawn = rasterize_rings([box(0, 0, 5, 5), box(1, 1, 4, 4)], 5, 5)
    assert picture(drawn) == ["#####", "#...#", "#...#", "#...#", "#####"]


def test_a_self_crossing_ring_is_filled_even_odd() -> None:
    star = ring((0, 0), (6, 0), (6, 6), (2, 6), (2, 2), (4, 2), (4, 4), (0, 4))
    assert picture(rasterize_rings([star], 6, 6)) == [
        "######",
        "######",
        "##..##",
        "##..##",
        "..####",
        "..####",
    ]


def test_outside_the_image_is_clipped() -> None:
    assert picture(rasterize_rings([box(-5, -5, 2, 2)], 3, 3)) == ["##.", "##.", "..."]
    assert picture(rasterize_rings([box(-9, -9, 99, 99)], 2, 2)) == ["##", "##"]
    assert not rasterize_rings([box(10, 10, 20, 20)], 3, 3).any()
    assert not rasterize_rings([box(-20, 0, -10, 3)], 3, 3).any()


def test_centers_on_the_outline_belong_to_the_side_at_the_upper_left() -> None:
    # All four corners lie on pixel centers.
    assert picture(rasterize_rings([box(0.5, 0.5, 2.5, 2.5)], 4, 4)) == [
        ".##.",
        ".##.",
        "....",
        "....",
    ]


@pytest.mark.parametrize("rings", [[], [ring()], [ring((1, 1), (3, 3), (1, 1))]])
def test_without_area_nothing_is_filled(rings: list[Ring]) -> None:
    rings = [points.reshape(-1, 2) for points in rings]
    assert not rasterize_rings(rings, 4, 4).any()


# Halves of a pixel, so that vertices and edges often lie exactly on centers.
halves = st.integers(-4, 44).map(lambda half: half / 2)


@given(fan=st.lists(st.tuples(halves, halves), min_size=2, max_size=8), apex=halves)
@settings(max_examples=150)
def test_polygons_that_share_borders_share_no_pixel_and_lose_none(
    fan: list[tuple[float, float]], apex: float
) -> None:
    # A fan of triangles around a point covers each pixel as often (mod 2) as its outline does.
    center = (apex, 7.5)
    whole = rasterize_rings([ring(*fan, center)], 20, 20)
    parts = np.zeros_like(whole)
    for a, b in itertools.pairwise(fan):
        parts ^= rasterize_rings([ring(center, a, b)], 20, 20)
    assert np.array_equal(parts, whole)


@given(cut=st.lists(halves, min_size=21, max_size=21))
def test_two_halves_of_an_image_own_each_pixel_once(cut: list[float]) -> None:
    border = [(x, float(y)) for y, x in enumerate(cut)]
    left = rasterize_rings([ring(*border, (-9, 20), (-9, 0))], 20, 20)
    right = rasterize_rings([ring(*border[::-1], (99, 0), (99, 20))], 20, 20)
    assert np.all(left ^ right)


def random_rings(rng: np.random.Generator, kind: str) -> list[Ring]:
    points = int(rng.integers(3, 40))
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if kind == "scribble":
        return [rng.uniform(-20, 120, (points, 2))]
    if kind == "blob":
        return [[50, 40] + circle * rng.uniform(5, 60, (points, 1))]
    return [[50, 40] + circle * [44, 38], [46, 42] + circle * rng.uniform(5, 12, (points, 1))]


@pytest.mark.parametrize("kind", ["scribble", "blob", "ring with a hole"])
def test_equal_to_gdal(kind: str) -> None:
    rng = np.random.default_rng(2021)
    for _ in range(400):
        rings = random_rings(rng, kind)
        closed = [np.concatenate([points, points[:1]]).tolist() for points in rings]
        polygon = {"type": "Polygon", "coordinates": closed}
        expected = rasterio.features.rasterize([(polygon, 1)], out_shape=(80, 100))
        assert np.array_equal(rasterize_rings(rings, 80, 100), expected)


def test_the_earlier_region_wins() -> None:
    regions = [Region(2, (box(0, 0, 2, 1),)), Region(0, (box(1, 0, 4, 1),))]
    assert rasterize_regions(regions, 1, 5).tolist() == [[2, 2, 0, 0, NO_LABEL]]
    assert rasterize_regions(regions[::-1], 1, 5).tolist() == [[2, 0, 0, 0, NO_LABEL]]


def test_no_regions_give_a_mask_without_labels() -> None:
    assert (rasterize_regions([], 2, 3) == NO_LABEL).all()
    assert mask_to_regions(np.full((2, 3), NO_LABEL, dtype=np.uint8)) == []


def test_diagonal_neighbors_are_two_regions() -> None:
    mask = np.array([[1, NO_LABEL], [NO_LABEL, 1]], dtype=np.uint8)
    assert len(mask_to_regions(mask)) == 2


def assert_survives(mask: npt.NDArray[np.uint8]) -> None:
    """Check that mask -> regions -> JSON text -> regions -> mask changes no pixel."""
    height, width = mask.shape
    regions = mask_to_regions(mask)
    assert np.array_equal(rasterize_regions(regions, height, width), mask)
    text = json.dumps(regions_to_json(regions))
    codes = set(np.unique(mask).tolist()) - {NO_LABEL}
    if len(regions) <= 2_000:
        again = parse_regions(json.loads(text), codes, width, height)
        assert np.array_equal(rasterize_regions(again, height, width), mask)


@given(mask=masks)
@settings(max_examples=60)
def test_a_mask_survives_as_regions(mask: npt.NDArray[np.uint8]) -> None:
    assert_survives(mask)


def test_every_real_mask_survives_as_regions(real_data: Path) -> None:
    paths = sorted((real_data / "ai4mars").rglob("*.png"))
    assert len(paths) > 100
    for path in paths:
        with Image.open(path) as image:
            mask = np.array(image)
        if "mxy" in path.parts or "rng-30m" in path.parts:
            mask = np.where(mask == 1, np.uint8(1), np.uint8(NO_LABEL))
        assert_survives(mask)
