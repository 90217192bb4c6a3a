"""The range of a frame at a quarter of its resolution in 16 bits, small enough for a browser.

A reduced range is uint16 (ceil(H / 4), ceil(W / 4)) in centimeters. Cell [i, j] represents the
pixels [4i : 4i + 4, 4j : 4j + 4]. 0 means no range; 65535 means farther than 655.34 m, including
infinity (the estimate above the horizon).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrain.camera import LEVEL_UP, CameraModel, Vector, flat_ground_range
from terrain.display.bands import bands

REDUCTION = 4
NO_RANGE = 0
FARTHER = 65535
CM_PER_M = 100.0

# Over flat ground 1 / range is nearly linear in the pixel: between rays this many cells apart it
# is within a centimeter at 30 m, for a raw (CAHVOR) NAVCAM too
_LATTICE_CELLS = 4

_CELL = REDUCTION * REDUCTION


def _sorting_network(size: int) -> list[tuple[int, int]]:
    """Return the pairs to compare and exchange in Batcher's odd-even merge sort.

    Source: D. Knuth, The Art of Computer Programming 3, Algorithm 5.2.2 M. `size` a power of two.
    """
    pairs = []
    p = size // 2
    while p:
        q, r, d = size // 2, 0, p
        while d:
            pairs += [(i, i + d) for i in range(size - d) if i & p == r]
            d, q, r = q - p, q // 2, p
        p //= 2
    return pairs


_NETWORK = _sorting_network(_CELL)


def reduce_range(range_m: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """Return the median range of each 4 x 4 cell, rounded to centimeters.

    range_m: float (H, W) meters; 0.0, negative and NaN are no range, infinity is a range. Of an
    even number of valid pixels it is the smaller of the two middle values, because their mean could
    lie in the air between a rock and the ground behind it. A cell without a valid pixel has no
    range; cells at the lower and right edge may be smaller. A range under half a centimeter becomes
    1. Returns uint16 (ceil(H / 4), ceil(W / 4)); an empty image gives an empty one.

    >>> reduce_range(np.full((4, 8), 1.5)).tolist()
    [[150, 150]]
    """
    height, width = range_m.shape
    rows, columns = -(-height // REDUCTION), -(-width // REDUCTION)
    padded = np.zeros((rows * REDUCTION, columns * REDUCTION), dtype=np.uint16)
    for band in bands(height):
        padded[band, :width] = centimeters(range_m[band])
    # one plane per pixel of a cell, so that sorting the cells is a few minima and maxima of planes
    cells = padded.reshape(rows, REDUCTION, columns, REDUCTION).transpose(1, 3, 0, 2)
    planes = list(np.ascontiguousarray(cells).reshape(_CELL, rows, columns))
    for low, high in _NETWORK:
        planes[low], planes[high] = (
            np.minimum(planes[low], planes[high]),
            np.maximum(planes[low], planes[high]),
        )
    ordered = np.stack(planes)
    # zeros come first: the valid ones are the last of each cell
    empty = (ordered == NO_RANGE).sum(axis=0, dtype=np.uint8)
    # the lower one of the two in the middle of the valid ones; of none, a zero
    chosen = ((empty + (_CELL - 1)) // 2)[None]
    return np.asarray(np.take_along_axis(ordered, chosen, axis=0)[0], dtype=np.uint16)


def centimeters(range_m: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """Return meters as uint16 centimeters: 0 = no range, 65535 = farther than 655.34 m.

    >>> centimeters(np.array([0.0, 1.234, np.inf])).tolist()
    [0, 123, 65535]
    """
    # fmax and fmin take the number where the other is NaN; adding a half rounds what is truncated
    scaled = np.fmax(range_m, 0.0)
    np.fmin(scaled, FARTHER / CM_PER_M, out=scaled)
    scaled *= CM_PER_M
    scaled += 0.5
    whole: npt.NDArray[np.uint16] = scaled.astype(np.uint16)
    # what is nearer than half a centimeter has a range all the same
    return np.maximum(whole, range_m > 0.0, dtype=np.uint16)


def meters(reduced: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Return centimeters as float32 meters: 0.0 where there is no range, inf for farther.

    >>> meters(np.array([0, 150, 65535], dtype=np.uint16)).tolist()
    [0.0, 1.5, inf]
    """
    known = reduced.astype(np.float32) / np.float32(CM_PER_M)
    known[reduced == FARTHER] = np.inf
    return known


def estimated_reduced_range(
    camera: CameraModel, height: int, width: int, ground_z: float = 0.0, up: Vector = LEVEL_UP
) -> npt.NDArray[np.uint16]:
    """Estimate the reduced range over flat ground, for frames without ranges.

    camera, ground_z, up: as in `terrain.camera.flat_ground_range`. The range is that of each
    cell's center. Returns uint16 (ceil(height / 4), ceil(width / 4)); 65535 above the horizon.
    """
    rows, columns = -(-height // REDUCTION), -(-width // REDUCTION)
    if not rows or not columns:
        return np.zeros((rows, columns), dtype=np.uint16)
    y, y_low, y_share = _lattice(rows)
    x, x_low, x_share = _lattice(columns)
    grid_x, grid_y = np.meshgrid(x, y)
    inverse = 1.0 / flat_ground_range(camera, grid_x, grid_y, ground_z, up)
    by_row = inverse[y_low] * (1.0 - y_share)[:, None] + inverse[y_low + 1] * y_share[:, None]
    fine = by_row[:, x_low] * (1.0 - x_share) + by_row[:, x_low + 1] * x_share
    # next to the horizon the lattice mixes ground with sky, whose inverse is 0: very far both ways
    with np.errstate(divide="ignore"):
        return centimeters(1.0 / fine)


def _lattice(
    cells: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the pixel coordinates of the lattice, and each cell's preceding lattice point and
    weight.
    """
    points = (cells - 1) // _LATTICE_CELLS + 2
    coordinates = (np.arange(points, dtype=np.float64) * _LATTICE_CELLS + 0.5) * REDUCTION
    cell = np.arange(cells, dtype=np.intp)
    return coordinates, cell // _LATTICE_CELLS, (cell % _LATTICE_CELLS) / _LATTICE_CELLS
