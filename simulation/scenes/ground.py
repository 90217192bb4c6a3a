"""The ground of a synthetic scene: heights, brightness and terrain class around the rover.

The ground is a height field on a polar grid centered below the camera: rows are azimuths, columns
are radii whose spacing grows with distance, as the footprint of a pixel does. So 30 m of pebbles
and 300 m of hills cost the same, and the ground point of a pixel is found by a search along one
row.

Frame: meters, x forward, y right, height UP (the rover frame's -z), azimuth from x toward y.
Terrain classes are the NAV key of the release: 0 soil, 1 bedrock, 2 sand, 3 big rock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from simulation.scenes.textures import (
    Field,
    Vector,
    fractal_tile,
    pebble_tile,
    plates_tile,
    sample,
    sample_nearest,
)

Index = npt.NDArray[np.int64]

SOIL, BEDROCK, SAND, BIG_ROCK = 0, 1, 2, 3

# A big rock stands higher than 30 cm and is at least 50 cm wide (paper section 3)
BIG_ROCK_HEIGHT_M = 0.30
BIG_ROCK_WIDTH_M = 0.50

NEAREST_M = 0.8
FARTHEST_M = 420.0

# Heights of the ground are computed at every sample, those of hills only at every fourth
_COARSE = 4


@dataclass(frozen=True)
class Recipe:
    """The parameters of a kind of terrain.

    Attributes:
        bedrock, sand: Shares of the near ground in the image; the rest is soil.
        relief: Height of the swells, meters.
        terraces: Height of one ledge of layered rock, meters; 0 for none.
        plate: Width of a slab, meters.
        ripple: Height of the large sand ripples, meters.
        stones: Number of loose stones.
        big_rocks: Smallest and largest number in view.
        pebbles: Height of the pebbles on soil, meters.
    """

    bedrock: float
    sand: float
    relief: float
    terraces: float
    plate: float
    ripple: float
    stones: int
    big_rocks: tuple[int, int]
    pebbles: float


# Orbital terrain classes of the gold set (paper Table 2)
RECIPES: dict[str, Recipe] = {
    "Smooth": Recipe(0.26, 0.16, 0.35, 0.0, 0.9, 0.03, 900, (1, 4), 0.014),
    "Ridged": Recipe(0.42, 0.15, 0.9, 0.08, 0.8, 0.04, 1100, (2, 6), 0.018),
    "Pitted": Recipe(0.34, 0.30, 0.8, 0.04, 0.6, 0.05, 1200, (3, 7), 0.018),
    "Highly Dissected": Recipe(0.48, 0.18, 1.2, 0.14, 0.7, 0.05, 1300, (4, 8), 0.020),
    "Fractured": Recipe(0.62, 0.14, 0.5, 0.03, 1.1, 0.04, 800, (1, 5), 0.014),
    "Sandy Pits and Ripple Fields": Recipe(0.24, 0.52, 0.8, 0.05, 0.9, 0.13, 500, (2, 6), 0.012),
    "Sand Dunes": Recipe(0.18, 0.64, 1.6, 0.06, 1.0, 0.20, 300, (1, 4), 0.010),
}


@dataclass(frozen=True)
class Grid:
    """Positions of the ground samples: azimuth (A,) radians, ascending; radius (R,) meters, each
    `1 + step` times the one before it. x, y: (A, R) meters; footprint: (A, R)-broadcastable (R,)
    length along the ground that one pixel spans on a level plain, meters.
    """

    azimuth: Field
    radius: Field
    footprint: Field
    x: Field
    y: Field


@dataclass(frozen=True)
class Rock:
    """A loose rock: position, half width and height (meters), and a seed for its facets."""

    x: float
    y: float
    half_width: float
    height: float
    shape: int
    is_big: bool


@dataclass(frozen=True)
class Ground:
    """The finished ground on its grid: height (A, R) meters, albedo (A, R) about 0..1, terrain
    (A, R) uint8 class codes, grit (A, R): how rough the surface is, 0 smooth sand .. 1 rock.
    """

    grid: Grid
    height: Field
    albedo: Field
    terrain: npt.NDArray[np.uint8]
    grit: Field


def make_grid(azimuths: tuple[float, float], pixel: float, camera_height: float) -> Grid:
    """Return the sampling for a camera with `pixel` radians per pixel between two azimuths."""
    count = int((azimuths[1] - azimuths[0]) / pixel) + 2
    azimuth = np.linspace(azimuths[0], azimuths[1], count).astype(np.float32)
    step = np.log1p(3.7 * pixel)
    rings = int(np.log(FARTHEST_M / NEAREST_M) / step) + 2
    radius = (NEAREST_M * np.exp(step * np.arange(rings))).astype(np.float32)
    footprint = (pixel * (radius**2 + camera_height**2) / camera_height).astype(np.float32)
    return Grid(
        azimuth=azimuth,
        radius=radius,
        footprint=footprint,
        x=cast(Field, np.cos(azimuth)[:, None] * radius),
        y=cast(Field, np.sin(azimuth)[:, None] * radius),
    )


def make_ground(
    recipe: Recipe, grid: Grid, view: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Ground:
    """Return the ground of one scene.

    Args:
        view: (A, R), the samples over which `recipe` sets the shares of bedrock and sand.
        rng: Source of all random choices, in an order that does not depend on the grid.
    """
    origin = rng.uniform(0, 500, size=(12, 2))
    angle = float(rng.uniform(0, 2 * np.pi))
    tilt = rng.uniform(-0.035, 0.035, size=2)
    tones = rng.uniform((0.50, 0.68, 0.27), (0.62, 0.85, 0.40))
    rocks = _scatter_rocks(recipe, grid, rng)

    swell, rock_field, sand_field, mottle, bend, patch = _coarse_fields(grid, origin, recipe)
    bed_limit, sand_limit = _limits(recipe, rock_field, sand_field, view)
    slab = _bedrock(recipe, grid, origin, angle, rock_field - bed_limit)
    is_bedrock = slab.inside
    sand_depth = cast(Field, sand_field - sand_limit)
    is_sand = sand_depth > 0

    height = swell + grid.x * np.float32(tilt[0]) + grid.y * np.float32(tilt[1])
    soil = _soil_height(recipe, grid, origin)
    height += np.where(is_bedrock, slab.height, soil)
    drift = np.clip(sand_depth * 6.0, 0.0, 1.0)
    drift *= drift * (3.0 - 2.0 * drift)
    ripples = _ripples(recipe, grid, angle, bend, patch)
    # sand covers the ground below and hides its detail
    height += drift * (ripples + np.float32(0.05) - np.where(is_bedrock, 0.85 * slab.height, soil))

    grain = 1.0 + 0.10 * mottle
    dust = np.clip(0.5 + 0.5 * mottle, 0.0, 1.0)
    albedo = np.where(is_bedrock, tones[1] * slab.tone, tones[0] * (0.9 + 0.2 * dust))
    # a thin cover hides the tone of the ground, not its shape
    cover = np.clip(sand_depth * 18.0, 0.0, 1.0)
    albedo = albedo * (1.0 - cover) + tones[2] * cover
    # distant ground takes the tone of the dust in between
    plain = np.clip((grid.radius - 30.0) / 160.0, 0.0, 0.8)
    albedo = albedo * (1.0 - plain) + 0.5 * plain
    albedo = (albedo * grain).astype(np.float32)
    grit = np.where(is_sand, 0.12, np.where(is_bedrock, 0.75, 0.55)).astype(np.float32)
    terrain = np.where(is_sand, SAND, np.where(is_bedrock, BEDROCK, SOIL)).astype(np.uint8)
    ground = Ground(grid, height.astype(np.float32), albedo, terrain, grit)
    for rock in rocks:
        _place_rock(ground, rock, float(tones[1]))
    return ground


def _coarse_fields(grid: Grid, origin: Vector, recipe: Recipe) -> tuple[Field, ...]:
    """Return slowly varying fields, each (A, R).

    Swells, tendency to rock, tendency to sand, mottling, bending and strength of ripples.
    """
    rows = np.unique(np.append(np.arange(0, grid.azimuth.size, _COARSE), grid.azimuth.size - 1))
    cols = np.unique(np.append(np.arange(0, grid.radius.size, _COARSE), grid.radius.size - 1))
    x, y = grid.x[np.ix_(rows, cols)], grid.y[np.ix_(rows, cols)]
    radius = grid.radius[cols]
    soft, craggy = fractal_tile(2.2), fractal_tile(1.7)

    def noise(tile: Field, which: int, period: float) -> Field:
        return sample(tile, x + origin[which, 0], y + origin[which, 1], period)

    swell = noise(soft, 0, 46.0) * recipe.relief * 0.55
    # level under the rover, hills far away
    swell *= np.clip((radius - 1.5) / 9.0, 0.0, 1.0)
    swell += noise(soft, 1, 310.0) * np.clip((radius - 25.0) / 150.0, 0.0, 1.0) ** 1.5 * 7.0
    rock = noise(soft, 2, 17.0) + 0.16 * noise(craggy, 3, 9.0)
    sand = noise(soft, 4, 21.0) + 0.04 * noise(soft, 5, 4.0) - 0.55 * rock
    mottle = noise(craggy, 6, 14.0)
    bend, patch = noise(soft, 10, 13.0), noise(soft, 11, 29.0)
    fields = (swell, rock, sand, mottle, bend, patch)
    return tuple(_refine(field.astype(np.float32), rows, cols, grid) for field in fields)


def _refine(coarse: Field, rows: Index, cols: Index, grid: Grid) -> Field:
    """Return a field given at some rows and columns of the grid, interpolated (bilinear)."""
    at_row = np.arange(grid.azimuth.size)
    at_col = np.arange(grid.radius.size)
    i = np.clip(np.searchsorted(rows, at_row, side="right") - 1, 0, rows.size - 2)
    j = np.clip(np.searchsorted(cols, at_col, side="right") - 1, 0, cols.size - 2)
    s = ((at_row - rows[i]) / (rows[i + 1] - rows[i])).astype(np.float32)[:, None]
    t = ((at_col - cols[j]) / (cols[j + 1] - cols[j])).astype(np.float32)
    wide = coarse[:, j] * (1 - t) + coarse[:, j + 1] * t
    return cast(Field, wide[i] * (1 - s) + wide[i + 1] * s)


def _limits(
    recipe: Recipe, rock: Field, sand: Field, view: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the thresholds of the bedrock and sand fields that give the recipe's shares."""
    sand_limit = float(np.quantile(sand[view], 1.0 - recipe.sand))
    bare = rock[view & (sand <= sand_limit)]
    return float(np.quantile(bare, 1.0 - recipe.bedrock / (1.0 - recipe.sand))), sand_limit


