"""Masks of the ground beyond the range limit (30 m in the paper, 3.1.1), by cut row or by pixel.

Both rules use a range image in meters (slant range from the left camera's center):

- per pixel, the literal reading of the paper: a pixel is masked if its own range exceeds the limit.
- cut row, as in the released `rng-30m` masks: all rows above one row are masked, and nothing below
  it. It is the row for which the fewest pixels differ from the per-pixel rule.

A pixel without range (0.0, negative or NaN: stereo found no match) does not affect the cut row. In
a per-pixel mask it is masked above the cut row (sky and distant plains have no stereo match), and
below the cut row it is treated like the nearest pixel with a range. Infinity is a range: that of
flat ground above the horizon.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from terrain.camera import LEVEL_UP, CameraModel, Vector, flat_ground_range

# A row with fewer ranges than this share of its width says nothing reliable about its distance
_LEAST_SHARE_OF_ROW = 0.02
# ... and fewer rows than this do not make a slope to extrapolate
_LEAST_ROWS = 16
# ... and more than this make it no steadier
_MOST_ROWS = 64
# Past so many holes one distance transform of the whole frame is faster than one for each
_MOST_HOLES = 500
_EIGHT_NEIGHBORS = np.ones((3, 3), dtype=np.bool_)
# Over flat ground the range varies slowly along a row: as many columns, evenly spread, are plenty
_COLUMNS = 16


def cut_row(range_m: npt.NDArray[np.floating], limit_m: float) -> int:
    """Return the number of rows, from the top, that lie beyond the limit.

    range_m: float (H, W) meters, 0.0, negative or NaN for no range. Returns 0..H: rows [0, result)
    are masked. The result is the cut for which the fewest pixels with range differ from the
    per-pixel rule; of a tie, the one that masks least. If no range exceeds the limit but the upper
    rows have no range, the cut is extrapolated: at the row where 1 / range, which is linear in the
    row over flat ground, falls to 1 / limit. 0 if no pixel has a range.

    >>> cut_row(np.array([[40.0, 50.0], [35.0, 20.0], [10.0, 8.0]]), limit_m=30.0)
    1
    >>> cut_row(np.zeros((3, 2)), limit_m=30.0)
    0
    """
    has_range = range_m > 0.0
    far = has_range & (range_m > limit_m)
    far_in_row = _count_in_rows(far)
    near_in_row = _count_in_rows(has_range) - far_in_row
    if not far_in_row.any():
        return _extrapolated_cut(range_m, has_range, limit_m)
    # cost[c]: near pixels in rows [0, c) wrongly masked, far pixels in rows [c, H) wrongly kept
    masked_near = np.concatenate(([0], np.cumsum(near_in_row)))
    kept_far = far_in_row.sum() - np.concatenate(([0], np.cumsum(far_in_row)))
    return int(np.argmin(masked_near + kept_far))


def _count_in_rows(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    # summed in 32 bits, which count any row, several times as fast as in the usual 64
    """Return the number of True pixels in each row: int64 (height,)."""
    count: npt.NDArray[np.int32] = mask.sum(axis=1, dtype=np.int32)
    return count.astype(np.int64)


def _extrapolated_cut(
    range_m: npt.NDArray[np.floating], has_range: npt.NDArray[np.bool_], limit_m: float
) -> int:
    """Return the cut among the rows above all ranges, from the slope of 1 / range."""
    width = range_m.shape[1]
    rows = np.flatnonzero(has_range.sum(axis=1) >= max(1.0, _LEAST_SHARE_OF_ROW * width))
    if len(rows) < _LEAST_ROWS or rows[0] == 0:
        return 0
    # the upper half: nearer to what is asked, and less of the rover and its wheels
    rows = rows[: max(_LEAST_ROWS, len(rows) // 2)]
    rows = rows[:: max(1, len(rows) // _MOST_ROWS)]
    inverse = [1.0 / float(np.median(range_m[row][has_range[row]])) for row in rows]
    slope, at_top = np.polyfit(rows + 0.5, inverse, 1)
    if slope <= 0.0:
        return 0
    first_near_row = math.ceil(float((1.0 / limit_m - at_top) / slope) - 0.5)
    return min(max(first_near_row, 0), int(rows[0]))


def rows_beyond(cut: int, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return the mask of a cut row: bool (height, width), True in rows [0, cut).

    >>> rows_beyond(1, height=2, width=3).tolist()
    [[True, True, True], [False, False, False]]
    """
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[:cut] = True
    return mask


