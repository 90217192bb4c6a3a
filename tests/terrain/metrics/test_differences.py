"""Differences of two masks of one image, on masks written as text."""

from __future__ import annotations

import pytest

from terrain.metrics.differences import Difference, difference, sum_differences
from tests.factories import mask


def test_by_hand() -> None:
    found = difference(mask("0011..", "......"), mask("0021.3", "......"))
    assert found == Difference(first=4, second=5, both=4, same=3, pixels=12)
    assert (found.match, found.agreement) == (0.6, 0.75)
    assert sum_differences([found, found]) == Difference(8, 10, 8, 6, 24)


def test_nothing_labeled() -> None:
    nothing = difference(mask(".."), mask(".."))
    assert (nothing.match, nothing.agreement) == (1.0, None)
    assert difference(mask("0."), mask("..")).match == 0
    assert sum_differences([]).match == 1


def test_masks_of_two_images() -> None:
    with pytest.raises(ValueError, match="not of one image"):
        difference(mask("0"), mask("00"))