@dataclass(frozen=True)
class _Slabs:
    """Bedrock on the grid, arrays (A, R): its mask, relief in meters, and tone (about 1)."""

    inside: npt.NDArray[np.bool_]
    height: Field
    tone: Field


def _bedrock(recipe: Recipe, grid: Grid, origin: Vector, angle: float, lean: Field) -> _Slabs:
    """Return cracked, layered rock where `lean` is positive; it ends at whole slabs."""
    plates, chance = plates_tile(), np.float32(0.35)
    near = lean > -0.5 * chance
    x, y, lean = grid.x[near], grid.y[near], lean[near]
    scale = np.float32(1.0 / recipe.plate)
    blur = 1.5 * scale * np.broadcast_to(grid.footprint, near.shape)[near]
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    # slabs are longer than wide
    u = (x * cos + y * sin) * scale * np.float32(0.75) + np.float32(origin[7, 0])
    v = (y * cos - x * sin) * scale * np.float32(1.2) + np.float32(origin[7, 1])
    level = sample_nearest(plates.level, u, v, plates.period)
    joint = sample(plates.edge, u, v, plates.period) - 0.03 - 0.03 * level
    body = np.clip(joint / np.maximum(np.float32(0.035), blur), 0.0, 1.0)
    rough = sample(fractal_tile(1.85, 2), x + np.float32(origin[8, 0]), y, 3.7)
    cracks = sample(plates.edge, u * np.float32(2.7), v * np.float32(2.7), plates.period)
    fine = np.clip((cracks - 0.02) / 0.05, 0.0, 1.0)

    height = body * (0.015 + 0.05 * level * recipe.plate) + 0.006 * rough - 0.008 * (1.0 - fine)
    if recipe.terraces > 0.0:
        steps = 2.6 * np.clip(lean, 0.0, 1.3) + 0.10 * rough
        whole = np.floor(steps)
        part = np.clip((steps - whole) * 5.0, 0.0, 1.0)
        height += recipe.terraces * (whole + part * part * (3.0 - 2.0 * part))
    tone = (0.45 + 0.55 * body) * (0.85 + 0.15 * fine) * (0.84 + 0.3 * level) * (1 + 0.06 * rough)
    slabs = _Slabs(
        inside=np.zeros(near.shape, dtype=bool),
        height=np.zeros(near.shape, dtype=np.float32),
        tone=np.ones(near.shape, dtype=np.float32),
    )
    # slabs at the border are kept or removed as a whole, at random
    slabs.inside[near] = lean + chance * (level - 0.5) > 0.0
    slabs.height[near] = height
    slabs.tone[near] = tone
    return slabs


