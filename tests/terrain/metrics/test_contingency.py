"""Contingency tables compared with a loop over all pixels, and scores computed by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from terrain.masks import NO_LABEL
from terrain.metrics.contingency import (
    OTHER,
    UNLABELED,
    ClassCounts,
    balanced_accuracy,
    contingency_table,
    count_joint,
    exact_mean,
    iou,
    kappa,
    keep_labeled,
    mean_of_defined,
    pixel_runs,
    quadratic_disagreement,
    ratio,
    ratios,
)
from tests.factories import mask

CODES = (2, 0, 50)
masks = hnp.arrays(
    np.uint8, (6, 11), elements=st.sampled_from([*CODES, 7, 8, NO_LABEL]), fill=st.just(2)
)


@given(masks, masks)
def test_it_counts_as_a_loop_over_all_pixels_does(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
) -> None:
    place = {2: 0, 0: 1, 50: 2, NO_LABEL: UNLABELED, 7: OTHER, 8: OTHER}
    expected = np.zeros((5, 5), dtype=np.int64)
    for one, other in zip(first.ravel().tolist(), second.ravel().tolist(), strict=True):
        expected[place[one], place[other]] += 1

    table = contingency_table(first, second, CODES)

    assert table.dtype == np.int64
    assert np.array_equal(table, expected)
    for k, code in enumerate(CODES):
        a, b = first == code, second == code
        if (a | b).any():
            assert ClassCounts.of(table, 3).iou()[k] == (a & b).sum() / (a | b).sum()
        else:
            assert np.isnan(ClassCounts.of(table, 3).iou()[k])


def test_the_caller_says_which_unlabeled_pixels_count() -> None:
    table = contingency_table(mask("00..1"), mask("0.0.0"), (0, 1))
    assert table.tolist() == [[1, 0, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert table.sum() == 5
    assert keep_labeled(table, first=True).sum() == 3
    assert keep_labeled(table, second=True).sum() == 3
    assert keep_labeled(table, first=True, second=True).sum() == 2
    assert table.sum() == 5, "the table itself stays"


def test_masks_of_two_images_are_refused_and_empty_ones_are_not() -> None:
    with pytest.raises(ValueError, match="not of one image"):
        contingency_table(mask("00"), mask("000"), CODES)
    nothing = np.zeros((0, 4), dtype=np.uint8)
    assert not contingency_table(nothing, nothing, CODES).any()


@given(st.lists(masks, min_size=1, max_size=3))
def test_runs_are_equal_in_all_masks_and_as_long_as_can_be(
    several: list[npt.NDArray[np.uint8]],
) -> None:
    starts, lengths = pixel_runs(several)
    pixels = list(zip(*(each.ravel().tolist() for each in several), strict=True))
    runs = [pixels[s : s + n] for s, n in zip(starts.tolist(), lengths.tolist(), strict=True)]
    assert [pixel for run in runs for pixel in run] == pixels
    assert all(len(set(run)) == 1 for run in runs)
    assert all(one[0] != other[0] for one, other in pairwise(runs))


def test_three_axes_and_weights() -> None:
    places = [np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([1, 1, 1])]
    assert count_joint(places, (2, 1, 2)).tolist() == [[[0, 1]], [[0, 2]]]
    assert count_joint(places, (2, 1, 2), np.array([5, 6, 7])).tolist() == [
        [[0, 5]],
        [[0, 13]],
    ]
    nobody = [np.zeros(0, dtype=np.intp)] * 2
    assert count_joint(nobody, (2, 2)).tolist() == [[0, 0], [0, 0]]


def test_scores_by_hand() -> None:
    """Rows are true, columns predicted; the last column counts pixels without a prediction."""
    table = np.array([[80, 10, 0, 10], [5, 45, 0, 0], [0, 0, 0, 0]])
    counts = ClassCounts.of(table, 3)
    assert counts.recall().tolist()[:2] == [0.8, 0.9]
    assert counts.precision().tolist()[:2] == [80 / 85, 45 / 55]
    assert counts.iou().tolist()[:2] == [80 / 105, 45 / 60]
    assert all(math.isnan(each()[2]) for each in (counts.recall, counts.precision, counts.iou))
    assert counts.accuracy().tolist() == [125 / 150]
    assert mean_of_defined(counts.iou()).tolist() == [pytest.approx((80 / 105 + 0.75) / 2)]


def test_many_tables_at_once() -> None:
    tables = np.array([[[1, 1], [0, 2]], [[0, 0], [0, 0]]])
    counts = ClassCounts.of(tables, 2)
    assert counts.iou()[0].tolist() == [0.5, 2 / 3]
    assert np.isnan(counts.iou()[1]).all()
    assert counts.accuracy()[0].tolist() == [0.75]
    assert np.isnan(counts.accuracy()[1]).all()
    assert np.isnan(mean_of_defined(counts.iou())[1]).all()


def test_a_share_of_nothing_is_not_defined() -> None:
    assert (ratio(1, 4), ratio(0, 0)) == (0.25, None)
    assert (iou(2, 3, 4), iou(0, 0, 0), iou(0, 0, 5)) == (0.4, None, 0.0)
    assert np.isnan(ratios(np.array([0]), np.array([0]))).all()
    assert exact_mean([]) is None
    assert exact_mean([math.nan]) is None
    assert exact_mean([math.nan, 0.25, 0.75]) == 0.5


def test_the_exact_mean_does_not_depend_on_the_order() -> None:
    values = [0.1] * 10 + [1e16, -1e16]
    assert exact_mean(values) == exact_mean(values[::-1]) == pytest.approx(1 / 12)


def test_kappa_as_cohen_defines_it() -> None:
    """Unweighted, for 50 answers of two raters: (0.7 - 0.5) / (1 - 0.5)."""
    table, differ = np.array([[20, 5], [10, 15]]), 1.0 - np.eye(2)
    assert kappa(table, differ) == pytest.approx(0.4)
    assert kappa(np.zeros((2, 2)), differ) is None
    assert kappa(np.array([[9, 0], [0, 0]]), differ) is None, "chance explains it all"
    assert quadratic_disagreement(3).tolist() == [[0, 0.25, 1], [0.25, 0, 0.25], [1, 0.25, 0]]


def test_balanced_accuracy_is_the_mean_over_classes() -> None:
    matrix = np.array([[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.2, 0.2, 0.6]])
    assert balanced_accuracy(matrix[None], (0, 1)).tolist() == [pytest.approx(0.7)]
