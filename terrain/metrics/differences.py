"""Differences of two masks of one image, by which merge methods are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from terrain.masks import NO_LABEL, Mask
from terrain.metrics.contingency import count_joint, pixel_runs, ratio


@dataclass(frozen=True, slots=True)
class Difference:
    """Pixel counts of two masks of one image.

    ``first``, ``second``, ``both``: pixels labeled in the first mask, in the second, in both;
    ``same``: pixels labeled with the same class in both; ``pixels``: all pixels of the image.
    """

    first: int
    second: int
    both: int
    same: int
    pixels: int

    @property
    def match(self) -> float:
        """Return the share of pixels labeled in either mask that have the same class in both.

        1 if no pixel is labeled.
        """
        share = ratio(self.same, self.first + self.second - self.both)
        return 1.0 if share is None else share

    @property
    def agreement(self) -> float | None:
        """Return the share of pixels labeled in both masks with one class; None for none."""
        return ratio(self.same, self.both)


def difference(first: Mask, second: Mask) -> Difference:
    """Compare two masks of one image, uint8 (height, width) of any codes and ``NO_LABEL``.

    Raises ValueError for unequal shapes.

    >>> first = np.array([[0, 1, 255]], dtype=np.uint8)
    >>> second = np.array([[0, 2, 2]], dtype=np.uint8)
    >>> found = difference(first, second)
    >>> found, round(found.match, 3), found.agreement
    (Difference(first=2, second=3, both=2, same=1, pixels=3), 0.333, 0.5)
    """
    if first.shape != second.shape:
        raise ValueError(f"Masks of {first.shape} and {second.shape} are not of one image.")
    starts, lengths = pixel_runs((first, second))
    one, other = (mask.ravel()[starts] for mask in (first, second))
    facts = [fact.view(np.uint8) for fact in (one != NO_LABEL, other != NO_LABEL, one == other)]
    table = count_joint(facts, (2, 2, 2), lengths)
    return Difference(
        first=int(table[1].sum()),
        second=int(table[:, 1].sum()),
        both=int(table[1, 1].sum()),
        same=int(table[1, 1, 1]),
        pixels=first.size,
    )


def sum_differences(differences: Iterable[Difference]) -> Difference:
    """Return the sum of the differences of several images; zeros for none."""
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
