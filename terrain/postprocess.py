"""Post-processing of one label (paper 3.1.3): removal of masked pixels. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


def union_masks(masks: Iterable[BoolMask | None]) -> BoolMask | None:
    """Return the union of the given masks: bool (H, W), or None if all are None."""
    union: BoolMask | None = None
    for mask in masks:
        if mask is not None:
            union = mask if union is None else union | mask
    return union


def remove_masked(label: Mask, removed: BoolMask | None) -> Mask:
    """Return a label's mask without the rover and the ground beyond the range limit.

    `label` is uint8 (H, W) of class codes; `removed` is bool (H, W), True for pixels to remove, or
    None. Returns a new array. Raises ValueError if the sizes differ.

    >>> remove_masked(np.array([[1, 2]], dtype=np.uint8), np.array([[True, False]])).tolist()
    [[255, 2]]
    """
    if removed is None:
        return label.copy()
    if removed.shape != label.shape:
        raise ValueError(
            f"The mask is {removed.shape[1]} x {removed.shape[0]} pixels, "
            f"the label {label.shape[1]} x {label.shape[0]}."
        )
    return np.where(removed, np.uint8(NO_LABEL), label)


def pixels_per_class(label: Mask) -> dict[int, int]:
    """Count the pixels of each class present, by ascending code; `{}` if none is.

    >>> pixels_per_class(np.array([[1, 2, 2, 255]], dtype=np.uint8))
    {1: 1, 2: 2}
    """
    counts = np.bincount(label.ravel(), minlength=256)
    counts[NO_LABEL] = 0
    return {int(code): int(counts[code]) for code in np.flatnonzero(counts)}
