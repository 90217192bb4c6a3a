"""Differences between experts' labels: areas by pair of classes, regions, and their overlay."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from terrain.aggregation.disputes import (
    Dispute,
    DisputedPixels,
    dispute_picture,
    find_disputes,
    measure_disputes,
)
from terrain.masks import NO_LABEL
from tests.factories import Mask, mask, rows

masks_of_experts = st.integers(1, 4).flatmap(
    lambda count: st.lists(
        arrays.arrays(np.uint8, (5, 6), elements=st.sampled_from([0, 1, 2, 50, NO_LABEL])),
        min_size=count,
        max_size=count,
    )
)


def test_areas_by_hand() -> None:
    """Pixels labeled by only one expert are not disputed; three classes make three pairs."""
    found = measure_disputes(
        [mask("0001..", "222..."), mask("0012..", "2....."), mask("0102..", "222...")]
    )

    assert found == DisputedPixels(labeled=7, disputed=3, pairs={(0, 1): 2, (1, 2): 1})
    assert measure_disputes([mask("0"), mask("1"), mask("2")]).pairs == {
        (0, 1): 1,
        (0, 2): 1,
        (1, 2): 1,
    }


def test_fewer_than_two_labels_dispute_nothing() -> None:
    assert measure_disputes([]) == DisputedPixels(0, 0, {})
    assert measure_disputes([mask("01.")]) == DisputedPixels(2, 0, {})
    assert find_disputes([], 5) == find_disputes([mask("01.")], 5) == []
    assert rows(dispute_picture([mask("01.")])) == ["..."]
    with pytest.raises(ValueError, match="Without labels"):
        dispute_picture([])


def test_labels_of_two_images_are_refused() -> None:
    for ask in (measure_disputes, lambda masks: find_disputes(masks, 1), dispute_picture):
        with pytest.raises(ValueError, match="one shape"):
            ask([mask("0"), mask("00")])


@settings(deadline=None)
@given(masks_of_experts)
def test_areas_are_what_they_say(masks: list[Mask]) -> None:
    labeled = disputed = 0
    pairs: dict[tuple[int, int], int] = {}
    for said in zip(*(each.reshape(-1).tolist() for each in masks), strict=True):
        named = sorted({code for code in said if code != NO_LABEL})
        labeled += bool(named)
        disputed += len(named) > 1
        for pair in combinations(named, 2):
            pairs[pair] = pairs.get(pair, 0) + 1

    assert measure_disputes(masks) == DisputedPixels(labeled, disputed, pairs)
    assert measure_disputes(masks[::-1]) == measure_disputes(masks)


@settings(deadline=None)
@given(masks_of_experts)
def test_regions_cover_the_disputed_area_and_each_has_one_opinion_an_expert(
    masks: list[Mask],
) -> None:
    found = find_disputes(masks, most=100)

    assert sum(each.pixels for each in found) == measure_disputes(masks).disputed
    assert [each.pixels for each in found] == sorted((e.pixels for e in found), reverse=True)
    for each in found:
        x, y = each.at
        assert tuple(int(m[y, x]) for m in masks) == each.votes
        assert len({code for code in each.votes if code != NO_LABEL}) > 1
    assert find_disputes(masks, most=2) == found[:2]
    assert find_disputes(masks, 100, smallest=3) == [each for each in found if each.pixels >= 3]


def test_regions_by_hand() -> None:
    """Pixels that touch at a corner belong together, and the point lies well inside."""
    a = mask("111....", "111....", "111....", "......1", ".....1.")
    b = mask("222....", "222....", "222....", "......0", ".....0.")
    c = mask(".......", ".......", ".......", ".......", ".......")

    assert find_disputes([a, b, c], 5) == [
        Dispute((1, 2, NO_LABEL), 9, (1, 1)),
        Dispute((1, 0, NO_LABEL), 2, (6, 3)),
    ]


@settings(deadline=None)
@given(masks_of_experts)
def test_the_picture_shows_what_was_said_where_it_is_disputed(masks: list[Mask]) -> None:
    shown = dispute_picture(masks)
    stack = np.stack(masks)

    disputed = np.zeros(shown.shape, dtype=bool)
    for y, x in np.ndindex(shown.shape):
        disputed[y, x] = len(set(stack[:, y, x].tolist()) - {NO_LABEL}) > 1
        if disputed[y, x]:
            assert shown[y, x] in stack[:, y, x]
    assert np.array_equal(shown != NO_LABEL, disputed)


@settings(max_examples=20, deadline=None)
@given(st.permutations([0, 2, 3]))
def test_each_opinion_gets_its_share_of_the_stripes(codes: list[int]) -> None:
    masks = [np.full((240, 240), code, dtype=np.uint8) for code in codes]

    three = np.bincount(dispute_picture(masks).reshape(-1), minlength=4)
    two = np.bincount(dispute_picture([masks[0], masks[1], masks[0]]).reshape(-1), minlength=4)

    assert three[[0, 2, 3]].min() > 0.3 * 240 * 240
    assert two[codes[:2]].min() > 0.45 * 240 * 240
    assert two[codes[2]] == 0
