"""Agreement scores on masks small enough to count by hand (paper 3.1.3, Eqs. 1-4)."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from terrain.agreement.jaccard import agreement_scores, pair_agreement, pair_matrix
from terrain.bitplanes import pack_planes
from terrain.masks import NO_LABEL

CODES = [0, 1, 2, 50]
Planes = npt.NDArray[np.uint64]

KEY = {"s": 0, "b": 1, "d": 2, "r": 50, ".": NO_LABEL}


def label(*rows: str) -> Planes:
    """Return a label written in letters: soil, bedrock, dune sand, rock; a dot is no label."""
    return pack_planes(np.array([[KEY[letter] for letter in row] for row in rows], np.uint8), CODES)


@pytest.mark.parametrize(
    ("a", "b", "agreement"),
    [
        ("ssss", "ssss", 1.0),
        ("ssss", "bbbb", 0.0),
        ("ssss", "ss..", 2 / 4),
        ("sss.", ".sss", 2 / 4),
        # Soil 2/3; bedrock 1/2: the mean of the classes, whatever their areas.
        ("sssb.", "ss.bb", (2 / 3 + 1 / 2) / 2),
        # A class that only one of them has counts, with 0.
        ("ss..", "ss.b", (1 + 0) / 2),
        ("ssbd", "ssdb", (1 + 0 + 0) / 3),
        ("....", "s...", 0.0),
        ("r...", "rr..", 1 / 2),
    ],
)
def test_agreement_of_a_pair(a: str, b: str, agreement: float) -> None:
    assert pair_agreement(label(a), label(b)) == agreement
    assert pair_agreement(label(b), label(a)) == agreement


def test_two_empty_labels_have_no_agreement() -> None:
    assert pair_agreement(label("...."), label("....")) is None


def test_a_score_is_the_mean_over_the_other_labels() -> None:
    scores = agreement_scores([label("ssss"), label("ss.."), label("..ss")])
    assert scores == [1 / 2, (1 / 2 + 0) / 2, (1 / 2 + 0) / 2]


def test_fewer_than_two_labels_have_no_score() -> None:
    assert agreement_scores([]) == []
    assert agreement_scores([label("ssbb")]) == [None]


def test_pairs_of_empty_labels_do_not_count() -> None:
    assert agreement_scores([label("...."), label("....")]) == [None, None]
    assert agreement_scores([label("...."), label("...."), label("s...")]) == [0.0, 0.0, 0.0]


def test_pair_matrix() -> None:
    matrix = pair_matrix([label("ssss"), label("ss.."), label("....")])
    expected = [[1, 0.5, 0], [0.5, 1, 0], [0, 0, math.nan]]
    assert np.array_equal(matrix, expected, equal_nan=True)
    assert matrix.dtype == np.float64
    assert pair_matrix([]).shape == (0, 0)


masks = hnp.arrays(np.uint8, (9, 50), elements=st.sampled_from([*CODES, NO_LABEL]))
sets_of_masks = st.lists(masks, min_size=2, max_size=5)


def plain_agreement(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float | None:
    """Return the agreement by the definition."""
    ratios = []
    for code in CODES:
        in_a, in_b = a == code, b == code
        if (in_a | in_b).any():
            ratios.append(np.count_nonzero(in_a & in_b) / np.count_nonzero(in_a | in_b))
    return math.fsum(ratios) / len(ratios) if ratios else None


@given(drawn=sets_of_masks)
@settings(max_examples=40)
def test_equal_to_the_definition(drawn: list[npt.NDArray[np.uint8]]) -> None:
    planes = [pack_planes(mask, CODES) for mask in drawn]
    for (a, packed_a), (b, packed_b) in itertools.combinations(zip(drawn, planes, strict=True), 2):
        assert pair_agreement(packed_a, packed_b) == plain_agreement(a, b)
    for i, score in enumerate(agreement_scores(planes)):
        pairs = [plain_agreement(drawn[i], b) for j, b in enumerate(drawn) if j != i]
        known = [pair for pair in pairs if pair is not None]
        assert score == (math.fsum(known) / len(known) if known else None)


@given(drawn=sets_of_masks, data=st.data())
@settings(max_examples=40)
def test_the_order_of_labels_and_classes_does_not_matter(
    drawn: list[npt.NDArray[np.uint8]], data: st.DataObject
) -> None:
    planes = [pack_planes(mask, CODES) for mask in drawn]
    scores = agreement_scores(planes)
    order = data.draw(st.permutations(range(len(planes))))
    classes = data.draw(st.permutations(range(len(CODES))))
    shuffled = agreement_scores([planes[i][classes] for i in order])
    # Equal to the last bit, not approximately.
    assert shuffled == [scores[i] for i in order]


@given(drawn=sets_of_masks)
@settings(max_examples=25)
def test_scores_are_between_0_and_1_and_a_copy_agrees(
    drawn: list[npt.NDArray[np.uint8]],
) -> None:
    planes = [pack_planes(mask, CODES) for mask in drawn]
    assert all(score is None or 0 <= score <= 1 for score in agreement_scores(planes))
    copies = agreement_scores([planes[0]] * 3)
    assert copies == ([1.0] * 3 if planes[0].any() else [None] * 3)
