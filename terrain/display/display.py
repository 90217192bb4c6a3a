"""The display image, which volunteers see and draw on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrain.display.scale_bar import ScaleBar
from terrain.display.tone import apply_table, data_numbers, stretch_table
from terrain.masks import rasterize_rings

# Clearly darker than the terrain, but light enough to follow a ridge or a rock
_BEYOND_BRIGHTNESS = 0.4

# Pixels of dark outline: the bar must be seen on sunlit sand, which stretches to white
_OUTLINE_PX = 2
_OUTLINE_GRAY = 16
# Compression spreads the bar over the blocks it touches, pixels
_JPEG_BLOCK = 8


def display_image(
    pixels: npt.NDArray[np.integer],
    beyond: npt.NDArray[np.bool_] | None = None,
    rover_mask: npt.NDArray[np.bool_] | None = None,
    scale_bar: ScaleBar | None = None,
) -> npt.NDArray[np.uint8]:
    """Return the stretched frame, darkened beyond the range limit, with its scale bar.

    pixels: integer (H, W) or (H, W, 3), 8 to 16 bits (see `tone.stretch`). beyond, rover_mask: bool
    (H, W), True = beyond the range limit, True = rover; neither affects the tone of the terrain.
    Pixels beyond the limit are stretched separately and darkened, but stay visible; the rover is
    not darkened. Returns uint8 of the shape of pixels. Raises ValueError when a mask has another
    shape. Source: paper 3.1.1.

    >>> frame = np.full((2, 2), 100, dtype=np.uint8)
    >>> display_image(frame, beyond=np.array([[True, True], [False, False]])).tolist()
    [[40, 40], [100, 100]]
    """
    number = data_numbers(pixels)
    exclude = None
    for mask in (beyond, rover_mask):
        if mask is not None:
            if mask.shape != number.shape[:2]:
                raise ValueError(f"The mask is {mask.shape}, the frame is {number.shape[:2]}.")
            exclude = mask if exclude is None else exclude | mask
    image = apply_table(stretch_table(number, None if exclude is None else ~exclude), number)
    if beyond is not None and beyond.any():
        # sky and far hills are brighter than the terrain: on its tone they would be one flat gray
        far = stretch_table(number, beyond)
        darkened = np.rint(far * _BEYOND_BRIGHTNESS).astype(np.uint8)
        # what is beyond fills most of its rows, and rows are faster than pixels one by one
        touched = np.flatnonzero(beyond.any(axis=1))
        rows = slice(touched[0], touched[-1] + 1)
        where = beyond[rows] if image.ndim == 2 else beyond[rows, :, None]
        np.copyto(image[rows], apply_table(darkened, number[rows]), where=where)
    if scale_bar is not None:
        _draw(scale_bar, image)
    return image


def move_scale_bar(
    display: npt.NDArray[np.uint8],
    linear: npt.NDArray[np.uint8],
    old: npt.NDArray[np.floating] | None,
    new: ScaleBar | None,
    beyond: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.uint8]:
    """Return a display image with its scale bar elsewhere, and all else as it was.

    display: uint8 (H, W) or (H, W, 3), with the old bar. linear: the linear frame of that shape.
    old: float (4, 2), the old bar's polygon; None for none. new: the new bar; None for none.
    beyond: bool (H, W), True where the display is darkened. The ground under the old bar gets, for
    each linear value, the mean of the display where it is not darkened.
    """
    image = display.copy()
    if old is not None:
        height, width = image.shape[:2]
        x, y = old.T
        margin = 2 * _OUTLINE_PX + _JPEG_BLOCK
        rows = slice(max(0, int(y.min()) - margin), min(height, int(y.max()) + margin))
        columns = slice(max(0, int(x.min()) - margin), min(width, int(x.max()) + margin))
        known = np.ones(image.shape[:2], dtype=np.bool_) if beyond is None else ~beyond
        under = known[rows, columns].copy()
        known[rows, columns] = False
        for channel in range(1 if image.ndim == 2 else 3):
            shown = image if image.ndim == 2 else image[..., channel]
            number = linear if linear.ndim == 2 else linear[..., channel]
            table = _mean_by_value(number[known], shown[known])
            patch = shown[rows, columns]
            np.copyto(patch, table[number[rows, columns]], where=under)
    if new is not None:
        _draw(new, image)
    return image


def _mean_by_value(
    number: npt.NDArray[np.uint8], shown: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return the mean of `shown` for each value of `number`: uint8 (256,), gaps interpolated."""
    count = np.bincount(number, minlength=256)
    total = np.bincount(number, weights=shown, minlength=256)
    there = np.flatnonzero(count)
    if not there.size:
        return np.arange(256, dtype=np.uint8)
    means = np.interp(np.arange(256), there, total[there] / count[there])
    return np.rint(means).astype(np.uint8)


def _draw(bar: ScaleBar, image: npt.NDArray[np.uint8]) -> None:
    """Draw the white bar at its exact width, with a dark outline around it."""
    from scipy import ndimage

    height, width = image.shape[:2]
    x, y = np.array(bar.polygon).T
    rows = slice(max(0, int(y.min()) - 2 * _OUTLINE_PX), int(y.max()) + 2 * _OUTLINE_PX + 1)
    columns = slice(max(0, int(x.min()) - 2 * _OUTLINE_PX), int(x.max()) + 2 * _OUTLINE_PX + 1)
    inside = rasterize_rings([np.array(bar.polygon)], height, width)[rows, columns]
    outline = ndimage.binary_dilation(inside, iterations=_OUTLINE_PX, structure=np.ones((3, 3)))
    around = image[rows, columns]
    around[outline] = _OUTLINE_GRAY
    around[inside] = 255