def _soil_height(recipe: Recipe, grid: Grid, origin: Vector) -> Field:
    """Return the height of pebbles of three sizes, each up to the distance at which a pixel
    resolves it.
    """
    height = np.zeros(grid.x.shape, dtype=np.float32)
    pebbles = pebble_tile()
    for period, scale in ((0.33, 0.3), (0.9, 0.7), (2.3, 1.6)):
        far = int(np.searchsorted(grid.footprint, 0.07 * period))
        if far == 0:
            continue
        x = grid.x[:, :far] + np.float32(origin[9, 0])
        y = grid.y[:, :far] + np.float32(origin[9, 1] * period)
        fade = np.clip(1.6 - grid.footprint[:far] / (0.045 * period), 0.0, 1.0)
        stones = sample(pebbles, x, y, period)
        if scale > 0.5:
            # large ones are rare: keep the pebbles that rise well above the rest
            stones = np.clip(stones - 0.42, 0.0, None)
        height[:, :far] += recipe.pebbles * scale * fade * stones
    grain = sample(fractal_tile(1.7, 3), grid.x, grid.y, 2.3)
    return height + np.float32(0.002) * grain


def _ripples(recipe: Recipe, grid: Grid, angle: float, warp: Field, patch: Field) -> Field:
    """Return wind ripples: large ones with sharp crests and, nearby, small ones on top."""
    total = np.zeros(grid.x.shape, dtype=np.float32)
    for wavelength, height, turn, bending in (
        (2.6, recipe.ripple, 0.0, 1.6),
        (0.34, 0.028, 0.5, 2.6),
        (0.13, 0.008, 0.25, 4.0),
    ):
        course = angle + turn
        far = int(np.searchsorted(grid.footprint, 1.5 * wavelength / 2.2))
        x, y = grid.x[:, :far], grid.y[:, :far]
        along = x * np.float32(np.cos(course)) + y * np.float32(np.sin(course))
        cycle = along / np.float32(wavelength) + np.float32(bending) * warp[:, :far]
        cycle -= np.floor(cycle)
        # a long windward and a short lee side
        rise = np.where(cycle < 0.68, cycle / 0.68, (1.0 - cycle) / 0.32)
        shown = np.clip(1.5 - grid.footprint[:far] * (2.2 / wavelength), 0.0, 1.0)
        amplitude = height * np.clip(0.85 + 0.4 * patch[:, :far], 0.4, 1.4) * shown
        total[:, :far] += (amplitude * rise * rise * (3.0 - 2.0 * rise)).astype(np.float32)
    return total


