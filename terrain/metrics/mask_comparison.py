"""Comparison of one labeler's mask with the crowd's merged mask, class by class."""

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

    `mine`, `crowd`, `both`: pixels of the class in the labeler's mask, in the crowd's, in both;
    only pixels that both masks label are counted. `mine_alone`: pixels of the class in the
    labeler's mask that are unlabeled in the crowd's.
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

    Both are uint8 (H, W) of class codes and NO_LABEL, post-processed. Only pixels that
    both label are compared. `[]` for empty masks.
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
