"""The drawing page's ruler and rock sizes, run in Node, against scenes of known geometry.

The ruler measures the range as the server prepares it, reduced to cells of 4 x 4 pixels and to
whole centimeters; the reference is the scene's own points, exact for each pixel.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from simulation.scenes.ground import BIG_ROCK
from simulation.scenes.scene import Scene, make_scene
from terrain.camera import CameraModel, Vector
from terrain.display.reduced_range import reduce_range
from terrain.masks import mask_to_regions
from tests.terrain.test_camera import CURIOSITY, PINHOLE, SPIRIT
from tests.typescript import TypeScript

Array = npt.NDArray[np.float64]
Point = list[float]
#: (space, pairs of pixels, rings of rocks) -> (lengths, sizes)
Measure = Callable[
    [dict[str, Any], list[list[Point]], list[Any]], tuple[Array, list[dict[str, float]]]
]

SIZE = 1024
RULER_TOLERANCE = 0.03
SHORTEST_RULER_M = 0.5


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    run = TypeScript(
        tmp_path_factory.mktemp("measuring"),
        'import { distanceBetween, sizeOf } from "annotate/measure/size";',
        "(() => { const { range } = given.space;"
        " range.centimeters = Uint16Array.from(range.centimeters); return {"
        " lengths: given.pairs.map(([a, b]: any) => distanceBetween(given.space, a, b)),"
        " sizes: given.rocks.map((rings: any) => sizeOf(given.space, rings)) }; })()",
    )

    def measured(
        space: dict[str, Any], pairs: list[list[Point]], rocks: list[Any]
    ) -> tuple[Array, list[dict[str, float]]]:
        found = run({"space": space, "pairs": pairs, "rocks": rocks})
        return np.array(found["lengths"], dtype=np.float64), found["sizes"]

    return measured


def space_of(
    camera: CameraModel, range_m: npt.NDArray[np.floating], up: Iterable[float], estimated: bool
) -> dict[str, Any]:
    """Return what the page knows about the geometry of an image."""
    reduced = reduce_range(range_m)
    rows, columns = reduced.shape
    cells = {"columns": columns, "rows": rows, "centimeters": reduced.ravel().tolist()}
    return {
        "range": cells,
        "camera": camera.to_json(),
        "up": list(up),
        "estimated": estimated,
    }


def ruler_error(found: Array, true: Array) -> Array:
    """Return relative errors, after checking that none is missing."""
    assert not np.isnan(found).any()
    return np.abs(found / true - 1.0)


# -- a plain with a box on it, seen by real cameras ------------------------------------------------

#: (camera, up in its frame, how far the ground lies below the frame's origin)
CAMERAS: dict[str, tuple[CameraModel, Vector, float]] = {
    "level pinhole": (PINHOLE, (0.0, 0.0, -1.0), 0.0),
    "Curiosity, CAHVOR": (CURIOSITY, (0.0, 0.0, -1.0), 0.0),
    "Curiosity on a slope": (CURIOSITY, (0.12, -0.08, -0.99), 0.0),
    "Spirit, CAHVOR": (SPIRIT, (0.0, 0.0, -1.0), 0.25),
    "Spirit on a slope": (SPIRIT, (-0.05, 0.1, -0.99), 0.25),
}


class Plain:
    """Level ground with a box, `width` across the line of sight, `height`, `depth` meters."""

    def __init__(self, camera: CameraModel, up: Vector, ground_z: float) -> None:
        self.camera, self.ground_z = camera, ground_z
        self.up = np.array(up) / np.linalg.norm(up)
        _, self.middle = camera.pixel_to_ray(SIZE / 2, SIZE / 2)
        ahead = self.middle - (self.middle @ self.up) * self.up
        self.ahead = ahead / np.linalg.norm(ahead)
        self.across = np.cross(self.ahead, self.up)
        rows, cols = np.mgrid[0:SIZE, 0:SIZE]
        origin, self.rays = camera.pixel_to_ray(cols + 0.5, rows + 0.5)
        self.height = float(origin @ self.up + ground_z)
        fall = -(self.rays @ self.up)
        self.ground = np.where(fall > 1e-3, self.height / np.maximum(fall, 1e-3), 0.0)

    def with_box(
        self, distance: float, width: float, height: float, depth: float
    ) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Return the range (H, W) and the box's pixels; its front is `distance` ahead of the
        camera.
        """
        to_box = self.rays @ np.stack([self.ahead, self.across, self.up], axis=1)
        low = np.array([distance, -width / 2, -self.height])
        high = np.array([distance + depth, width / 2, height - self.height])
        with np.errstate(divide="ignore"):
            a, b = low / to_box, high / to_box
        enter = np.minimum(a, b).max(axis=-1)
        leave = np.maximum(a, b).min(axis=-1)
        hit = (enter > 0) & (enter <= leave)
        return np.where(hit, enter, self.ground), hit


