"""How two masks of one image differ: what the ways to merge are compared by. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Difference:
    """Pixels of two masks: that the ``first`` labels, the ``second``, ``both``, both with the
    ``same`` class, and of the image (``pixels``)."""

    first: int
    second: int
    both: int
    same: int
    pixels: int

    @property
    def alike(self) -> float:
        """Of the pixels that either labels, the share that both label with the same class; 1 where
        neither labels any."""
        either = self.first + self.second - self.both
        return self.same / either if either else 1.0

    @property
    def agreement(self) -> float | None:
        """Of the pixels that both label, the share with the same class; None: there are none."""
        return self.same / self.both if self.both else None


def difference(first: Mask, second: Mask) -> Difference:
    """Compare two masks of one image, uint8 (height, width) of class codes and ``NO_LABEL``."""
    if first.shape != second.shape:
        raise ValueError(f"Masks of {first.shape} and {second.shape} are not of one image.")
    of_first, of_second = first != NO_LABEL, second != NO_LABEL
    both = of_first & of_second
    return Difference(
        first=_area(of_first),
        second=_area(of_second),
        both=_area(both),
        same=_area(both & (first == second)),
        pixels=first.size,
    )


def together(differences: Iterable[Difference]) -> Difference:
    """The pixels of several images as of one; of none, no pixels."""
    total = Difference(0, 0, 0, 0, 0)
    for each in differences:
        total = Difference(
            total.first + each.first,
            total.second + each.second,
            total.both + each.both,
            total.same + each.same,
            total.pixels + each.pixels,
        )
    return total


def _area(pixels: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(pixels))
