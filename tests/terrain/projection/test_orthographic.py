"""Views from above: shapes of known size on planes, on slopes, and on simulated ground."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.scenes.ground import NEAREST_M
from simulation.scenes.scene import CAMERA_HEIGHT_M, Scene, aim_camera, ground_of, make_scene
from terrain.camera import CameraModel, Vector
from terrain.display.reduced_range import meters, reduce_range
from terrain.projection.orthographic import (
    UNSEEN,
    Grid,
    GroundFrame,
    NoGround,
    Sources,
    ground_frame,
    mask_sources,
    sources_on_plane,
    sources_over_range,
    view_from_above,
)
from tests.terrain.test_camera import CURIOSITY, PINHOLE, SPIRIT, fisheye

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.uint8]

SIZE = 1024
SHAPE = (SIZE, SIZE)
CELL = 0.05
NOTHING, GROUND, MARK = 255, 0, 1
LEVEL: Vector = (0.0, 0.0, -1.0)

#: (camera, up in its frame, how far the ground lies below the frame's origin)
CAMERAS: dict[str, tuple[CameraModel, Vector, float]] = {
    "level pinhole": (PINHOLE, LEVEL, 0.0),
    "simulated": (aim_camera(2.0, 0.3, SIZE), LEVEL, 0.0),
    "Curiosity, CAHVOR": (CURIOSITY, LEVEL, 0.0),
    "Curiosity on a slope": (CURIOSITY, (0.12, -0.08, -0.99), 0.0),
    "Spirit on a slope": (SPIRIT, (-0.05, 0.1, -0.99), 0.25),
    "fisheye, CAHVORE": (fisheye(0.4), LEVEL, 0.25),
}


def rays(camera: CameraModel) -> tuple[Array, Array]:
    """Return the origin of each pixel's ray, relative to the camera's center, and its direction."""
    center = np.arange(SIZE) + 0.5
    origin, direction = camera.pixel_to_ray(center[None, :], center[:, None])
    return np.broadcast_to(origin - np.array(camera.c), direction.shape), direction


@functools.cache
def looked_at(
    camera: CameraModel, frame: GroundFrame, lean: tuple[float, float] = (0.0, 0.0)
) -> tuple[Array, Array, Array]:
    """Return meters ahead and to the right where pixels meet the ground, and their range; NaN: sky.

    lean: how much the ground rises for each meter ahead and to the right.
    """
    start, direction = rays(camera)
    axes = np.stack([np.array(frame.ahead), np.array(frame.right), np.array(frame.up)], axis=1)
    a, b = start @ axes, direction @ axes
    normal = np.array([-lean[0], -lean[1], 1.0])
    falls = b @ normal
    along = -(a @ normal + frame.height) / np.where(falls < -1e-3, falls, np.nan)
    place = a + along[..., None] * b
    return (
        place[..., 0],
        place[..., 1],
        np.linalg.norm(start + along[..., None] * direction, axis=2),
    )


def painted(ahead: Array, right: Array, shape: str, middle: tuple[float, float], m: float) -> Mask:
    """Return a mark on the ground, `m` meters across, around a position."""
    da, dr = ahead - middle[0], right - middle[1]
    inside = (
        np.hypot(da, dr) <= m / 2 if shape == "circle" else np.maximum(abs(da), abs(dr)) <= m / 2
    )
    return np.where(inside, np.uint8(MARK), np.where(np.isnan(ahead), NOTHING, GROUND)).astype(
        np.uint8
    )


def measured(view: Mask, grid: Grid) -> tuple[float, Array, Array]:
    """Return the mark's area in m², center, and extents (ahead, right) in meters, in a view."""
    rows, columns = np.nonzero(view == MARK)
    places = np.stack([grid.ahead()[rows], grid.right()[columns]], axis=1)
    return (
        len(rows) * grid.meters_per_pixel**2,
        places.mean(axis=0),
        np.ptp(places, axis=0) + grid.meters_per_pixel,
    )


def middle_of_view(ahead: Array, right: Array) -> tuple[float, float]:
    """Return a position well inside the image, not too far away."""
    row, column = SIZE * 5 // 8, SIZE // 2
    return float(ahead[row, column]), float(right[row, column])