def _scatter_rocks(recipe: Recipe, grid: Grid, rng: np.random.Generator) -> list[Rock]:
    """Return the loose rocks in view: many stones by a power law of sizes, and a few big rocks."""
    first, last = float(grid.azimuth[0]), float(grid.azimuth[-1])
    rocks = []
    count = int(rng.integers(recipe.big_rocks[0], recipe.big_rocks[1] + 1))
    middle, spread = 0.5 * (first + last), 0.42
    for _ in range(count):
        radius, azimuth = rng.uniform(3.6, 9.0) ** rng.uniform(1.0, 1.45), rng.normal(0, spread)
        width = float(rng.uniform(0.55, 1.35))
        height = max(BIG_ROCK_HEIGHT_M * 1.1, width * float(rng.uniform(0.34, 0.62)))
        rocks.append(_rock(radius, middle + azimuth, 0.5 * width, height, rng))
    # stones cluster in fields
    clusters = rng.uniform((first, np.log(2.5)), (last, np.log(40.0)), size=(5, 2))
    for _ in range(recipe.stones):
        azimuth, log_radius = rng.uniform((first, np.log(1.6)), (last, np.log(60.0)))
        if rng.random() < 0.45:
            azimuth, log_radius = clusters[rng.integers(5)] + rng.normal(0, (0.12, 0.25))
        radius = float(np.exp(log_radius))
        smallest = 0.007 + 0.0018 * radius
        half_width = min(smallest * (1.0 - rng.random()) ** -0.52, 0.24)
        height = half_width * float(rng.uniform(0.45, 1.0))
        rocks.append(_rock(radius, azimuth, half_width, min(height, 0.20), rng))
    return rocks


