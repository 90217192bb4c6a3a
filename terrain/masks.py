"""Masks, and their conversion from and to regions (bit planes are in ``terrain.bitplanes``).

A mask is uint8 of shape (height, width), ``mask[row, col]``, holding class codes and ``NO_LABEL``.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrain.geometry.regions import Region

NO_LABEL = 255
ALL_BITS = np.uint64(0xFFFF_FFFF_FFFF_FFFF)

Mask = npt.NDArray[np.uint8]
Rings = Sequence[npt.NDArray[np.float64]]


def rasterize_rings(rings: Rings, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return which pixel centers lie inside the rings, by the even-odd rule.

    ``rings`` are float arrays (n, 2) of (x, y) in pixels, in any order and orientation; the result
    is bool (height, width). A center exactly on an outline belongs to the side at its upper left:
    inside means left < x <= right and top <= y < bottom. Polygons that share a border therefore
    never both cover a pixel, and leave none uncovered between them. Rings may cross themselves and
    leave the image. No rings, or rings without area, give an all-False mask.

    >>> square = np.array([(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)])
    >>> rasterize_rings([square], height=2, width=3).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    filled = np.zeros((height, width), dtype=np.bool_)
    box = _fill(rings, height, width)
    if box is not None:
        rows, cols, inside = box
        filled[rows, cols] = inside
    return filled


def rasterize_regions(regions: Sequence[Region], height: int, width: int) -> Mask:
    """Rasterize regions into a mask; where two overlap, the earlier one wins.

    The result is uint8 (height, width) with class codes, and ``NO_LABEL`` where no region is.
    ``rasterize_rings`` defines which pixels a region covers.
    """
    mask = np.full((height, width), NO_LABEL, dtype=np.uint8)
    # In reverse order, so that earlier regions overwrite later ones.
    for region in reversed(regions):
        box = _fill(region.rings, height, width)
        if box is not None:
            rows, cols, inside = box
            np.copyto(mask[rows, cols], np.uint8(region.code), where=inside)
    return mask


def _fill(
    rings: Rings, height: int, width: int
) -> tuple[slice, slice, npt.NDArray[np.bool_]] | None:
    """Return the rows and columns that the rings cover, and the pixels inside; None if empty."""
    rings = [ring for ring in rings if len(ring)]
    if not rings:
        return None
    start, end = edges_of(rings)
    # The first row and column whose center is at or after a coordinate v is ceil(v - 0.5), and
    # strictly after it is floor(v + 0.5).
    left, top = start.min(axis=0)
    right, bottom = start.max(axis=0)
    first_row, last_row = _clip_range(np.ceil(top - 0.5), np.ceil(bottom - 0.5), height)
    first_col, last_col = _clip_range(np.floor(left + 0.5), np.floor(right + 0.5), width)
    if first_row == last_row or first_col == last_col:
        return None
    row, x, _ = crossings(start, end, first_row, last_row)
    col = np.clip(np.floor(x + 0.5), first_col, last_col).astype(np.int64)
    shape = (last_row - first_row, last_col - first_col)
    inside = _parity((row - first_row) * shape[1] + (col - first_col), shape)
    return slice(first_row, last_row), slice(first_col, last_col), inside


def _clip_range(first: np.float64, last: np.float64, size: int) -> tuple[int, int]:
    """Return both limits as whole numbers within 0..size."""
    return int(min(max(first, 0), size)), int(min(max(last, 0), size))


def edges_of(rings: Rings) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the start and end points of the rings' edges: float (n, 2) each."""
    ends = [np.concatenate((ring[1:], ring[:1])) for ring in rings]
    return np.concatenate(rings), np.concatenate(ends)


def crossings(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], first_row: int, last_row: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the crossings of edges and center lines, ``first_row <= row < last_row``.

    Returns the row, the x and the edge of each crossing, in the order of the edges.
    """
    # From the upper to the lower end, so that two polygons which share an edge but walk it in
    # opposite directions compute the same crossing to the last bit.
    upper, lower = start[:, 1] <= end[:, 1], start[:, 1] > end[:, 1]
    x0, y0 = np.where(upper[:, None], start, end).T
    x1, y1 = np.where(lower[:, None], start, end).T
    first = np.clip(np.ceil(y0 - 0.5), first_row, last_row).astype(np.int64)
    count = np.clip(np.ceil(y1 - 0.5), first_row, last_row).astype(np.int64) - first
    edge = np.repeat(np.arange(len(count)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count - first, count)
    y = row + 0.5
    x = (y - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge] + x0[edge]
    return row, x, edge


def _parity(toggles: npt.NDArray[np.int64], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return the pixels with an odd number of toggles at or before them, in reading order.

    Every row has an even number of crossings, so the parity is even again at each row's end and
    the whole box can be read as one line.
    """
    size = shape[0] * shape[1]
    words = parity_words(toggles, size // 64 + 1)
    return (
        np.unpackbits(words.view(np.uint8), count=size, bitorder="little")
        .view(np.bool_)
        .reshape(shape)
    )


def parity_words(toggles: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.uint64]:
    """Return the bits of a line with an odd number of toggles at or before them.

    ``toggles`` are places in the line, any of them more than once; the result is little-endian
    uint64 (count,), the line's first 64 bits in the first word, the first of them the lowest. A
    toggle inverts the rest of its word; the last bit of each word is carried to the next.
    """
    words = np.zeros(count, dtype="<u8")
    rest_of_word = np.left_shift(ALL_BITS, (toggles & 63).astype(np.uint64))
    np.bitwise_xor.at(words, toggles >> 6, rest_of_word)
    # Shifted as signed numbers, the last bit fills its word: all ones, or none.
    carry = words.view("<i8") >> 63
    np.bitwise_xor.accumulate(carry, out=carry)
    words[1:] ^= carry[:-1].view("<u8")
    return words


def mask_to_regions(mask: Mask) -> list[Region]:
    """Trace the areas of a mask along pixel edges: the inverse of ``rasterize_regions``.

    ``mask`` is uint8 (height, width). Each 4-connected area of one class becomes one region, its
    holes as further rings, with whole-number coordinates. A mask without labels gives an empty
    list.

    >>> mask = np.array([[3, 3, NO_LABEL]], dtype=np.uint8)
    >>> (region,) = mask_to_regions(mask)
    >>> np.array_equal(rasterize_regions([region], height=1, width=3), mask)
    True
    """
    import rasterio.features

    labeled = mask != NO_LABEL
    if not labeled.any():
        return []
    regions = []
    for shape, code in rasterio.features.shapes(mask, mask=labeled, connectivity=4):
        rings = tuple(np.array(ring[:-1], dtype=np.float64) for ring in shape["coordinates"])
        regions.append(Region(int(code), rings))
    return regions
