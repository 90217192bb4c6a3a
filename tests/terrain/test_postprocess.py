"""Removing masked pixels, on masks written as text (paper 3.1.3)."""

from __future__ import annotations

import numpy as np
import pytest

from terrain.postprocess import pixels_per_class, remove_masked, union_masks
from tests.factories import mask, rows

ROVER = mask("0000", "0110").astype(bool)
BEYOND = mask("1100", "0000").astype(bool)


def test_what_lies_under_a_mask_is_no_label() -> None:
    label = mask("0123", "3333")

    assert rows(remove_masked(label, ROVER)) == ["0123", "3..3"]
    assert rows(label) == ["0123", "3333"], "the label given is left alone"


def test_without_a_mask_all_stays_and_is_a_copy() -> None:
    label = mask("01..")

    kept = remove_masked(label, None)

    assert rows(kept) == ["01.."]
    assert not np.shares_memory(kept, label)


def test_a_mask_of_another_size_says_both_sizes() -> None:
    with pytest.raises(ValueError, match=r"mask is 4 x 2 pixels, the label 3 x 1"):
        remove_masked(mask("012"), ROVER)


def test_rover_and_range_add_up() -> None:
    union = union_masks([ROVER, None, BEYOND])

    assert union is not None
    assert union.astype(int).tolist() == [[1, 1, 0, 0], [0, 1, 1, 0]]


@pytest.mark.parametrize("masks", [[], [None], [None, None]])
def test_no_mask_at_all_is_none(masks: list[None]) -> None:
    assert union_masks(masks) is None


def test_the_union_does_not_write_into_its_parts() -> None:
    before = ROVER.copy()
    union_masks([ROVER, BEYOND])
    assert (before == ROVER).all()


def test_pixels_are_counted_by_ascending_code_and_255_is_none() -> None:
    label = mask("3.00", "3..0")
    label[1, 1] = 254

    counts = pixels_per_class(label)

    assert counts == {0: 3, 3: 2, 254: 1}
    assert list(counts) == [0, 3, 254]
    assert pixels_per_class(mask("....")) == {}
