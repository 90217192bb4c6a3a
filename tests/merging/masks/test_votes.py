"""The vote per pixel, on small masks (paper 3.3)."""

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from terrain.aggregation import majority
from terrain.aggregation.majority import (
    GOLD_RULES,
    PAPER_RULE,
    RELEASE_RULE,
    MergeRule,
    UnequalMasks,
    gold_rule,
    merge_masks,
    merge_planes,
)
from terrain.bitplanes import pack_planes
from terrain.masks import NO_LABEL

SOIL, BEDROCK, SAND, ROCK = 0, 1, 2, 3
CODES = [SOIL, BEDROCK, SAND, ROCK]
Mask = npt.NDArray[np.uint8]


def vote(given: list[int], rule: MergeRule, codes: list[int] = CODES) -> int:
    """Return the merged class of one pixel with the given labels."""
    masks = [np.full((1, 1), code, dtype=np.uint8) for code in given]
    return int(merge_masks(masks, codes, rule, shape=(1, 1))[0, 0])


PIXEL_X = [NO_LABEL] * 2 + [SOIL] * 6 + [SAND] + [BEDROCK]
PIXEL_Y = [NO_LABEL] * 3 + [SOIL] * 3 + [SAND] * 2 + [BEDROCK]


@pytest.mark.parametrize(
    ("given", "rule", "label"),
    [
        pytest.param(PIXEL_X, PAPER_RULE, SOIL, id="pixel X of the paper: 6 of 8 are 75 %"),
        pytest.param(PIXEL_Y, PAPER_RULE, NO_LABEL, id="pixel Y of the paper: 3 of 6 are 50 %"),
        pytest.param([SOIL] * 13 + [SAND] * 7, PAPER_RULE, NO_LABEL, id="13 of 20 are 65 %"),
        pytest.param([SOIL] * 14 + [SAND] * 7, PAPER_RULE, SOIL, id="14 of 21 are 66.7 %"),
        pytest.param([SOIL] * 2, PAPER_RULE, NO_LABEL, id="2 labelers are too few"),
        pytest.param([SOIL] * 3, PAPER_RULE, SOIL, id="3 labelers are enough"),
        pytest.param([SOIL] * 2 + [NO_LABEL] * 9, PAPER_RULE, NO_LABEL, id="unlabeled: no vote"),
        pytest.param([SOIL] * 4 + [SAND] * 2, RELEASE_RULE, SOIL, id="4 of 6 are 2/3"),
        pytest.param([SOIL] * 13 + [SAND] * 7, RELEASE_RULE, NO_LABEL, id="65 % are below 2/3"),
        pytest.param([SOIL] * 2 + [SAND] * 2, MergeRule(1, 0, False), NO_LABEL, id="2-2 tie"),
        pytest.param([SOIL] * 2 + [SAND] * 2, MergeRule(2, 50, False), NO_LABEL, id="50 % tie"),
        pytest.param([SAND, SOIL, SAND], MergeRule(1, 0, False), SAND, id="2-1 is no tie"),
        pytest.param(
            [SOIL, SAND, SAND, ROCK, ROCK], MergeRule(1, 0, False), NO_LABEL, id="1-2-2 tie"
        ),
        pytest.param([NO_LABEL], MergeRule(1, 0, False), NO_LABEL, id="nobody voted"),
        pytest.param([ROCK], gold_rule(1), ROCK, id="one expert"),
        pytest.param([ROCK, NO_LABEL], gold_rule(2), NO_LABEL, id="one expert of two"),
        pytest.param([ROCK, ROCK, SAND], gold_rule(2), NO_LABEL, id="an expert disagrees"),
        pytest.param([ROCK, ROCK, NO_LABEL], gold_rule(2), ROCK, id="two experts of three"),
    ],
)
def test_one_pixel(given: list[int], rule: MergeRule, label: int) -> None:
    assert vote(given, rule) == label
    assert vote(given[::-1], rule) == label


def test_codes_need_not_be_contiguous() -> None:
    codes = [50, 0, 254, 41]
    assert vote([254] * 4 + [41], PAPER_RULE, codes) == 254
    assert vote([50] * 2 + [41] * 2, MergeRule(1, 0, False), codes) == NO_LABEL


def test_codes_outside_the_taxonomy_do_not_vote() -> None:
    assert vote([SOIL] * 3 + [77] * 9, PAPER_RULE) == SOIL


@pytest.mark.parametrize("labelers", [256, 300, 4_000])
def test_many_labelers(labelers: int) -> None:
    assert vote([SAND] * labelers, PAPER_RULE) == SAND
    assert vote([SAND] * labelers + [SOIL] * labelers, PAPER_RULE) == NO_LABEL


def test_no_labels_give_an_unlabeled_mask() -> None:
    merged = merge_masks([], CODES, PAPER_RULE, shape=(2, 3))
    assert merged.dtype == np.uint8
    assert merged.tolist() == [[NO_LABEL] * 3] * 2
    assert (merge_masks([merged], [], PAPER_RULE, shape=(2, 3)) == NO_LABEL).all()
    assert np.array_equal(merge_planes([], CODES, PAPER_RULE, shape=(2, 3)), merged)
    nothing = [pack_planes(merged, [])]
    assert np.array_equal(merge_planes(nothing, [], PAPER_RULE, shape=(2, 3)), merged)


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(UnequalMasks, match="3 x 2 pixels cannot vote on an image of 2 x 3"):
        merge_masks([np.zeros((2, 3), np.uint8)], CODES, PAPER_RULE, shape=(3, 2))


