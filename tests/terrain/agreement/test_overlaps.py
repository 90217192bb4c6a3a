"""Incremental scores equal scores computed at once, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from terrain.agreement.jaccard import agreement_scores, class_agreements
from terrain.agreement.overlaps import Overlaps
from terrain.bitplanes import Planes, pack_planes
from terrain.masks import NO_LABEL
from tests.terrain.agreement.test_jaccard import label

CODES = (0, 1, 2, 50)

masks = hnp.arrays(np.uint8, (9, 50), elements=st.sampled_from([*CODES, NO_LABEL]))


def test_pixels_in_common_by_hand() -> None:
    overlaps = Overlaps.from_planes([label("sssb"), label("ss.b")], CODES)
    assert overlaps.keys == ("0", "1")
    assert overlaps.shared[0].tolist() == [[3, 2], [2, 2]]
    assert overlaps.shared[1].tolist() == [[1, 1], [1, 1]]
    assert overlaps.iou()[0].tolist() == [[1, 2 / 3], [2 / 3, 1]]
    assert not overlaps.shared[2:].any()


def test_what_does_not_fit_is_refused() -> None:
    planes = label("ssss")
    one = Overlaps.from_planes([planes], CODES)
    with pytest.raises(ValueError, match="already been added"):
        one.with_label("0", planes, [planes])
    with pytest.raises(ValueError, match="Expected planes of 1 labels, got 0"):
        one.with_label("1", planes, [])


@given(
    drawn=st.lists(masks, min_size=1, max_size=5),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=12),
)
@settings(max_examples=40)
def test_step_by_step_is_the_same_as_at_once(
    drawn: list[npt.NDArray[np.uint8]], steps: list[tuple[bool, int]]
) -> None:
    """Labels are added, removed and added again in any order, with stored overlaps in between."""
    planes = [pack_planes(mask, CODES) for mask in drawn]
    present: list[int] = []
    overlaps = Overlaps.empty(CODES)
    for comes, number in steps:
        number %= len(planes)
        if comes and number not in present:
            others: list[Planes] = [planes[other] for other in present]
            overlaps = overlaps.with_label(str(number), planes[number], others)
            present.append(number)
        elif not comes and number in present:
            present.remove(number)
            overlaps = overlaps.select({str(other) for other in present})
        overlaps = Overlaps.from_json(json.loads(json.dumps(overlaps.to_json())))
    assert overlaps.keys == tuple(map(str, present))
    at_once = Overlaps.from_planes([planes[number] for number in present], CODES)
    assert np.array_equal(overlaps.shared, at_once.shared)
    assert agreement_scores(overlaps) == agreement_scores([planes[number] for number in present])


def test_agreement_in_each_class() -> None:
    by_class = class_agreements([label("ssbb"), label("ss.b"), label("ssss")])
    # Soil: 2/2 and 2/4; bedrock: 1/2 with the second, 0 with the third, which has none.
    assert by_class[0, :2].tolist() == [(1 + 2 / 4) / 2, (1 / 2 + 0) / 2]
    # The third has no bedrock, but others have, and it agrees with none of them.
    assert by_class[2, 1] == 0
    assert np.isnan(by_class[:, 2:]).all()
    assert class_agreements([label("ssbb")]).shape == (1, 4)
    assert class_agreements([]).shape == (0, 0)


@given(drawn=st.lists(masks, min_size=2, max_size=4))
@settings(max_examples=25)
def test_a_copy_of_a_label_never_lowers_its_score(drawn: list[npt.NDArray[np.uint8]]) -> None:
    planes = [pack_planes(mask, CODES) for mask in drawn]
    before = agreement_scores(planes)[0]
    after = agreement_scores([*planes, planes[0]])[0]
    if before is not None and planes[0].any():
        assert after is not None
        assert after >= before
