"""The two tones of a frame: linear, as it is released, and stretched, as volunteers see it.

A gray frame is (H, W), a color frame (H, W, 3), red, green, blue. The tone of a color frame follows
its luminance: all three channels use one lookup table, so that hues are preserved.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt

from terrain.display.bands import bands

Gray = npt.NDArray[np.uint8]

# Full scales in use: 8-bit JPEG, 12-bit EDR, 15-bit radiance (16 bits with a sign), plain 16-bit
_FULL_SCALES = (255, 4095, 32767, 65535)

# 1 % and 0.5 % of the terrain may clip: enough that a hot pixel or a glint does not set the tone
_DARK_SHARE = 0.01
_BRIGHT_SHARE = 0.995

# Percentiles need no more rows than this, evenly spread, each with every pixel
_ROWS = 256

# Narrower than this part of the full scale is noise or dusk: stretching it further shows nothing
_LEAST_SPAN = 1.0 / 32.0

# The middle of the terrain goes to mid-gray, as far as a gentle gamma can take it: below 1 opens
# the shadows of a contrasty frame, above 1 keeps the ripples of a frame full of sunlit sand
_MIDDLE_GRAY = 0.5
_LEAST_GAMMA, _MOST_GAMMA = 0.6, 1.2

# ITU-R BT.601 in 256ths, as JPEG has it
_LUMINANCE_256THS = (77, 150, 29)


def linear(dn: npt.NDArray[np.integer], bits: int = 12) -> Gray:
    """Return the frame as the dataset releases it: the upper 8 of `bits` bits, not stretched.

    dn: integer array of any shape, data numbers of `bits` significant bits. For a 12-bit EDR this
    is DN >> 4, as in the released JPEGs (mean difference 0.01-0.02 gray levels on frames for which
    both are available). A radiance product has 15 bits, and `bits` must say so: >> 4 would
    overflow. 8-bit input comes back unchanged. Negative numbers become 0, numbers that exceed the
    bits become 255. Raises ValueError when bits < 8.

    >>> linear(np.array([0, 16, 4095]), bits=12).tolist()
    [0, 1, 255]
    """
    if bits < 8:
        raise ValueError(f"A frame has at least 8 bits, not {bits}.")
    return _clipped(dn >> (bits - 8), 255).astype(np.uint8)


def luminance(frame: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Return the luminance of each pixel on the frame's own scale (ITU-R BT.601).

    frame: integer (H, W), which is returned unchanged, or (H, W, 3) red, green, blue, of up to 16
    bits. Returns (H, W), int32 for a color frame.

    >>> luminance(np.array([[[255, 255, 255], [255, 0, 0]]])).tolist()
    [[255, 76]]
    """
    if frame.ndim == 2:
        return frame
    weighted = frame @ np.array(_LUMINANCE_256THS, dtype=np.int32)
    return cast("npt.NDArray[np.integer]", weighted >> 8)


def stretch(dn: npt.NDArray[np.integer], exclude: npt.NDArray[np.bool_] | None = None) -> Gray:
    """Stretch the terrain between percentiles, with a gentle gamma that opens the shadows.

    dn: integer array (H, W) or (H, W, 3), data numbers of 8 to 16 bits. exclude: bool (H, W), True
    for pixels (rover, beyond the range limit) that must not affect the tone; they are stretched
    like the others. DN 0 never affects the tone: in a PDS product it means no data, as along the
    edges of linearized frames. If no pixel remains, all pixels are used. Returns uint8 of dn's
    shape.

    A frame without contrast (constant, black, saturated) is not stretched: it keeps its gray level,
    with black as 0 and full scale as 255. Raises ValueError when the shapes differ.

    >>> stretch(np.full((2, 2), 100, dtype=np.uint8)).tolist()
    [[100, 100], [100, 100]]
    """
    number = data_numbers(dn)
    return apply_table(stretch_table(number, None if exclude is None else ~exclude), number)


def data_numbers(dn: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Return data numbers as indices into a `stretch_table`: uint8 or uint16.

    Negative numbers become 0, numbers of more than 16 bits 65535. Shape as dn.
    """
    if dn.dtype == np.uint8:
        return dn.astype(np.uint8, copy=False)
    if dn.dtype == np.uint16:
        return dn.astype(np.uint16, copy=False)
    # in this machine's byte order first, in which all that follows is faster
    native = dn.astype(dn.dtype.newbyteorder("="), copy=False)
    return _clipped(native, _FULL_SCALES[-1]).astype(np.uint16)


def _clipped(numbers: npt.NDArray[np.integer], most: int) -> npt.NDArray[np.integer]:
    """Return the numbers limited to 0..`most`; the same array if none is outside."""
    if not numbers.size or (numbers.min() >= 0 and numbers.max() <= most):
        return numbers
    clipped: npt.NDArray[np.integer] = np.clip(numbers, 0, most)
    return clipped


def apply_table(table: Gray, number: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> Gray:
    """Return the gray of each data number: uint8 of the shape of `number`."""
    image = np.empty(number.shape, dtype=np.uint8)
    for rows in bands(len(number)):
        image[rows] = table.take(number[rows])
    return image


def stretch_table(
    number: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    counted: npt.NDArray[np.bool_] | None = None,
) -> Gray:
    """Return the lookup table of `stretch`: the gray of each data number.

    number: (H, W) or (H, W, 3), from `data_numbers`. counted: bool (H, W), True for pixels that set
    the tone; None for all. In a large frame about 256 rows are sampled. Returns uint8 (full scale +
    1,), 4,096 entries for 12 bits. Raises ValueError when the shapes differ.
    """
    if counted is not None and counted.shape != number.shape[:2]:
        raise ValueError(f"The mask is {counted.shape}, the frame is {number.shape[:2]}.")
    if number.size == 0:
        return np.zeros(256, dtype=np.uint8)
    full_scale = 255 if number.dtype == np.uint8 else _full_scale(int(number.max()))
    rows = slice(None, None, max(1, len(number) // _ROWS))
    gray = luminance(number[rows])
    histogram = np.bincount((gray if counted is None else gray[counted[rows]]).ravel())
    histogram[:1] = 0
    if not histogram.any():
        histogram = np.bincount(gray.ravel())
    total = np.cumsum(histogram)
    # the smallest DN at or below which at least this share of the counted pixels lie
    low, middle, high = (
        int(np.searchsorted(total, share * total[-1]))
        for share in (_DARK_SHARE, 0.5, _BRIGHT_SHARE)
    )
    return _lookup_table(low, middle, high, full_scale)


def _full_scale(brightest: int) -> int:
    """Return the smallest full scale that holds the brightest number."""
    return next(scale for scale in _FULL_SCALES[1:] if brightest <= scale)


def _lookup_table(low: int, middle: int, high: int, full_scale: int) -> Gray:
    """Return the gray of each number up to the full scale, from the three percentiles."""
    number = np.arange(full_scale + 1, dtype=np.float64)
    if high <= low:
        return np.rint(number * (255.0 / full_scale)).astype(np.uint8)
    span = max(float(high - low), full_scale * _LEAST_SPAN)
    # a frame narrower than the least span keeps its middle in the middle of what is shown
    start = max(0.0, (low + high - span) / 2.0)
    gray = np.clip((number - start) / span, 0.0, 1.0)
    # a median at either end of the scale has no logarithm to divide by, and is past any gamma
    median = min(max(float(gray[middle]), 0.01), 0.99)
    gamma = math.log(_MIDDLE_GRAY) / math.log(median)
    gray **= min(max(gamma, _LEAST_GAMMA), _MOST_GAMMA)
    return np.rint(gray * 255.0).astype(np.uint8)
