"""Comparison of a drawing with the reference answer: counts, places, ignored pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain.metrics.answer_comparison import PLACES, compare, locate_largest_patch, mean_iou
from tests.factories import mask

CODES = (0, 1, 2, 3)


def test_each_class_is_counted_where_the_answer_is_known() -> None:
    known = mask("2222", "00..")
    drawn = mask("22.0", "0222")

    soil, sand = compare(known, drawn, CODES)

    assert (sand.code, sand.known, sand.drawn, sand.matched) == (2, 4, 3, 2)
    assert sand.iou == pytest.approx(2 / 5)
    assert sand.found == pytest.approx(1 / 2)
    assert sand.extra == pytest.approx(1 / 3)
    assert (soil.code, soil.known, soil.drawn, soil.matched) == (0, 2, 2, 1)
    assert mean_iou([soil, sand]) == pytest.approx((1 / 3 + 2 / 5) / 2)


def test_what_is_not_known_is_not_judged() -> None:
    (sand,) = compare(mask("22.."), mask("2231"), CODES)
    assert sand.iou == 1.0
    assert compare(mask("...."), mask("2231"), CODES) == []
    assert mean_iou([]) == 1.0


def test_a_class_that_is_not_there_is_found_by_nobody() -> None:
    soil, rock = compare(mask("0000"), mask("0033"), CODES)
    assert rock.found is None
    assert rock.iou == 0.0
    assert rock.taken_from == 0
    assert soil.taken_for == 3
    (soil,) = compare(mask("0000"), mask("...."), CODES)
    assert soil.found == 0.0
    assert soil.extra is None
    assert soil.taken_for is None, "what was left empty was taken for nothing"


def test_half_of_one_and_half_of_another_is_no_confusion() -> None:
    soil, *_others = compare(mask("0000"), mask("1122"), CODES)
    assert soil.taken_for is None


def test_masks_of_different_size_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"\(1, 4\)"):
        compare(mask("2222"), mask("22"), CODES)


@pytest.mark.parametrize(
    ("row", "col", "place"),
    [(r, c, PLACES[r][c]) for r in range(3) for c in range(3)],
)
def test_a_patch_is_named_by_its_place(row: int, col: int, place: str) -> None:
    patches = np.zeros((30, 60), dtype=bool)
    patches[10 * row + 3 : 10 * row + 7, 20 * col + 6 : 20 * col + 14] = True
    assert locate_largest_patch(patches, 10.0) == place
    assert locate_largest_patch(patches, 33.0) is None


def test_of_several_patches_the_largest_is_named() -> None:
    patches = np.zeros((30, 30), dtype=bool)
    patches[:4, :4] = True
    patches[20:, 20:] = True
    patches[0, 29] = True
    assert locate_largest_patch(patches, 1.0) == "bottom-right"
    assert locate_largest_patch(np.zeros((3, 3), dtype=bool), 1.0) is None


codes = st.sampled_from((0, 1, 2, 3, 255))


@given(st.lists(st.tuples(codes, codes), min_size=1, max_size=200))
def test_shares_agree_with_counting_pixel_by_pixel(pairs: list[tuple[int, int]]) -> None:
    known, drawn = (np.array([each], dtype=np.uint8) for each in zip(*pairs, strict=True))
    judged = [(k, d) for k, d in pairs if k != 255]
    compared = {each.code: each for each in compare(known, drawn, CODES)}
    assert set(compared) == {code for pair in judged for code in pair} - {255}
    for code, each in compared.items():
        both = sum(k == d == code for k, d in judged)
        either = sum(code in (k, d) for k, d in judged)
        assert each.iou == both / either
        assert each.matched == both
    assert 0 <= mean_iou(list(compared.values())) <= 1
