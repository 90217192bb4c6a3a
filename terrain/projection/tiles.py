"""Tiles of an image that shrink with range, so that each covers about the same ground.

The paper (4.2, Figure 8) tiles images by depth without giving the algorithm. Here:

- A band of rows shows the ground between two distances ahead that differ by one tile length. So
  bands have many rows near the rover and few at the range limit.
- A band is cut into tiles that are one tile length wide at the band's middle, in whole pixels.
  Their total width rarely equals the image's width, so they overlap evenly, and so do the bands: no
  pixel is left out, and all tiles of a band have the same size.
- The distance of a row is the median of its ranges, adjusted so that it never decreases from the
  bottom to the top. So an image with a tilted horizon still has tiles along its rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.camera import LEVEL_UP, CameraModel, Vector, flat_ground_range
from terrain.display.reduced_range import REDUCTION

Ranges = npt.NDArray[np.float64]

# Meters; of sums of lengths
_ROUNDING = 1e-6

# A row of the reduced range with fewer ranges than this share of its width does not count
_LEAST_SHARE_OF_ROW = 0.1


@dataclass(frozen=True, slots=True)
class Tile:
    """Pixels [top : bottom, left : right] of an image, and the ground they show.

    near_m, far_m: distances of the lower and the upper row ahead of the point below the camera.
    """

    left: int
    top: int
    right: int
    bottom: int
    near_m: float
    far_m: float


def ranges_on_plane(
    camera: CameraModel, shape: tuple[int, int], ground_z: float = 0.0, up: Vector = LEVEL_UP
) -> Ranges:
    """Return the slant range of each row on a flat plane: (height,) meters, inf for none.

    Taken in the middle column. shape: (height, width); ground_z, up: as in
    `terrain.camera.flat_ground_range`.
    """
    height, width = shape
    middle = flat_ground_range(camera, width / 2.0, np.arange(height) + 0.5, ground_z, up)
    return _growing(middle)


def ranges_of_rows(range_m: npt.NDArray[np.float32], height: int) -> Ranges:
    """Return the slant range of each row from a reduced range: (height,) meters.

    range_m: float32 (ceil(height / 4), ...) meters, 0.0 = none. Between rows with a range, 1 /
    range is interpolated, which is linear in the row over a plane. Above the topmost such row the
    result is inf; below the lowest it is constant.

    >>> ranges_of_rows(np.array([[4.0], [2.0]], dtype=np.float32), height=8)[-1]
    np.float64(2.0)
    """
    known = (range_m > 0.0) & np.isfinite(range_m)
    enough = known.sum(axis=1) >= max(1.0, _LEAST_SHARE_OF_ROW * range_m.shape[1])
    rows = np.flatnonzero(enough)
    if not rows.size:
        return np.full(height, np.inf)
    inverse = [1.0 / float(np.median(range_m[row][known[row]])) for row in rows]
    middle = (rows + 0.5) * REDUCTION
    y = np.arange(height) + 0.5
    with np.errstate(divide="ignore"):
        ranges: Ranges = 1.0 / np.interp(y, middle, inverse, left=0.0)
    return _growing(ranges)


def tiles_by_range(
    ranges: Ranges, width: int, focal_px: float, height_m: float, side_m: float, limit_m: float
) -> list[Tile]:
    """Return the tiles of an image, nearest band first, each band from left to right.

    ranges: (height,) meters, the slant range of each row, growing from the last to the first.
    width: of the image, pixels. focal_px: its focal length; height_m: height of the camera above
    the ground; side_m: length and width of a tile on the ground; limit_m: slant range up to which
    tiles are cut. All tiles of a band have one size. Where the image is narrower than a tile, as
    right in front of the rover, the tile is as wide as the image. [] if the image shows less ground
    than one tile length.
    """
    if not side_m > 0.0:
        raise ValueError("A tile needs a length in meters, such as 2.")
    used = np.flatnonzero(np.isfinite(ranges) & (ranges <= limit_m) & (ranges >= height_m))
    if not used.size:
        return []
    ahead = np.sqrt(ranges[used] ** 2 - height_m**2)
    near, far = float(ahead[-1]), float(ahead[0])
    if far - near < side_m:
        return []
    found = []
    for start in _starts(near, far, side_m):
        band = used[(ahead >= start - _ROUNDING) & (ahead <= start + side_m + _ROUNDING)]
        if not band.size:
            continue
        top, bottom = int(band[0]), int(band[-1]) + 1
        middle = math.hypot(start + side_m / 2.0, height_m)
        across = min(width, max(1, round(focal_px * side_m / middle)))
        found += [
            Tile(left, top, left + across, bottom, start, start + side_m)
            for left in map(round, _starts(0.0, float(width), float(across)))
        ]
    return found


def _starts(first: float, end: float, length: float) -> list[float]:
    """Return the starts of evenly overlapping pieces of a length that cover [first, end]."""
    room = end - first - length
    count = math.ceil(room / length - _ROUNDING) + 1
    return [first + room * k / (count - 1) for k in range(count)] if count > 1 else [first]


def _growing(ranges: Ranges) -> Ranges:
    """Return ranges that never decrease from the bottom to the top."""
    return np.asarray(np.maximum.accumulate(ranges[::-1])[::-1], dtype=np.float64)
