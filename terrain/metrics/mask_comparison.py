"""How one labeler's drawing compares with what the crowd made of the same image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """One class on the pixels where both drew something; areas in pixels.

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
        """Intersection over union (paper 3.1.3, Eq. 1), 0..1; None where neither has the class."""
        union = self.mine + self.crowd - self.both
        return self.both / union if union else None


def agreement_by_class(mine: Mask, crowd: Mask, codes: Sequence[int]) -> list[ClassAgreement]:
    """The agreement of each class in one of the two masks, in the order of `codes`.

    Both are uint8 (H, W) of class codes and NO_LABEL, post-processed. Compared is only where both
    have a label: where the crowd has none there is nothing to agree with. `[]` for empty masks.
    """
    if mine.shape != crowd.shape:
        raise ValueError(f"Masks of {mine.shape} and {crowd.shape} are not of one image.")
    decided = (mine != NO_LABEL) & (crowd != NO_LABEL)
    found = []
    for code in codes:
        of_mine, of_crowd = mine == code, crowd == code
        agreement = ClassAgreement(
            code=code,
            mine=_area(of_mine & decided),
            crowd=_area(of_crowd & decided),
            both=_area(of_mine & of_crowd),
            mine_alone=_area(of_mine & ~decided),
        )
        if of_mine.any() or of_crowd.any():
            found.append(agreement)
    return found


def _area(pixels: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(pixels))