def cut_row_mask(range_m: npt.NDArray[np.floating], limit_m: float) -> npt.NDArray[np.bool_]:
    """Return the mask of rows beyond the limit: bool (H, W), True = beyond.

    range_m: float (H, W) meters. See `cut_row` for the rule.
    """
    height, width = range_m.shape
    return rows_beyond(cut_row(range_m, limit_m), height, width)


def per_pixel_mask(range_m: npt.NDArray[np.floating], limit_m: float) -> npt.NDArray[np.bool_]:
    """Return the mask of pixels beyond the limit: bool (H, W), True = range > limit.

    range_m: float (H, W) meters. Pixels without range are True above the cut row; elsewhere they
    follow the nearest pixel with range (Euclidean distance between pixel centers; ties as in
    SciPy's distance transform). All False if no pixel has a range.
    """
    has_range = range_m > 0.0
    mask = has_range & (range_m > limit_m)
    if has_range.all() or not has_range.any():
        return mask
    cut = cut_row(range_m, limit_m)
    filled = _filled(mask, has_range, cut)
    filled[:cut] |= ~has_range[:cut]
    return filled


def _filled(
    far: npt.NDArray[np.bool_], has_range: npt.NDArray[np.bool_], cut: int
) -> npt.NDArray[np.bool_]:
    """Return `far` plus the pixels without range below the cut that are nearest to a far pixel.

    The nearest pixel with range always touches the hole. So a hole bordered only by far or only by
    near pixels is decided as a whole, and the slow distance transform is computed only for the few
    holes that are bordered by both.
    """
    from scipy import ndimage

    holes = ~has_range
    number, count = ndimage.label(holes, structure=_EIGHT_NEIGHBORS)
    touches_far, touches_near = np.zeros((2, count + 1), dtype=np.bool_)
    touches_far[number[_widened(far)]] = True
    touches_near[number[_widened(has_range & ~far)]] = True
    only_far = touches_far & ~touches_near
    only_far[0] = False  # number 0 is not a hole
    filled: npt.NDArray[np.bool_] = far | only_far[number]
    boxes = ndimage.find_objects(number)
    mixed = [
        hole
        for hole in np.flatnonzero(touches_far & touches_near).tolist()
        if hole and boxes[hole - 1][0].stop > cut
    ]
    if len(mixed) > _MOST_HOLES:
        nearest = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
        return np.asarray(far[tuple(nearest)], dtype=np.bool_)
    for hole in mixed:
        box = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in boxes[hole - 1])
        nearest = ndimage.distance_transform_edt(
            holes[box], return_distances=False, return_indices=True
        )
        inside = number[box] == hole
        filled[box][inside] = far[box][tuple(nearest)][inside]
    return filled


def _widened(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return a mask dilated by one pixel, with 8-connectivity."""
    tall = mask.copy()
    tall[1:] |= mask[:-1]
    tall[:-1] |= mask[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide


def flat_ground_image(
    camera: CameraModel, height: int, width: int, ground_z: float = 0.0, up: Vector = LEVEL_UP
) -> npt.NDArray[np.float64]:
    """Return the slant range of each pixel over flat ground: float64 (height, width), m.

    inf at and above the horizon. An estimate; see `terrain.camera.flat_ground_range`.
    """
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return flat_ground_range(camera, x, y, ground_z, up)


def estimated_cut_row(
    camera: CameraModel,
    height: int,
    width: int,
    limit_m: float,
    ground_z: float = 0.0,
    up: Vector = LEVEL_UP,
) -> int:
    """Estimate the number of rows, from the top, beyond the limit over flat ground.

    For frames without a range product. camera, ground_z, up: as in
    `terrain.camera.flat_ground_range`. Returns 0..height, as `cut_row` does.
    """
    columns = min(width, _COLUMNS)
    across = (np.arange(columns) + 0.5) * (width / max(1, columns))
    x, y = np.meshgrid(across, np.arange(height) + 0.5)
    return cut_row(flat_ground_range(camera, x, y, ground_z, up), limit_m)
