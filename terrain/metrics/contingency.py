"""Contingency tables: how many pixels each class of one mask shares with each class of another.

Every IoU, recall, precision, accuracy and kappa of the project comes from such counts by the
functions of this module, so the empty cases are defined once: a ratio with divisor 0 is undefined:
`None` as a single number, NaN in an array. Means leave it out.

    >>> import numpy as np
    >>> answer = np.array([[0, 0, 1, 255]], dtype=np.uint8)
    >>> drawing = np.array([[0, 1, 1, 1]], dtype=np.uint8)
    >>> table = keep_labeled(contingency_table(answer, drawing, codes=(0, 1)), first=True)
    >>> ClassCounts.of(table, classes=2).iou().tolist()
    [0.5, 0.5]
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL, Mask

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: Whole numbers, or sums of them in floats where tables are resampled.
Numbers = npt.NDArray[Any]

#: The last two places of both axes of a table: pixels without a label, and pixels with a code that
#: is none of the classes.
UNLABELED, OTHER = -2, -1


def contingency_table(first: Mask, second: Mask, codes: Sequence[int]) -> Counts:
    """Count the pixels of each pair of classes of two masks of one image.

    `first` and `second` are uint8 (height, width) of class codes and NO_LABEL. The result is int64
    (len(codes) + 2, len(codes) + 2): rows are the classes of `first` and columns those of `second`,
    in the order of `codes`, then UNLABELED and OTHER. Masks without pixels give zeros. Raises
    ValueError for unequal shapes. `keep_labeled` leaves out pixels without a label.
    """
    if first.shape != second.shape:
        raise ValueError(f"Masks of {first.shape} and {second.shape} are not of one image.")
    starts, lengths = pixel_runs((first, second))
    place = class_indices(codes)
    places = [place[mask.ravel()[starts]] for mask in (first, second)]
    return count_joint(places, (len(codes) + 2, len(codes) + 2), lengths)


def keep_labeled(table: Counts, *, first: bool = False, second: bool = False) -> Counts:
    """Return a table without the pixels that have no label in the first or in the second mask."""
    counted = table.copy()
    if first:
        counted[UNLABELED] = 0
    if second:
        counted[:, UNLABELED] = 0
    return counted


def pixel_runs(masks: Sequence[Mask]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the starts and lengths of the runs, in reading order, that are equal in all masks.

    Masks consist of patches, so runs are far fewer than pixels. `masks` are one or more masks of
    one shape; masks without pixels have no runs.
    """
    lines = [mask.ravel() for mask in masks]
    changes = np.ones(lines[0].size, dtype=np.bool_)
    np.not_equal(lines[0][1:], lines[0][:-1], out=changes[1:])
    for line in lines[1:]:
        changes[1:] |= line[1:] != line[:-1]
    starts = np.flatnonzero(changes)
    return starts, np.diff(starts, append=lines[0].size)


def class_indices(codes: Sequence[int]) -> npt.NDArray[np.intp]:
    """Return the table index of each of the 256 codes: int (256,).

    A class has its position in `codes`; NO_LABEL comes next, then one index for all other codes.
    """
    place = np.full(NO_LABEL + 1, len(codes) + 1)
    place[NO_LABEL] = len(codes)
    place[list(codes)] = range(len(codes))
    return place


def count_joint(
    places: Sequence[npt.NDArray[np.integer]],
    shape: Sequence[int],
    weights: npt.NDArray[np.intp] | None = None,
) -> Counts:
    """Count how often indices occur together: int64 of `shape`, one axis per array.

    `places` are integer arrays (n,), one per axis, within the bounds of `shape`. Entry k counts
    `weights[k]` times, or once without weights; empty arrays give zeros.
    """
    index = np.ravel_multi_index(tuple(places), tuple(shape))
    # Weights are floats, and exact below 2^53.
    counts = np.bincount(index, weights, math.prod(shape)).astype(np.int64)
    return counts.reshape(shape)


