"""Merging ten labels, compared with plain NumPy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrain.aggregation.majority import PAPER_RULE, merge_masks, merge_planes
from terrain.bitplanes import pack_planes
from terrain.masks import NO_LABEL, rasterize_regions
from tests.bench import crowd
from tests.bench.figures import Figure, milliseconds

Mask = npt.NDArray[np.uint8]


def plain_merge(masks: Sequence[Mask], codes: Sequence[int]) -> Mask:
    """Return the result of the paper's rule on whole arrays: the simplest code."""
    stack = np.stack(masks)
    votes = np.stack([(stack == code).sum(axis=0) for code in codes])
    most = votes.max(axis=0)
    enough = (most >= 3) & (100 * most > 65 * votes.sum(axis=0))
    single = (votes == most).sum(axis=0) == 1
    winners = np.asarray(codes, dtype=np.uint8)[votes.argmax(axis=0)]
    return np.where(enough & single, winners, np.uint8(NO_LABEL))


def run() -> list[Figure]:
    shape = (crowd.SIZE, crowd.SIZE)
    masks = [rasterize_regions(label, *shape) for label in crowd.labels()]

    def merge() -> Mask:
        return merge_masks(masks, crowd.CODES, PAPER_RULE, shape=shape)

    planes = [pack_planes(mask, crowd.CODES) for mask in masks]

    def merge_bits() -> Mask:
        return merge_planes(planes, crowd.CODES, PAPER_RULE, shape=shape)

    assert np.array_equal(merge_bits(), merge())
    assert np.array_equal(merge(), plain_merge(masks, crowd.CODES))
    ours = milliseconds(merge)
    plain = milliseconds(lambda: plain_merge(masks, crowd.CODES), repeat=5)
    return [
        Figure("merging: 10 labels, 4 classes, 1024 x 1024", ours, "ms", 6),
        Figure("merging: the same from bit planes", milliseconds(merge_bits), "ms", 6),
        Figure("merging: the same in plain NumPy", plain, "ms"),
        Figure("merging: times faster than plain NumPy", plain / ours, "x", 10, at_least=True),
    ]