@pytest.mark.parametrize("name", CAMERAS)
def test_a_ruler_on_level_ground(name: str, measure: Measure) -> None:
    plain = Plain(*CAMERAS[name])
    rng = np.random.default_rng(5)
    near = (plain.ground > 0) & (plain.ground < 25.0)
    rows, cols = np.nonzero(near)
    chosen = rng.integers(len(rows), size=(4000, 2))
    ends = plain.rays[rows, cols] * plain.ground[rows, cols][:, None]
    true = np.linalg.norm(ends[chosen[:, 0]] - ends[chosen[:, 1]], axis=1)
    long = true >= SHORTEST_RULER_M
    pixels = np.stack([cols, rows], axis=1)[chosen[long]] + 0.5
    space = space_of(plain.camera, plain.ground, plain.up, estimated=False)
    found, _ = measure(space, pixels.tolist(), [])
    error = ruler_error(found, true[long])
    assert error.max() < RULER_TOLERANCE
    print(f"{name}: {len(error)} rulers, largest error {error.max():.2%}")


@pytest.mark.parametrize("estimated", [False, True], ids=["measured", "estimated"])
@pytest.mark.parametrize("name", CAMERAS)
def test_a_box_has_its_width_and_its_height(name: str, estimated: bool, measure: Measure) -> None:
    plain = Plain(*CAMERAS[name])
    middle = plain.height / max(-float(plain.middle @ plain.up), 0.1)
    for distance, (width, height) in zip(
        (0.9 * middle, 1.0 * middle, 1.2 * middle),
        ((0.6, 0.4), (1.2, 0.7), (0.5, 0.3)),
        strict=True,
    ):
        depth = 0.4 * width
        range_m, box = plain.with_box(distance, width, height, depth)
        assert box.sum() > 500
        (region,) = mask_to_regions(np.where(box, 3, 255).astype(np.uint8))
        rings = [np.asarray(ring).tolist() for ring in region.rings]
        seen = plain.ground if estimated else range_m
        space = space_of(plain.camera, seen, plain.up, estimated=estimated)
        _, (size,) = measure(space, [], [rings])
        print(f"{name}: width {size['width'] / width:.3f}, height {size['height'] / height:.3f}")
        assert size["width"] == pytest.approx(width, rel=0.03)
        if estimated:
            # flat ground does not tell how deep a thing is: its back edge counts as height
            assert 0.97 * height < size["height"] < height + depth
        else:
            assert size["height"] == pytest.approx(height, rel=0.07)


# -- simulated scenes ------------------------------------------------------------------------------


SEEDS = range(5)


@functools.cache
def scene_of(seed: int) -> Scene:
    return make_scene(seed, SIZE)