@pytest.mark.parametrize(("minimum", "percent"), [(0, 65), (3, -1), (3, 101)])
def test_impossible_rules_are_refused(minimum: int, percent: int) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        MergeRule(minimum, percent, strict=True)


def test_rules_say_what_they_are() -> None:
    assert str(PAPER_RULE) == (
        "at least 3 labelers and more than 65 % of those who labeled the pixel"
    )
    assert {1: gold_rule(1), 2: gold_rule(2), 3: gold_rule(3)} == GOLD_RULES
    rules = [PAPER_RULE, RELEASE_RULE, *GOLD_RULES.values()]
    assert len({str(rule) for rule in rules}) == len(rules)


rules = st.builds(
    MergeRule,
    minimum=st.integers(1, 4),
    percent=st.integers(0, 100) | st.sampled_from([Fraction(200, 3), Fraction(100, 3)]),
    strict=st.booleans(),
)
stacks = st.integers(1, 9).flatmap(
    lambda labels: hnp.arrays(
        np.uint8, (labels, 4, 9), elements=st.sampled_from([0, 7, 50, NO_LABEL])
    )
)


def plain_merge(stack: Mask, codes: list[int], rule: MergeRule) -> Mask:
    """Return the result of the rule, computed pixel by pixel."""
    merged = np.full(stack.shape[1:], NO_LABEL, dtype=np.uint8)
    for row, col in np.ndindex(*merged.shape):
        given = stack[:, row, col].tolist()
        counts = {code: given.count(code) for code in codes}
        most, voters = max(counts.values()), sum(counts.values())
        if voters and list(counts.values()).count(most) == 1 and most >= rule.minimum:
            share = Fraction(100 * most, voters)
            if share > rule.percent or (share == rule.percent and not rule.strict):
                merged[row, col] = next(code for code in codes if counts[code] == most)
    return merged


@given(stack=stacks, rule=rules)
@settings(max_examples=80)
def test_equal_to_the_rule_word_for_word(stack: Mask, rule: MergeRule) -> None:
    codes = [7, 50, 0]
    expected = plain_merge(stack, codes, rule)
    assert np.array_equal(merge_masks(list(stack), codes, rule, shape=(4, 9)), expected)
    planes = [pack_planes(label, codes) for label in stack]
    assert np.array_equal(merge_planes(planes, codes, rule, shape=(4, 9)), expected)


@given(stack=stacks, rule=rules, data=st.data())
@settings(max_examples=40)
def test_the_order_of_labelers_and_classes_does_not_matter(
    stack: Mask, rule: MergeRule, data: st.DataObject
) -> None:
    labelers = data.draw(st.permutations(range(len(stack))))
    codes = data.draw(st.permutations([0, 7, 50]))
    merged = merge_masks(stack, [0, 7, 50], rule, shape=(4, 9))
    shuffled = merge_masks((stack[i] for i in labelers), codes, rule, shape=(4, 9))
    assert np.array_equal(merged, shuffled)


def test_chunks_make_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = np.random.default_rng(5).choice([0, 1, 2, NO_LABEL], (7, 20, 31)).astype(np.uint8)
    whole = merge_masks(stack, CODES, PAPER_RULE, shape=(20, 31))
    planes = [pack_planes(label, CODES) for label in stack]
    monkeypatch.setattr(majority, "CHUNK", 64)
    assert np.array_equal(merge_masks(stack, CODES, PAPER_RULE, shape=(20, 31)), whole)
    assert np.array_equal(merge_planes(planes, CODES, PAPER_RULE, shape=(20, 31)), whole)


def test_more_votes_than_a_byte_holds() -> None:
    label = np.array([[SOIL, NO_LABEL]], dtype=np.uint8)
    stack = [label] * 256
    assert merge_masks(stack, CODES, gold_rule(256), shape=(1, 2)).tolist() == label.tolist()
    planes = [pack_planes(label, CODES)] * 256
    assert merge_planes(planes, CODES, gold_rule(256), shape=(1, 2)).tolist() == label.tolist()


def test_rules_are_values() -> None:
    assert dataclasses.replace(PAPER_RULE, minimum=4) == MergeRule(4, 65, strict=True)


GOLD = "ai4mars/v0.1-sample/msl/labels/test/masked-gold-min{}-100agree"


def test_real_gold_masks_come_back(real_data: Path) -> None:
    """min1, min2, min3 as labels of three experts, merged at 1, 2, 3, give the same three masks."""
    folders = [real_data / GOLD.format(minimum) for minimum in (1, 2, 3)]
    names = sorted(path.name for path in folders[0].glob("*.png"))
    assert len(names) == 10
    for name in names:
        stack = []
        for folder in folders:
            with Image.open(folder / name) as image:
                stack.append(np.array(image))
        for minimum, expected in enumerate(stack, start=1):
            merged = merge_masks(stack, CODES, gold_rule(minimum), shape=expected.shape)
            assert np.array_equal(merged, expected), f"{name} min{minimum}"