@pytest.mark.parametrize("shape", ["circle", "square"])
@pytest.mark.parametrize("name", CAMERAS)
def test_a_shape_on_a_plane_has_its_size_and_place(name: str, shape: str) -> None:
    camera, up, ground_z = CAMERAS[name]
    frame = ground_frame(camera, ground_z, up)
    ahead, right, _ = looked_at(camera, frame)
    middle = middle_of_view(ahead, right)
    # as large as fits: 100 pixels' height around the middle, on the ground
    m = float(min(abs(ahead[SIZE * 5 // 8 - 100, SIZE // 2] - middle[0]), 1.5))
    grid = Grid(m / 100, middle[0] - m, middle[0] + m, abs(middle[1]) + m)
    label = painted(ahead, right, shape, middle, m)
    view = view_from_above(label, sources_on_plane(camera, frame, grid, SHAPE), NOTHING)
    area, found_middle, extents = measured(view, grid)
    assert area == pytest.approx(np.pi * m**2 / 4 if shape == "circle" else m**2, rel=0.02)
    np.testing.assert_allclose(found_middle, middle, atol=grid.meters_per_pixel)
    # a cell on either side, and what a pixel of the picture is wide on the ground there
    foot = float(abs(np.diff(ahead[SIZE * 5 // 8 - 100 : SIZE * 5 // 8, SIZE // 2])).max())
    np.testing.assert_allclose(extents, m, atol=2 * max(foot, grid.meters_per_pixel))


LEANS = {"level": (0.0, 0.0), "rising": (0.08, 0.0), "falling": (-0.05, 0.0), "aslant": (0.04, 0.1)}


@pytest.mark.parametrize("shape", ["circle", "square"])
@pytest.mark.parametrize("lean", LEANS.values(), ids=LEANS)
@pytest.mark.parametrize("name", ["level pinhole", "simulated", "Curiosity on a slope"])
def test_a_shape_on_a_slope_has_its_size_and_place(
    name: str, lean: tuple[float, float], shape: str
) -> None:
    camera, up, ground_z = CAMERAS[name]
    frame = ground_frame(camera, ground_z, up)
    ahead, right, range_m = looked_at(camera, frame, lean)
    middle = middle_of_view(ahead, right)
    label = painted(ahead, right, shape, middle, 1.0)
    grid = Grid(0.02, middle[0] - 2.0, middle[0] + 2.0, abs(middle[1]) + 2.0)
    reduced = meters(reduce_range(np.nan_to_num(range_m)))
    view = view_from_above(label, sources_over_range(camera, frame, grid, SHAPE, reduced), NOTHING)
    area, found_middle, extents = measured(view, grid)
    assert area == pytest.approx(np.pi / 4 if shape == "circle" else 1.0, rel=0.03)
    np.testing.assert_allclose(found_middle, middle, atol=grid.meters_per_pixel)
    np.testing.assert_allclose(extents, 1.0, atol=2 * grid.meters_per_pixel)


@given(
    pan=st.floats(-3.1, 3.1),
    pitch=st.floats(0.1, 1.2),
    tilt=st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    ground_z=st.floats(0.0, 0.5),
    pick=st.floats(0.0, 1.0, exclude_max=True),
)
@settings(max_examples=60, deadline=None)
def test_from_a_pixel_to_the_ground_and_back(
    pan: float, pitch: float, tilt: tuple[float, float], ground_z: float, pick: float
) -> None:
    """A cell shows the pixel whose patch of the ground contains the cell's center."""
    camera = aim_camera(pan, pitch, 64)
    frame = ground_frame(camera, ground_z, (*tilt, -1.0))
    grid = Grid(0.25, 0.0, 12.0, 6.0)
    sources = sources_on_plane(camera, frame, grid, (64, 64))
    seen = np.argwhere(sources != UNSEEN)
    if not len(seen):
        return
    row, column = seen[int(pick * len(seen))]
    y, x = divmod(int(sources[row, column]), 64)
    corners = camera.pixel_to_ray(np.array([x, x + 1, x + 1, x]), np.array([y, y, y + 1, y + 1]))[1]
    place = (
        np.array(frame.foot)
        + grid.ahead()[row] * np.array(frame.ahead)
        + grid.right()[column] * np.array(frame.right)
    )
    toward = place - np.array(camera.c)
    # inside all four planes through the camera and the pixel's sides
    sides = np.cross(corners, np.roll(corners, -1, axis=0))
    assert (sides @ toward >= -1e-9 * np.linalg.norm(toward)).all()


@pytest.mark.parametrize("name", CAMERAS)
def test_what_is_not_in_the_picture_is_not_seen(name: str) -> None:
    """Each cell is compared with the image's own rays, without the camera's projection."""
    camera, up, ground_z = CAMERAS[name]
    frame = ground_frame(camera, ground_z, up)
    grid = Grid(0.1, -8.0, 12.0, 10.0)
    seen = sources_on_plane(camera, frame, grid, SHAPE) != UNSEEN
    ahead, right, _ = looked_at(camera, frame)
    near = np.isfinite(ahead)
    row = np.floor((grid.farthest_m - ahead[near]) / 0.1)
    column = np.floor(right[near] / 0.1 + seen.shape[1] / 2)
    inside = (row >= 0) & (row < seen.shape[0]) & (column >= 0) & (column < seen.shape[1])
    hit = np.zeros_like(seen)
    hit[row[inside].astype(int), column[inside].astype(int)] = True
    # cells on the picture's border are hit by some pixel and have their middle outside of it
    assert not (seen & ~widened(hit)).any()
    assert not (hit & ~widened(seen)).any()


def widened(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    padded = np.pad(mask, 2)
    shifts = [(i, j) for i in range(5) for j in range(5)]
    height, width = mask.shape
    return np.any([padded[i : i + height, j : j + width] for i, j in shifts], axis=0)


def test_a_box_hides_what_is_behind_it() -> None:
    """Nothing is invented on the ground behind a box 0.5 m high."""
    camera, up, ground_z = CAMERAS["simulated"]
    frame = ground_frame(camera, ground_z, up)
    _, _, ground = looked_at(camera, frame)
    _, direction = rays(camera)
    to_box = direction @ np.stack([frame.ahead, frame.right, frame.up], axis=1)
    low, high = np.array([6.0, -0.5, -frame.height]), np.array([6.3, 0.5, 0.5 - frame.height])
    with np.errstate(divide="ignore"):
        enter, leave = low / to_box, high / to_box
    first, last = np.minimum(enter, leave).max(axis=2), np.maximum(enter, leave).min(axis=2)
    box = (first > 0) & (first <= last)
    range_m = np.where(box, first, np.nan_to_num(ground))
    grid = Grid(CELL, 4.0, 10.0, 2.0)
    sources = sources_over_range(camera, frame, grid, SHAPE, meters(reduce_range(range_m)))
    view = view_from_above(box.astype(np.uint8), sources, NOTHING)
    ahead, right = grid.ahead()[:, None], grid.right()[None, :]
    # the shadow of the box's far upper edge, seen from the camera, less two pixels' footprints
    shadow_end = 6.3 * frame.height / (frame.height - 0.5)
    shadow = (ahead > 6.5) & (ahead < shadow_end - 0.2) & (abs(right) < 0.4)
    assert (view[shadow] == NOTHING).mean() > 0.9
    assert (view[(ahead > 6.05) & (ahead < 6.25) & (abs(right) < 0.4)] == MARK).all()
    beside = ((ahead < 5.9) | (ahead > shadow_end + 0.4)) & (abs(right) < 1.0)
    assert (view[beside] == GROUND).mean() > 0.99


# -- simulated ground ------------------------------------------------------------------------------

SEEDS = (0, 1, 6)


@functools.cache
def scene_of(seed: int) -> Scene:
    return make_scene(seed, SIZE)


def true_view(seed: int, scene: Scene, grid: Grid) -> Mask:
    """Return the true classes of the ground, cell by cell."""
    ground = ground_of(seed, SIZE)
    pan = np.arctan2(scene.camera.a[1], scene.camera.a[0])
    ahead, right = grid.ahead()[:, None], grid.right()[None, :]
    azimuth, radius = pan + np.arctan2(right, ahead), np.hypot(ahead, right)
    first = ground.grid.azimuth[0]
    azimuth = first + np.mod(azimuth - first + np.pi, 2 * np.pi) - np.pi
    i = np.rint((azimuth - first) / (ground.grid.azimuth[1] - first)).astype(int)
    j = np.rint(np.log(radius / NEAREST_M) / np.log(ground.grid.radius[1] / NEAREST_M)).astype(int)
    rows, rings = ground.terrain.shape
    inside = (i >= 0) & (i < rows) & (j >= 0) & (j < rings)
    return np.where(
        inside, ground.terrain[np.clip(i, 0, rows - 1), np.clip(j, 0, rings - 1)], NOTHING
    )


@functools.cache
def views(seed: int, grid: Grid) -> tuple[Mask, Mask, Mask]:
    """Return the true classes, those seen with the range map, and those seen on a plane."""
    scene = scene_of(seed)
    frame = ground_frame(scene.camera)
    assert frame.height == CAMERA_HEIGHT_M
    reduced = meters(reduce_range(scene.range_m))
    over_range: Sources = sources_over_range(scene.camera, frame, grid, SHAPE, reduced)
    on_plane = sources_on_plane(scene.camera, frame, grid, SHAPE)
    return (
        true_view(seed, scene, grid),
        view_from_above(scene.truth, over_range, NOTHING),
        view_from_above(scene.truth, on_plane, NOTHING),
    )


def agreement(true: Mask, seen: Mask) -> float:
    both = (true != NOTHING) & (seen != NOTHING)
    return float((true == seen)[both].mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_lie_where_the_ground_has_their_class(seed: int) -> None:
    true, over_range, on_plane = views(seed, Grid(CELL, 0.0, 20.0, 10.0))
    print(f"over range {agreement(true, over_range):.4f}, plane {agreement(true, on_plane):.4f}")
    assert (over_range != NOTHING).sum() > 10_000
    assert agreement(true, over_range) > 0.96
    assert agreement(true, over_range) > agreement(true, on_plane)


@pytest.mark.parametrize("seed", SEEDS)
def test_areas_are_true(seed: int) -> None:
    """The visible area of each class is correct to 1.5 %."""
    true, over_range, _ = views(seed, Grid(CELL, 0.0, 20.0, 10.0))
    seen = (over_range != NOTHING) & (true != NOTHING)
    for code in range(4):
        difference = np.count_nonzero(over_range[seen] == code) - np.count_nonzero(
            true[seen] == code
        )
        assert abs(difference) < 0.015 * seen.sum()


# -- edges -----------------------------------------------------------------------------------------


def test_grid_counts_from_the_camera() -> None:
    grid = Grid(0.5, 1.0, 3.0, 1.0)
    assert grid.shape == (4, 4)
    assert grid.ahead().tolist() == [2.75, 2.25, 1.75, 1.25]
    assert grid.right().tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert grid.world_file() == (0.5, 0.0, 0.0, -0.5, -0.75, 2.75)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((0.0, 0.0, 30.0, 15.0), "needs a size"),
        ((0.05, 5.0, 5.0, 15.0), "empty"),
        ((0.05, 0.0, 30.0, 0.0), "empty"),
        ((0.05, 0.0, float("inf"), 15.0), "needs a size"),
        ((0.0001, 0.0, 30.0, 15.0), "larger ones"),
    ],
)
def test_a_view_without_sense_is_refused(
    numbers: tuple[float, float, float, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Grid(*numbers)


def test_a_camera_below_the_ground_sees_none() -> None:
    with pytest.raises(NoGround, match="below the ground"):
        ground_frame(PINHOLE, ground_z=-3.0)


def test_a_camera_that_looks_straight_down_has_the_pictures_top_ahead() -> None:
    camera = aim_camera(0.4, np.pi / 2, SIZE)
    frame = ground_frame(camera)
    np.testing.assert_allclose(frame.ahead, (np.cos(0.4), np.sin(0.4), 0.0), atol=1e-6)
    picture = np.repeat(np.arange(4, dtype=np.uint8), SIZE // 4)[:, None].repeat(SIZE, axis=1)
    view = view_from_above(
        picture, sources_on_plane(camera, frame, Grid(0.01, -0.5, 0.5, 0.1), SHAPE), NOTHING
    )
    assert view[:, 5].tolist() == sorted(view[:, 5].tolist())
    assert {1, 2} <= set(view[:, 5].tolist())


def test_masked_pixels_are_not_seen() -> None:
    sources = np.array([[0, 1, UNSEEN], [3, 2, 1]], dtype=np.int32)
    masked = np.array([[False, True], [False, False]])
    assert mask_sources(sources, masked).tolist() == [[0, UNSEEN, UNSEEN], [3, 2, UNSEEN]]
    assert mask_sources(sources, None) is sources


def test_color_pictures_keep_their_channels() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    view = view_from_above(picture, np.array([[3, UNSEEN]], dtype=np.int32), 0)
    assert view.tolist() == [[[9, 10, 11], [0, 0, 0]]]


def test_without_a_single_range_nothing_is_seen() -> None:
    frame = ground_frame(PINHOLE)
    none = np.zeros((SIZE // 4, SIZE // 4), dtype=np.float32)
    assert (sources_over_range(PINHOLE, frame, Grid(), SHAPE, none) == UNSEEN).all()


def test_a_picture_whose_size_is_no_multiple_of_four() -> None:
    camera = aim_camera(0.0, 0.4, 101)
    frame = ground_frame(camera)
    grid = Grid(0.1, 0.0, 10.0, 5.0)
    center = np.arange(101) + 0.5
    _, direction = camera.pixel_to_ray(center[None, :], center[:, None])
    fall = direction[..., 2]
    range_m = np.where(fall > 0.01, frame.height / np.maximum(fall, 0.01), 0.0)
    over_range = sources_over_range(camera, frame, grid, (101, 101), meters(reduce_range(range_m)))
    on_plane = sources_on_plane(camera, frame, grid, (101, 101))
    both = (over_range != UNSEEN) & (on_plane != UNSEEN)
    assert both.sum() > 0.9 * (on_plane != UNSEEN).sum()
    rows = abs(over_range[both] // 101 - on_plane[both] // 101)
    columns = abs(over_range[both] % 101 - on_plane[both] % 101)
    assert np.quantile(rows, 0.98) <= 1
    assert np.quantile(columns, 0.98) <= 1