def _rock(
    radius: float, azimuth: float, half_width: float, height: float, rng: np.random.Generator
) -> Rock:
    is_big = height > BIG_ROCK_HEIGHT_M and 2.0 * half_width >= BIG_ROCK_WIDTH_M
    x, y = radius * np.cos(azimuth), radius * np.sin(azimuth)
    shape = int(rng.integers(2**31))
    return Rock(float(x), float(y), half_width, height, shape, is_big)


def _place_rock(ground: Ground, rock: Rock, tone: float) -> None:
    """Add a faceted rock to the ground's arrays; skip one that is smaller than a sample."""
    grid = ground.grid
    radius, azimuth = float(np.hypot(rock.x, rock.y)), float(np.arctan2(rock.y, rock.x))
    reach = 1.5 * rock.half_width
    i, i_end = np.searchsorted(grid.azimuth, (azimuth - reach / radius, azimuth + reach / radius))
    j, j_end = np.searchsorted(grid.radius, (radius - reach, radius + reach))
    if i_end - i < 2 or j_end - j < 2:
        return
    window = (slice(i, i_end), slice(j, j_end))
    u = (grid.x[window] - np.float32(rock.x)) / np.float32(rock.half_width)
    v = (grid.y[window] - np.float32(rock.y)) / np.float32(rock.half_width)
    rng = np.random.default_rng(rock.shape)
    sides = int(rng.integers(5, 9))
    bearing = (np.arange(sides) + rng.uniform(-0.32, 0.32, sides)) * 2 * np.pi / sides
    reach_of_side = rng.uniform(0.72, 1.05, sides)
    steepness = rng.choice([0.7, 1.6, 2.6, 3.6], sides) * rng.uniform(0.8, 1.2, sides)
    slant = rng.uniform(-0.42, 0.42, 2)
    top = (0.8 + slant[0] * u + slant[1] * v).astype(np.float32)
    if rock.half_width > 0.08:
        ragged = fractal_tile(1.85, 2)
        rough = sample(ragged, grid.x[window] + np.float32(bearing[0]), grid.y[window], 1.3)
        top += np.float32(0.07) * rough
        u, v = u + np.float32(0.04) * rough, v - np.float32(0.04) * rough
    # one plane per side; the rock is the space below all planes
    across = np.stack([np.cos(bearing), np.sin(bearing)], axis=1) * steepness[:, None]
    planes = across.astype(np.float32) @ np.stack([u.ravel(), v.ravel()])
    sloping = (reach_of_side * steepness).astype(np.float32)[:, None] - planes
    np.minimum(top, sloping.min(axis=0).reshape(top.shape), out=top)
    covers = top > 0.0
    if not covers.any():
        return
    base = float(np.median(ground.height[window]))
    height = np.maximum(ground.height[window], base - 0.03 + rock.height * top * 1.2)
    shown = covers & (height > ground.height[window])
    ground.height[window][shown] = height[shown]
    own_tone = tone * float(rng.uniform(0.62, 0.95))
    ground.albedo[window][shown] = own_tone * (0.9 + 0.1 * np.clip(top[shown], 0.0, 1.0))
    ground.grit[window][shown] = 1.0
    if rock.is_big:
        ground.terrain[window][shown] = BIG_ROCK
