"""Tiles by range: about the same ground in each, and no pixel left out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from simulation.scenes.scene import aim_camera, make_scene
from terrain.camera import CameraModel, Vector, flat_ground_range
from terrain.display.reduced_range import meters, reduce_range
from terrain.projection.orthographic import ground_frame
from terrain.projection.tiles import Tile, ranges_of_rows, ranges_on_plane, tiles_by_range
from tests.terrain.test_camera import CURIOSITY, SPIRIT

SIZE = 1024
SIDE_M, LIMIT_M = 2.0, 30.0
LEVEL: Vector = (0.0, 0.0, -1.0)

#: (camera, up, how far the ground lies below the frame's origin)
CAMERAS: dict[str, tuple[CameraModel, Vector, float]] = {
    "looking far": (aim_camera(0.3, math.radians(9.0), SIZE), LEVEL, 0.0),
    "looking down": (aim_camera(-2.0, math.radians(29.0), SIZE), LEVEL, 0.0),
    "Spirit, CAHVOR": (SPIRIT, LEVEL, 0.25),
}


def tiles_of(camera: CameraModel, up: Vector, ground_z: float) -> list[Tile]:
    frame = ground_frame(camera, ground_z, up)
    ranges = ranges_on_plane(camera, (SIZE, SIZE), ground_z, up)
    return tiles_by_range(ranges, SIZE, camera.focal_length_px, frame.height, SIDE_M, LIMIT_M)


def ground_areas(camera: CameraModel, up: Vector, ground_z: float) -> npt.NDArray[np.float64]:
    """Return the area of ground that each pixel shows, m² (height, width)."""
    frame = ground_frame(camera, ground_z, up)
    edge = np.arange(SIZE + 1, dtype=np.float64)
    range_m = flat_ground_range(camera, edge[None, :], edge[:, None], ground_z, up)
    _, ray = camera.pixel_to_ray(edge[None, :], edge[:, None])
    place = np.where(np.isfinite(range_m), range_m, np.nan)[..., None] * ray
    ahead, right = place @ np.array(frame.ahead), place @ np.array(frame.right)
    first = np.stack([ahead[1:, 1:] - ahead[:-1, :-1], right[1:, 1:] - right[:-1, :-1]])
    second = np.stack([ahead[1:, :-1] - ahead[:-1, 1:], right[1:, :-1] - right[:-1, 1:]])
    area: npt.NDArray[np.float64] = abs(first[0] * second[1] - first[1] * second[0]) / 2
    return area


@pytest.mark.parametrize("name", CAMERAS)
def test_each_tile_covers_about_the_same_ground(name: str) -> None:
    areas = ground_areas(*CAMERAS[name])
    found = [
        float(np.nansum(areas[tile.top : tile.bottom, tile.left : tile.right]))
        for tile in tiles_of(*CAMERAS[name])
        if tile.right - tile.left < SIZE
    ]
    print(f"{name}: {len(found)} tiles of {min(found):.2f} to {max(found):.2f} m²")
    assert len(found) > 5
    # rows and columns are whole, and Spirit's horizon is aslant
    least, most = (0.6, 1.45) if name.startswith("Spirit") else (0.9, 1.1)
    assert min(found) > least * SIDE_M**2
    assert max(found) < most * SIDE_M**2


@pytest.mark.parametrize("name", CAMERAS)
def test_no_pixel_within_the_limit_is_left_out(name: str) -> None:
    camera, up, ground_z = CAMERAS[name]
    covered = np.zeros((SIZE, SIZE), dtype=bool)
    for tile in tiles_of(camera, up, ground_z):
        assert 0 <= tile.left < tile.right <= SIZE
        assert 0 <= tile.top < tile.bottom <= SIZE
        covered[tile.top : tile.bottom, tile.left : tile.right] = True
    ranges = ranges_on_plane(camera, (SIZE, SIZE), ground_z, up)
    assert (covered.all(axis=1) == (ranges <= LIMIT_M)).all()


def test_tiles_of_a_band_have_one_size_and_shrink_with_range() -> None:
    bands = [
        list(band)
        for _, band in itertools.groupby(tiles_of(*CAMERAS["looking far"]), lambda t: t.near_m)
    ]
    sizes = []
    for band in bands:
        ((width, height),) = {(tile.right - tile.left, tile.bottom - tile.top) for tile in band}
        assert [tile.left for tile in band] == sorted({tile.left for tile in band})
        sizes.append((width, height))
    assert sizes == sorted(sizes, reverse=True)
    assert len(bands) > 8


def test_rows_of_a_range_map_are_those_of_the_plane_it_shows() -> None:
    camera, up, ground_z = CAMERAS["looking down"]
    center = np.arange(SIZE) + 0.5
    plane = flat_ground_range(camera, center[None, :], center[:, None], ground_z, up)
    # a row's median is as far as the column a quarter of the width beside the middle
    quarter = flat_ground_range(camera, SIZE / 4, center, ground_z, up)
    rows = ranges_of_rows(meters(reduce_range(plane)), SIZE)
    np.testing.assert_allclose(rows[2:], quarter[2:], rtol=0.01)


def test_rows_without_a_range_lie_between_their_neighbors() -> None:
    range_m = np.array([[0.0, 0.0], [40.0, 40.0], [0.0, 0.0], [8.0, 10.0], [4.0, 0.0]], np.float32)
    rows = ranges_of_rows(range_m, 20)
    assert np.isinf(rows[:6]).all()
    assert rows[8:12].tolist() == sorted(rows[8:12].tolist(), reverse=True)
    assert 9.0 < rows[11] < rows[8] < 40.0
    assert rows[18:].tolist() == [4.0, 4.0]


def test_a_simulated_scene_has_tiles_of_its_range_map() -> None:
    scene = make_scene(0, 256)
    frame = ground_frame(scene.camera)
    rows = ranges_of_rows(meters(reduce_range(scene.range_m)), 256)
    tiles = tiles_by_range(rows, 256, scene.camera.focal_length_px, frame.height, SIDE_M, LIMIT_M)
    assert len(tiles) > 20
    for tile in tiles:
        seen = scene.range_m[tile.top : tile.bottom, tile.left : tile.right]
        middle = np.median(seen[seen > 0]) if (seen > 0).any() else math.nan
        assert math.isnan(middle) or middle < LIMIT_M * 1.5


def test_no_ground_no_tiles() -> None:
    nothing = np.zeros((4, 4), dtype=np.float32)
    assert tiles_by_range(ranges_of_rows(nothing, 16), 16, 100.0, 1.9, 2.0, 30.0) == []
    upward = aim_camera(0.0, math.radians(-40.0), 64)
    ranges = ranges_on_plane(upward, (64, 64))
    assert tiles_by_range(ranges, 64, upward.focal_length_px, 1.9, 2.0, 30.0) == []
    steep = ranges_on_plane(CURIOSITY, (SIZE, SIZE))
    assert tiles_by_range(steep, SIZE, CURIOSITY.focal_length_px, 1.8, 20.0, 30.0) == []


def test_a_tile_needs_a_length() -> None:
    with pytest.raises(ValueError, match="needs a length"):
        tiles_by_range(np.full(4, 5.0), 4, 100.0, 1.9, 0.0, 30.0)
