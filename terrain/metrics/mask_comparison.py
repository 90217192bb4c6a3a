"""How one labeler's drawing compares with what the crowd made of the same image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terrain.masks import Mask
from terrain.metrics.contingency import (
    UNLABELED,
    ClassCounts,
    contingency_table,
    iou,
    keep_labeled,
)


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """The agreement of a labeler and the crowd on one class; areas in pixels.

    `mine`: drawn so by the labeler, `crowd`: by the crowd, `both`: by both. `mine_alone` are pixels
    of the class where the crowd has no label: it did not agree there, or drew nothing.
    """

    code: int
    mine: int
    crowd: int
    both: int
    mine_alone: int

    @property
    def share(self) -> float | None:
        """Return the IoU (paper 3.1.3, Eq. 1), 0..1; None if neither has the class."""
        return iou(self.both, self.mine, self.crowd)


def agreement_by_class(mine: Mask, crowd: Mask, codes: Sequence[int]) -> list[ClassAgreement]:
    """Return the agreement of each class in one of the two masks, in the order of `codes`.

    Both are uint8 (H, W) of class codes and NO_LABEL, post-processed. Compared is only where both
    have a label: where the crowd has none there is nothing to agree with. `[]` for empty masks.
    Raises ValueError for unequal shapes.

    >>> import numpy as np
    >>> mine = np.array([[0, 0, 1]], dtype=np.uint8)
    >>> crowd = np.array([[0, 1, 1]], dtype=np.uint8)
    >>> [(each.code, each.share) for each in agreement_by_class(mine, crowd, codes=(0, 1))]
    [(0, 0.5), (1, 0.5)]
    """
    table = contingency_table(mine, crowd, codes)
    counts = ClassCounts.of(keep_labeled(table, first=True, second=True), len(codes))
    return [
        ClassAgreement(
            code=code,
            mine=int(counts.first[k]),
            crowd=int(counts.second[k]),
            both=int(counts.both[k]),
            mine_alone=int(table[k, UNLABELED]),
        )
        for k, code in enumerate(codes)
        if table[k].any() or table[:, k].any()
    ]