@dataclass(frozen=True, slots=True, eq=False)
class ClassCounts:
    """Pixels of each class in the first mask, in the second, and in both: (..., classes) each.

    The first mask is the truth where there is one, the second what was drawn or predicted. The
    scores are float64 of the same shape, NaN where the divisor is 0.
    """

    both: Numbers
    first: Numbers
    second: Numbers

    @classmethod
    def of(cls, table: Numbers, classes: int) -> ClassCounts:
        """Return the counts of tables (..., rows, columns) whose first indices are the classes."""
        first: Numbers = table[..., :classes, :].sum(axis=-1)
        second: Numbers = table[..., :, :classes].sum(axis=-2)
        both: Numbers = np.diagonal(table, axis1=-2, axis2=-1)[..., :classes]
        return cls(both, first, second)

    def iou(self) -> Floats:
        """Return the intersection over union, 0..1 (paper 3.1.3, Eq. 1); nan if undefined."""
        return ratios(self.both, self.first + self.second - self.both)

    def recall(self) -> Floats:
        """Return the share of the first mask's pixels with the same class in the second."""
        return ratios(self.both, self.first)

    def precision(self) -> Floats:
        """Return the share of the second mask's pixels with the same class in the first."""
        return ratios(self.both, self.second)

    def accuracy(self) -> Floats:
        """Return the share of all the first mask's pixels that match: (..., 1)."""
        return ratios(self.both.sum(axis=-1, keepdims=True), self.first.sum(axis=-1, keepdims=True))


def iou(both: int, first: int, second: int) -> float | None:
    """Return the intersection over union of two areas, 0..1; None where both are empty.

    >>> iou(both=1, first=2, second=1), iou(0, 0, 0)
    (0.5, None)
    """
    return ratio(both, first + second - both)


def ratio(part: float, whole: float) -> float | None:
    """Return `part / whole`, or None if `whole` is 0."""
    return part / whole if whole else None


def ratios(parts: Numbers, wholes: Numbers) -> Floats:
    """Return `parts / wholes`, float64 of the shape of `wholes`; NaN where a whole is 0."""
    shares: Floats = np.full(wholes.shape, np.nan)
    np.divide(parts, wholes, out=shares, where=wholes > 0)
    return shares


def mean_of_defined(values: Floats) -> Floats:
    """Return the mean of the values that are not NaN, along the last axis (kept)."""
    defined = ~np.isnan(values)
    return ratios(
        np.where(defined, values, 0).sum(axis=-1, keepdims=True),
        defined.sum(axis=-1, keepdims=True).astype(np.float64),
    )


def exact_mean(values: Iterable[float]) -> float | None:
    """Return the mean of the values that are not NaN; None if there is none.

    The sum is exactly rounded: the order of the values does not change it by its last bit.
    """
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else None


def balanced_accuracy(matrices: Floats, classes: Sequence[int]) -> Floats:
    """Return the mean over `classes` of the probability of a correct answer: float64 (n,).

    `matrices` are float64 (n, K, K) with true classes as rows, which add up to 1; `classes` are one
    or more of their indices.
    """
    places = list(classes)
    mean: Floats = matrices[:, places, places].mean(axis=1)
    return mean


def kappa(table: Numbers, disagreement: Floats) -> float | None:
    """Return Cohen's weighted kappa of two raters (Cohen 1968), -1..1.

    `table` (levels, levels) counts their pairs of answers; `disagreement`, of the same shape, has
    the weight of each pair, 0 on the diagonal. None for an empty table, and if the expected
    disagreement is zero.

    >>> kappa(np.array([[2, 0], [0, 2]]), quadratic_disagreement(2))
    1.0
    """
    total = table.sum()
    if total == 0:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    by_chance = float((disagreement * expected).sum())
    return None if by_chance == 0 else 1.0 - float((disagreement * table).sum()) / by_chance


def quadratic_disagreement(levels: int) -> Floats:
    """Return the weights of `kappa` for ordered answers: squared distances, 1 between the extreme
    levels.
    """
    place = np.arange(levels)
    weights: Floats = (place[:, None] - place[None, :]) ** 2 / (levels - 1) ** 2
    return weights
