"""Post-processing of one label (paper 3.1.3): what lies under the masks is removed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


def union_masks(masks: Iterable[BoolMask | None]) -> BoolMask | None:
    """The pixels that any of the given masks removes: bool (H, W), or None where there is none."""
    union: BoolMask | None = None
    for mask in masks:
        if mask is not None:
            union = mask if union is None else union | mask
    return union


def remove_masked(label: Mask, removed: BoolMask | None) -> Mask:
    """A label's mask without what lies on the rover or beyond the range limit (paper 3.1.3).

    `label` is uint8 (H, W) of class codes; `removed` is bool (H, W), True = take away, or None.
    A new array is returned. Raises ValueError where the sizes differ.
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
    """Pixels of each class present in a mask, by ascending code; `{}` where nothing is labeled."""
    counts = np.bincount(label.ravel(), minlength=256)
    counts[NO_LABEL] = 0
    return {int(code): int(counts[code]) for code in np.flatnonzero(counts)}
