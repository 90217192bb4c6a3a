"""Compare a drawing with the reference answer, class by class: matched, missed and extra pixels.

Pixels without a class in the reference answer (255) are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL, Mask
from terrain.metrics.contingency import (
    ClassCounts,
    Counts,
    contingency_table,
    exact_mean,
    iou,
    keep_labeled,
    ratio,
)

BoolMask = npt.NDArray[np.bool_]

#: A patch smaller than this share of the compared pixels is not reported.
MIN_REPORTED_SHARE = 0.01

#: Rows of places, from top to bottom, each from left to right.
PLACES = (
    ("top-left", "top", "top-right"),
    ("left", "middle", "right"),
    ("bottom-left", "bottom", "bottom-right"),
)


@dataclass(frozen=True, slots=True)
class ClassComparison:
    """The comparison of one class in a drawing with the reference answer.

    code: the class. known, drawn, matched: numbers of pixels of the class in the answer, in the
    drawing, and in both. missed_at, extra_at: the place (of PLACES) of the largest missed or extra
    patch; None if all patches are small. taken_for: the class drawn on most missed pixels, if any.
    taken_from: the class in the answer of most extra pixels, if any.
    """

    code: int
    known: int
    drawn: int
    matched: int
    missed_at: str | None
    extra_at: str | None
    taken_for: int | None
    taken_from: int | None

    @property
    def iou(self) -> float:
        """Return the intersection over union, 0..1."""
        share = iou(self.matched, self.known, self.drawn)
        return 0.0 if share is None else share

    @property
    def found(self) -> float | None:
        """Return the share of the class that was drawn, 0..1; None if it has no pixels."""
        return ratio(self.matched, self.known)

    @property
    def extra(self) -> float | None:
        """Return the wrong share of what was drawn, 0..1; None if nothing was drawn."""
        right = ratio(self.matched, self.drawn)
        return None if right is None else 1 - right


def compare(known: Mask, drawn: Mask, codes: Sequence[int]) -> list[ClassComparison]:
    """Compare two masks of one image, class by class, in the order of `codes`.

    `known` and `drawn` are uint8 (H, W) class codes, 255 for none. The result has the classes that
    occur in either of them where the answer has a class; it is empty if nothing is compared. Raises
    ValueError if the sizes differ.

    >>> answer = np.array([[0, 0, 1, 255]], dtype=np.uint8)
    >>> drawing = np.array([[0, 1, 1, 1]], dtype=np.uint8)
    >>> compared = compare(answer, drawing, codes=(0, 1))
    >>> [(each.code, each.iou) for each in compared], mean_iou(compared)
    ([(0, 0.5), (1, 0.5)], 0.5)
    """
    if known.shape != drawn.shape:
        raise ValueError(f"The answer is {known.shape}, the drawing {drawn.shape}.")
    compared = known != NO_LABEL
    drawn = np.where(compared, drawn, np.uint8(NO_LABEL))
    table = keep_labeled(contingency_table(known, drawn, codes), first=True)
    counts = ClassCounts.of(table, len(codes))
    least = max(1.0, MIN_REPORTED_SHARE * int(table.sum()))
    compared = []
    for k, code in enumerate(codes):
        if not (counts.first[k] or counts.second[k]):
            continue
        missed = (known == code) & (drawn != code)
        extra = (drawn == code) & (known != code)
        compared.append(
            ClassComparison(
                code=code,
                known=int(counts.first[k]),
                drawn=int(counts.second[k]),
                matched=int(counts.both[k]),
                missed_at=locate_largest_patch(missed, least),
                extra_at=locate_largest_patch(extra, least),
                taken_for=_most(table[k], k, codes),
                taken_from=_most(table[:, k], k, codes),
            )
        )
    return compared


def mean_iou(compared: Sequence[ClassComparison]) -> float:
    """Return the mean intersection over union of the classes, 0..1 (paper 3.1.3, Eq. 1).

    1 if there is nothing to compare.
    """
    mean = exact_mean(each.iou for each in compared)
    return 1.0 if mean is None else mean


def locate_largest_patch(patches: BoolMask, least: float) -> str | None:
    """Return the place (of PLACES) of the largest patch of at least `least` pixels.

    >>> locate_largest_patch(np.array([[True, False, False]]), least=1)
    'left'
    """
    from scipy import ndimage

    labeled, count = ndimage.label(patches)
    if not count:
        return None
    sizes = np.bincount(labeled.ravel())
    sizes[0] = 0
    largest = int(sizes.argmax())
    if sizes[largest] < least:
        return None
    rows, cols = np.nonzero(labeled == largest)
    height, width = patches.shape
    return PLACES[_third(float(rows.mean() + 0.5) / height)][
        _third(float(cols.mean() + 0.5) / width)
    ]


def _third(share: float) -> int:
    """Return which third a share of 0..1 lies in: 0, 1 or 2."""
    return min(2, int(share * 3))


def _most(pixels: Counts, own: int, codes: Sequence[int]) -> int | None:
    """Return the class of more than half of a row's pixels, ignoring index `own`, or None."""
    others = pixels.copy()
    others[own] = 0
    # More than half is one class alone, so the first of several maxima will do.
    place = int(others[: len(codes)].argmax())
    return codes[place] if 2 * others[place] > others.sum() else None
