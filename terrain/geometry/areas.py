"""The areas of a mask in COCO's run-length code.

Runs go down the columns, and columns from left to right. An area is 4-connected and has one class,
as in `terrain.masks.mask_to_regions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a mask.

    `box` is (left, top, width, height) in pixels; `counts` is COCO's compressed run-length code of
    the area within an image of the mask's size.
    """

    code: int
    pixels: int
    box: tuple[int, int, int, int]
    counts: str


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of one class in one column: int64 (n,) each, `start` counted down the columns."""

    start: Ints
    length: Ints
    code: Ints


def connected_areas(mask: Mask) -> list[Area]:
    """Return every 4-connected area of a mask, in the order of their first pixels.

    `mask` is uint8 (height, width) of class codes; pixels with NO_LABEL belong to no area. A mask
    without labels gives an empty list.

    >>> mask = np.array([[0, 255], [0, 1]], dtype=np.uint8)
    >>> [(area.code, area.pixels, area.box) for area in connected_areas(mask)]
    [(0, 2, (0, 0, 1, 2)), (1, 1, (1, 1, 1, 1))]
    """
    runs = _runs(mask)
    return _areas(runs, _components(runs, mask.shape[0]), mask)


def class_areas(mask: Mask) -> list[Area]:
    """Return all pixels of each class as one area, connected or not, by ascending code.

    >>> [area.pixels for area in class_areas(np.array([[0, 1, 0]], dtype=np.uint8))]
    [2, 1]
    """
    runs = _runs(mask)
    return _areas(runs, np.unique(runs.code, return_inverse=True)[1], mask)


def _runs(mask: Mask) -> _Runs:
    """Return the runs of labeled pixels, down the columns."""
    height = mask.shape[0]
    down = mask.T.ravel()
    begins = np.ones(down.size, dtype=np.bool_)
    np.not_equal(down[1:], down[:-1], out=begins[1:])
    begins[::height] = True
    start = np.flatnonzero(begins)
    length = np.diff(start, append=down.size)
    labeled = down[start] != NO_LABEL
    return _Runs(start[labeled], length[labeled], down[start[labeled]].astype(np.int64))


def _components(runs: _Runs, height: int) -> Ints:
    """Return the number of each run's area, from 0 in the order of their first runs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(runs.start)
    if not count:
        return np.zeros(0, dtype=np.int64)
    # Two runs of neighboring columns touch at the start of one of them, so it is enough to compare
    # each start with the columns to its left and right.
    pairs = []
    for step in (-height, height):
        beside = runs.start + step
        other = np.searchsorted(runs.start, beside, side="right") - 1
        there = other >= 0
        there &= beside < runs.start[other] + runs.length[other]
        there &= runs.code[other] == runs.code
        pairs.append((np.flatnonzero(there), other[there]))
    one, another = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    touching = coo_array((np.ones(len(one), dtype=np.bool_), (one, another)), shape=(count, count))
    _, found = connected_components(touching, directed=False)
    _, first, number = np.unique(found, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    numbered: Ints = order[number]
    return numbered


def _areas(runs: _Runs, number: Ints, mask: Mask) -> list[Area]:
    """Return the areas, given the area number of each run."""
    if not len(number):
        return []
    order = np.argsort(number, kind="stable")
    start, length, number = runs.start[order], runs.length[order], number[order]
    first = np.flatnonzero(np.diff(number, prepend=-1))
    column, top = np.divmod(start, mask.shape[0])
    left, right = column[first], np.maximum.reduceat(column, first) + 1
    highest = np.minimum.reduceat(top, first)
    lowest = np.maximum.reduceat(top + length, first)
    boxes = np.stack((left, highest, right - left, lowest - highest), axis=1)
    pixels = np.add.reduceat(length, first)
    return [
        Area(int(code), int(area), (box[0], box[1], box[2], box[3]), counts)
        for code, area, box, counts in zip(
            runs.code[order][first].tolist(),
            pixels.tolist(),
            boxes.tolist(),
            _counts(start, length, first, mask.size),
            strict=True,
        )
    ]


def _counts(start: Ints, length: Ints, first: Ints, size: int) -> list[str]:
    """Return the COCO code of each area: run lengths, alternating outside and inside, as text.

    `first` is the index of each area's first run.
    """
    end = start + length
    before = np.concatenate(([0], end[:-1]))
    before[first] = 0
    # Unlike here, COCO's runs continue from column to column.
    begins = start != before
    begins[first] = True
    kept = np.flatnonzero(begins)
    area = np.searchsorted(first, kept, side="right") - 1
    last = np.append(kept[1:], len(start)) - 1
    inside = end[last] - start[kept]
    outside = (start - before)[kept]
    ends_area = np.diff(area, append=area[-1] + 1) != 0
    after = size - end[last]
    # Each run yields the gap before it and its length, an area's last run also the rest after it.
    values = np.stack((outside, inside, after), axis=1)
    valid = np.ones(values.shape, dtype=np.bool_)
    valid[:, 2] = ends_area & (after > 0)
    flat = values[valid]
    owner = np.broadcast_to(area[:, None], values.shape)[valid]
    place = np.arange(len(flat)) - np.searchsorted(owner, owner, side="left")
    # From the fourth number on, COCO writes the difference to the last but one.
    delta = flat.copy()
    later = np.flatnonzero(place > 2)
    delta[later] -= flat[later - 2]
    return _as_text(delta, np.bincount(owner))


def _as_text(numbers: Ints, sizes: Ints) -> list[str]:
    """Encode numbers in groups of five bits, lowest first, as COCO's `rleToString` does.

    `sizes` has the count of numbers for each text.
    """
    characters, used = [], []
    rest, goes_on = numbers, np.ones(len(numbers), dtype=np.bool_)
    while goes_on.any():
        digit = rest & 31
        rest = rest >> 5
        used.append(goes_on)
        goes_on = goes_on & (rest != np.where(digit & 16, -1, 0))
        characters.append(digit + np.where(goes_on, 32, 0) + 48)
    taken = np.stack(used, axis=1)
    text = np.stack(characters, axis=1)[taken].astype(np.uint8).tobytes().decode("ascii")
    per_text = np.add.reduceat(taken.sum(axis=1), np.cumsum(sizes) - sizes)
    ends = np.cumsum(per_text).tolist()
    return [text[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