def test_a_ruler_in_simulated_scenes(measure: Measure) -> None:
    """Between any two points, including edges of rocks, and between points of even ground.

    At edges a cell of 4 x 4 pixels may show two things at once; on both, pebbles are smaller than a
    cell.
    """
    errors, even = [], []
    for seed in SEEDS:
        scene = scene_of(seed)
        rng = np.random.default_rng(seed)
        known = (scene.range_m > 0) & (scene.range_m < 25.0)
        rows, cols = np.nonzero(known)
        start = rng.integers(len(rows), size=3000)
        angle, reach = rng.uniform(0, 2 * np.pi, 3000), rng.uniform(20, 400, 3000)
        to_row = np.rint(rows[start] + reach * np.sin(angle)).astype(int)
        to_col = np.rint(cols[start] + reach * np.cos(angle)).astype(int)
        inside = (to_row >= 0) & (to_row < SIZE) & (to_col >= 0) & (to_col < SIZE)
        inside[inside] &= known[to_row[inside], to_col[inside]]
        ends = np.stack(
            [
                np.stack([cols[start], rows[start]], axis=1)[inside],
                np.stack([to_col, to_row], axis=1)[inside],
            ],
            axis=1,
        )
        x, y = ends[..., 0], ends[..., 1]
        origin, ray = scene.camera.pixel_to_ray(x + 0.5, y + 0.5)
        places = origin + ray * scene.range_m[y, x][..., None].astype(np.float64)
        true = np.linalg.norm(places[:, 0] - places[:, 1], axis=1)
        long = true >= SHORTEST_RULER_M
        space = space_of(scene.camera, scene.range_m, (0.0, 0.0, -1.0), estimated=False)
        found, _ = measure(space, (ends[long] + 0.5).tolist(), [])
        errors.append(ruler_error(found, true[long]))
        flat = evenness(scene.range_m)[y, x].all(axis=1)
        even.append(flat[long])
    error, on_even = np.concatenate(errors), np.concatenate(even)
    assert len(error) > 5000
    assert on_even.sum() > 1000
    print(
        f"{len(error)} rulers: median {np.median(error):.2%}, 95 % {np.quantile(error, 0.95):.2%};"
        f" {on_even.sum()} on even ground: 99 % {np.quantile(error[on_even], 0.99):.2%},"
        f" largest {error[on_even].max():.2%}"
    )
    assert np.quantile(error, 0.95) < RULER_TOLERANCE
    assert np.quantile(error[on_even], 0.99) < RULER_TOLERANCE


def evenness(range_m: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return the pixels around which, within two cells, the inverse range is nearly planar."""
    known = range_m > 0
    inverse = np.where(known, 1.0 / np.where(known, range_m, 1.0), 0.0).astype(np.float64)
    window = np.arange(-4, 5)
    dy, dx = np.meshgrid(window, window, indexing="ij")
    n = window.size**2
    mean = ndimage.uniform_filter(inverse, window.size)
    slope_y = ndimage.correlate(inverse, dy / (dy**2).sum())
    slope_x = ndimage.correlate(inverse, dx / (dx**2).sum())
    square = ndimage.uniform_filter(inverse**2, window.size)
    rest = square - mean**2 - (slope_y**2 * (dy**2).sum() + slope_x**2 * (dx**2).sum()) / n
    whole = ndimage.minimum_filter(known, window.size)
    return whole & (np.sqrt(np.maximum(rest, 0.0)) < 0.004 * mean)


def test_big_rocks_of_simulated_scenes(measure: Measure) -> None:
    """Compared with the extent of the rock's own pixels, horizontally and vertically."""
    errors = []
    for seed in SEEDS:
        scene = scene_of(seed)
        number, count = ndimage.label(scene.truth == BIG_ROCK)
        rocks, truths = [], []
        for rock in range(1, count + 1):
            mask = number == rock
            rows, cols = np.nonzero(mask)
            known = scene.range_m[mask] > 0
            depth = np.ptp(scene.range_m[mask][known])
            at_edge = min(rows.min(), cols.min()) == 0 or max(rows.max(), cols.max()) == SIZE - 1
            if mask.sum() < 1000 or known.mean() < 0.7 or at_edge or depth > 1.2:
                continue
            origin, ray = scene.camera.pixel_to_ray(cols + 0.5, rows + 0.5)
            places = (origin + ray * scene.range_m[mask][:, None])[known]
            ahead = ray.mean(axis=0) * (1, 1, 0)
            side = np.cross(ahead / np.linalg.norm(ahead), (0, 0, -1))
            truths.append((np.ptp(places @ side), np.ptp(places[:, 2])))
            regions = mask_to_regions(np.where(mask, 3, 255).astype(np.uint8))
            largest = max(regions, key=lambda region: len(region.rings[0]))
            rocks.append([np.asarray(ring).tolist() for ring in largest.rings])
        space = space_of(scene.camera, scene.range_m, (0.0, 0.0, -1.0), estimated=False)
        _, sizes = measure(space, [], rocks)
        errors += [
            (size["width"] / width - 1.0, size["height"] / height - 1.0)
            for size, (width, height) in zip(sizes, truths, strict=True)
        ]
    error = np.abs(errors)
    print(f"{len(error)} rocks: median {np.median(error, 0)}, largest {error.max(axis=0)}")
    assert len(error) >= 5
    assert (np.median(error, axis=0) < (0.02, 0.04)).all()
    assert (error.max(axis=0) < (0.06, 0.08)).all()
