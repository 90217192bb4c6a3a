"""The ground and its textures."""

import numpy as np
import pytest

from simulation.scenes.ground import (
    BIG_ROCK,
    BIG_ROCK_HEIGHT_M,
    RECIPES,
    SAND,
    Grid,
    Rock,
    _place_rock,
    make_grid,
    make_ground,
)
from simulation.scenes.textures import (
    fractal_tile,
    pebble_tile,
    plates_tile,
    sample,
    sample_nearest,
)


@pytest.fixture
def grid() -> Grid:
    return make_grid((-0.5, 0.5), 4 / 1225, 1.9)


def test_sampling_a_tile_at_its_samples_gives_the_samples_and_repeats() -> None:
    tile = np.arange(16, dtype=np.float32).reshape(4, 4)
    x, y = np.meshgrid(np.arange(-4, 8, dtype=np.float32), np.arange(-4, 8, dtype=np.float32))
    np.testing.assert_array_equal(sample(tile, x, y, 4.0), np.tile(tile, (3, 3)))
    np.testing.assert_array_equal(
        sample_nearest(tile, x + 0.5, y + 0.5, 4.0), np.tile(tile, (3, 3))
    )


def test_sampling_between_samples_is_the_mean() -> None:
    tile = np.array([[0, 1], [2, 3]], dtype=np.float32)
    half = np.array([0.5], dtype=np.float32)
    assert sample(tile, half, half, 2.0)[0] == 1.5


def test_tiles_are_finite_and_scaled() -> None:
    assert fractal_tile(1.7).std() == pytest.approx(1.0, abs=1e-3)
    assert pebble_tile().min() == 0.0
    plates = plates_tile()
    assert (plates.edge >= 0).all()
    assert ((plates.level >= 0) & (plates.level < 1)).all()


def test_shares_of_bedrock_and_sand_hold_in_the_view(grid: Grid) -> None:
    view = np.zeros((grid.azimuth.size, grid.radius.size), dtype=bool)
    view[::4, (grid.radius > 2) & (grid.radius < 25)] = True
    for recipe in RECIPES.values():
        ground = make_ground(recipe, grid, view, np.random.default_rng(5))
        bare = view & (ground.terrain != BIG_ROCK)
        assert np.isfinite(ground.height).all()
        assert (ground.terrain[bare] == SAND).mean() == pytest.approx(recipe.sand, abs=0.06)
        assert ((ground.albedo > 0) & (ground.albedo < 1.5)).all()


@pytest.mark.parametrize(
    ("half_width", "height", "is_big"),
    [(0.5, 0.6, True), (0.5, 0.2, False), (0.15, 0.2, False)],
    ids=["wide and high", "wide but low", "narrow"],
)
def test_only_big_rocks_become_the_class_big_rock(
    grid: Grid, half_width: float, height: float, is_big: bool
) -> None:
    view = np.ones((grid.azimuth.size, grid.radius.size), dtype=bool)
    ground = make_ground(RECIPES["Smooth"], grid, view, np.random.default_rng(1))
    ground.terrain[:] = 0
    before = ground.height.copy()
    _place_rock(ground, Rock(5.0, 0.0, half_width, height, 11, is_big), 0.7)
    changed = ground.height != before
    assert changed.any()
    assert (ground.terrain[changed] == (BIG_ROCK if is_big else 0)).all()
    if is_big:
        assert (ground.height - before).max() > BIG_ROCK_HEIGHT_M
