"""Surface textures: small periodic tiles, computed once and sampled at any position.

Tiles repeat without a seam. Scenes differ because each samples the tiles at its own position, angle
and scale; the tiles stay the same and are cached.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]

# Seed of the tiles, the same for every scene; any number works
_TILE_SEED = 20210619

_PIECE = 1 << 15

_PLATES_PER_TILE = 400
_PLATE_TILE_SIZE = 512


@dataclass(frozen=True)
class Plates:
    """A plane divided into slabs about one unit wide (a Voronoi diagram), as periodic tiles.

    Attributes:
        period: Units per tile.
        edge: (N, N), distance to the nearest joint, in units.
        level: (N, N), a random number in 0..1 for each slab.
    """

    period: float
    edge: Field
    level: Field


def sample(tile: Field, x: Field, y: Field, period: float) -> Field:
    """Return a periodic tile sampled at positions of the plane, bilinearly.

    Args:
        tile: (N, N), [row = y, column = x], N a power of two.
        x, y: (...), in the units of `period`, the width of one tile.

    Returns:
        float32 (...).
    """
    n = tile.shape[0]
    scale = np.float32(n / period)
    x, y = np.broadcast_arrays(np.asarray(x, np.float32), np.asarray(y, np.float32))
    values = np.empty(x.shape, dtype=np.float32)
    flat_x, flat_y, flat_values = x.reshape(-1), y.reshape(-1), values.reshape(-1)
    # in blocks that fit into the processor cache
    for start in range(0, values.size, _PIECE):
        piece = slice(start, start + _PIECE)
        flat_values[piece] = _bilinear(
            tile.reshape(-1), n, flat_x[piece] * scale, flat_y[piece] * scale
        )
    return values


def _bilinear(tile: Field, n: int, u: Field, v: Field) -> Field:
    """Return the flattened n x n tile at tile coordinates u, v (both are overwritten)."""
    col, row = np.floor(u), np.floor(v)
    u -= col
    v -= row
    left, upper = col.astype(np.int32) & (n - 1), (row.astype(np.int32) & (n - 1)) * n
    right, lower = (left + 1) & (n - 1), (upper + n) & (n * n - 1)
    top = tile[upper + left]
    top += u * (tile[upper + right] - top)
    bottom = tile[lower + left]
    bottom += u * (tile[lower + right] - bottom)
    bottom -= top
    bottom *= v
    top += bottom
    return top


def sample_nearest(tile: Field, x: Field, y: Field, period: float) -> Field:
    """Return a periodic tile (..., N, N) sampled at positions (...) without interpolation."""
    n = tile.shape[-1]
    col = np.floor(x * np.float32(n / period)).astype(np.int32) & (n - 1)
    row = np.floor(y * np.float32(n / period)).astype(np.int32) & (n - 1)
    values: Field = tile.reshape(*tile.shape[:-2], n * n)[..., row * n + col]
    return values


@lru_cache(maxsize=32)
def fractal_tile(roughness: float, cycles: int = 1, size: int = 512) -> Field:
    """Return periodic power-law noise of mean 0 and standard deviation 1.

    Args:
        roughness: Exponent of the amplitude spectrum; 1 is craggy, 2 is soft.
        cycles: Lowest frequency, in waves per tile.

    Returns:
        float32 (size, size).
    """
    rng = np.random.default_rng([_TILE_SEED, int(100 * roughness), cycles, size])
    frequency = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(size) * size]))
    amplitude = np.where(frequency >= cycles, np.maximum(frequency, 1) ** -roughness, 0.0)
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * amplitude).real
    return cast(Field, ((noise - noise.mean()) / noise.std()).astype(np.float32))


@lru_cache(maxsize=1)
def pebble_tile(size: int = 512) -> Field:
    """Return heights of scattered pebbles on a plane: 0 between them, 1 on top of the largest.

    Diameters are 1.5 to 9 % of the tile. Returns float32 (size, size).
    """
    rng = np.random.default_rng([_TILE_SEED, 1])
    tile = np.zeros((size, size), dtype=np.float32)
    for _ in range(430):
        radius = size * 0.0075 * min(6.0, (1.0 - rng.random()) ** -0.5)
        reach = int(radius * 1.5) + 1
        offset = np.arange(-reach, reach + 1)
        x, y = np.meshgrid(offset, offset)
        angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.5)
        along = (x * np.cos(angle) + y * np.sin(angle)) / (radius * stretch)
        across = (y * np.cos(angle) - x * np.sin(angle)) * stretch / radius
        # between a ball and a box: pebbles are rounded, with facets
        bump = 1.0 - (np.abs(along) ** 2.6 + np.abs(across) ** 2.6)
        top = radius / (0.045 * size) * np.sqrt(np.clip(bump, 0.0, 1.0))
        rows = (rng.integers(size) + offset) % size
        cols = (rng.integers(size) + offset) % size
        place = np.ix_(rows, cols)
        tile[place] = np.maximum(tile[place], top)
    return tile


@lru_cache(maxsize=1)
def plates_tile() -> Plates:
    """Return slabs of rock with ragged joints; see `Plates`."""
    from scipy.spatial import cKDTree

    size, period = _PLATE_TILE_SIZE, float(np.sqrt(_PLATES_PER_TILE))
    rng = np.random.default_rng([_TILE_SEED, 2])
    centers = rng.random((_PLATES_PER_TILE, 2)) * period
    axis = (np.arange(size) + 0.5) * period / size
    x, y = np.meshgrid(axis, axis)
    # bend the plane first, or the joints are straight
    places = np.stack(
        [
            x + 0.12 * fractal_tile(1.8, 12, size),
            y + 0.12 * np.roll(fractal_tile(1.8, 12, size), (317, 91), axis=(0, 1)),
        ],
        axis=-1,
    )
    distance, nearest = cKDTree(centers, boxsize=period).query(places % period, k=2)
    return Plates(
        period=period,
        edge=(0.5 * (distance[..., 1] - distance[..., 0])).astype(np.float32),
        level=rng.random(_PLATES_PER_TILE)[nearest[..., 0]].astype(np.float32),
    )
