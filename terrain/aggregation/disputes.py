"""Disputes: areas on which the experts' labels of one image differ (paper 3.1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]

#: Width of a stripe in the picture of disputes, for an image of 1024 pixels a side.
STRIPE_PX = 8

#: Areas are 8-connected, so that a thin wrong border is one dispute and not a hundred.
_NEIGHBORS = np.ones((3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class DisputedPixels:
    """Counts of the pixels of one image on which its experts agree and disagree.

    `labeled`: pixels with a class from any expert. `disputed`: pixels with different classes.
    `pairs`: disputed pixels by the two class codes, the smaller first; a pixel with three classes
    counts in each of its three pairs.
    """

    labeled: int
    disputed: int
    pairs: dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A connected area in which each expert gave one class, and these classes differ.

    `votes`: the class code of each expert in the order of the masks, NO_LABEL for none. `at`:
    (x, y) of one of its pixels, well inside, in image pixels.
    """

    votes: tuple[int, ...]
    pixels: int
    at: tuple[int, int]


def measure_disputes(masks: Sequence[Mask]) -> DisputedPixels:
    """Count the pixels that the experts labeled, and those on which they disagree.

    Args:
        masks: One post-processed mask per expert, uint8 (H, W) of class codes and NO_LABEL.

    Returns:
        The counts; zeros without masks, and no disputed pixels for one mask.

    Raises:
        ValueError: The masks differ in shape.

    >>> first = np.array([[0, 1, 255]], dtype=np.uint8)
    >>> second = np.array([[0, 2, 255]], dtype=np.uint8)
    >>> measure_disputes([first, second])
    DisputedPixels(labeled=2, disputed=1, pairs={(1, 2): 1})
    """
    if not masks:
        return DisputedPixels(0, 0, {})
    opinions, which = _opinions(masks)
    pairs: dict[tuple[int, int], int] = {}
    labeled = disputed = 0
    counts = np.bincount(which.reshape(-1), minlength=len(opinions)).tolist()
    for opinion, count in zip(opinions, counts, strict=True):
        named = sorted(set(opinion) - {NO_LABEL})
        labeled += count if named else 0
        disputed += count if len(named) > 1 else 0
        for pair in combinations(named, 2):
            pairs[pair] = pairs.get(pair, 0) + count
    return DisputedPixels(labeled, disputed, dict(sorted(pairs.items())))


def find_disputes(masks: Sequence[Mask], most: int, smallest: int = 1) -> list[Dispute]:
    """Return the `most` largest disputes of at least `smallest` pixels, the largest first.

    masks: as in `areas`. Regions of equal size come in the order of their pixels.

    >>> masks = [np.array([[0, 1, 1]], dtype=np.uint8), np.array([[0, 2, 2]], dtype=np.uint8)]
    >>> find_disputes(masks, most=5)
    [Dispute(votes=(1, 2), pixels=2, at=(1, 0))]
    """
    from scipy import ndimage

    if len(masks) < 2:
        return []
    found = []
    opinions, which = _opinions(masks)
    for number, votes in enumerate(opinions):
        if len(set(votes) - {NO_LABEL}) < 2:
            continue
        regions, _ = ndimage.label(which == number, structure=_NEIGHBORS)
        sizes = np.bincount(regions.reshape(-1))[1:]
        boxes = ndimage.find_objects(regions)
        for region in np.flatnonzero(sizes >= smallest):
            rows, columns = boxes[region]
            x, y = _inner_pixel(regions[rows, columns] == region + 1)
            at = (x + columns.start, y + rows.start)
            found.append(Dispute(votes, int(sizes[region]), at))
    return sorted(found, key=lambda each: (-each.pixels, each.at[1], each.at[0]))[:most]


def dispute_picture(masks: Sequence[Mask]) -> Mask:
    """Return a mask in which disputed pixels are striped in the experts' class codes.

    Returns uint8 (H, W). A disputed pixel has one of its class codes, alternating in diagonal
    stripes; other pixels are NO_LABEL. Raises ValueError without masks, since the size is then
    unknown.
    """
    if not masks:
        raise ValueError("Without labels there is no picture of what they dispute.")
    stack = np.sort(_stack(masks), axis=0)
    shown = np.full(stack.shape[1:], NO_LABEL, dtype=np.uint8)
    rows, columns = np.indices(shown.shape)
    width = max(1, round(STRIPE_PX * max(shown.shape) / 1024))
    stripe = (rows + columns) // width
    # The distinct classes of each pixel, smallest first; in sorted order equal ones are neighbors
    is_new = stack != NO_LABEL
    is_new[1:] &= stack[1:] != stack[:-1]
    named = is_new.sum(axis=0)
    place = np.cumsum(is_new, axis=0) - 1
    turn = stripe % np.maximum(named, 1)
    for codes, new, rank in zip(stack, is_new, place, strict=True):
        np.copyto(shown, codes, where=new & (rank == turn) & (named > 1))
    return shown


def _opinions(
    masks: Sequence[Mask],
) -> tuple[list[tuple[int, ...]], npt.NDArray[np.intp]]:
    """Return the distinct combinations of the experts' classes, and each pixel's combination."""
    stack = _stack(masks)
    opinions: list[tuple[int, ...]] = [()]
    which = np.zeros(stack.shape[1:], dtype=np.intp)
    for mask in stack:
        which = which * 256 + mask
        present = np.flatnonzero(np.bincount(which.reshape(-1), minlength=len(opinions) * 256))
        place = np.zeros(len(opinions) * 256, dtype=np.intp)
        place[present] = np.arange(len(present))
        which = place[which]
        opinions = [(*opinions[each // 256], each % 256) for each in present.tolist()]
    return opinions, which


def _stack(masks: Sequence[Mask]) -> Mask:
    """Return the masks as one array (experts, H, W). Raises ValueError for unequal shapes."""
    if len({mask.shape for mask in masks}) != 1:
        raise ValueError("Labels of one image have masks of one shape.")
    return np.stack(masks)


def _inner_pixel(region: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return (x, y) of the pixel farthest from the edge of the area; the first one of a tie."""
    from scipy import ndimage

    depth = ndimage.distance_transform_cdt(np.pad(region, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(depth)), region.shape)
    return int(x), int(y)
