"""Confusion matrices that can be counted by hand, and a comparison with a loop over all pixels."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain.masks import NO_LABEL
from terrain.metrics import confusion_tables
from terrain.metrics.confusion import (
    Evaluation,
    InconsistentGold,
    UnknownCodes,
    count_pixels,
    evaluate,
    evaluate_variants,
)
from terrain.metrics.intervals import Interval
from tests.factories import mask

Mask = npt.NDArray[np.uint8]

NAV = (0, 1, 2, 3)
#: The taxonomy of Mars 2020's geology has 21 classes with gaps between their codes.
GEO = (*range(7), *range(10, 18), 20, 21, 22, 30, 40, 50)


def counted(gold: Mask, prediction: Mask, codes: tuple[int, ...] = NAV) -> list[list[int]]:
    """Return the matrix if all three variants are the same."""
    found = count_pixels([gold, gold, gold], prediction, codes)
    assert (found == found[0]).all()
    return found[0].tolist()


def test_rows_are_true_and_columns_predicted() -> None:
    gold = mask("0001", "12..")
    prediction = mask("0112", "1.03")

    assert counted(gold, prediction) == [
        [1, 2, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0],
    ]


def test_the_variants_are_counted_apart() -> None:
    gold = [mask("0011", "2..."), mask("001.", "...."), mask("0...", "....")]

    found = count_pixels(gold, mask("0110", "2222"), NAV)

    assert [int(matrix.sum()) for matrix in found] == [5, 3, 1]
    assert found[0].tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0] * 5]
    assert found[1].tolist() == [[1, 1, 0, 0, 0], [0, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert found[2].tolist() == [[1, 0, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5]


@st.composite
def stacks(draw: st.DrawFn) -> tuple[list[Mask], Mask, tuple[int, ...]]:
    """Draw three nested gold masks and a prediction, with any classes and sizes."""
    codes = draw(st.sampled_from([(0,), NAV, (5, 2, 254), GEO]))
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = np.array([*codes, NO_LABEL], dtype=np.uint8)
    first = generator.choice(values, (height, width))
    second = np.where(generator.random(first.shape) < 0.6, first, np.uint8(NO_LABEL))
    third = np.where(generator.random(first.shape) < 0.6, second, np.uint8(NO_LABEL))
    return [first, second, third], generator.choice(values, first.shape), codes


@given(stacks())
def test_it_counts_as_a_loop_over_all_pixels_does(
    stack: tuple[list[Mask], Mask, tuple[int, ...]],
) -> None:
    gold, prediction, codes = stack
    place = {code: k for k, code in enumerate([*codes, NO_LABEL])}
    expected = np.zeros((3, len(codes), len(codes) + 1), dtype=np.int64)
    for variant, true in enumerate(gold):
        for t, p in zip(true.ravel().tolist(), prediction.ravel().tolist(), strict=True):
            if t != NO_LABEL:
                expected[variant, place[t], place[p]] += 1

    assert np.array_equal(count_pixels(gold, prediction, codes), expected)


def test_codes_that_are_no_class_are_named_and_not_guessed() -> None:
    gold = mask("00", "..")

    with pytest.raises(UnknownCodes) as raised:
        count_pixels([gold] * 3, np.array([[0, 7], [4, 255]], dtype=np.uint8), NAV)
    assert raised.value.codes == (4, 7)


def test_gold_masks_that_do_not_belong_together() -> None:
    prediction = mask("00")

    with pytest.raises(InconsistentGold, match="different classes"):
        count_pixels([mask("01"), mask("00"), mask("..")], prediction, NAV)
    with pytest.raises(InconsistentGold, match="different classes"):
        count_pixels([mask("0."), mask("0."), mask("00")], prediction, NAV)
    with pytest.raises(InconsistentGold, match="no class: 9"):
        count_pixels([mask("09"), mask(".."), mask("..")], prediction, NAV)
    with pytest.raises(ValueError, match="not of one image"):
        count_pixels([mask("00")] * 3, mask("000"), NAV)


KNOWN = np.array(
    [
        [80, 10, 0, 0, 10],
        [5, 40, 5, 0, 0],
        [0, 0, 50, 0, 0],
        [0, 0, 0, 0, 0],
    ]
)


def test_a_known_matrix_gives_its_scores() -> None:
    found = evaluate(KNOWN[None], NAV)

    assert found.pixels == 200
    assert found.accuracy is not None
    assert found.accuracy.value == 170 / 200
    soil, bedrock, sand, big_rock = found.classes
    assert soil.recall is not None
    assert soil.recall.value == 0.8
    assert soil.precision is not None
    assert soil.precision.value == 80 / 85
    assert soil.iou is not None
    assert soil.iou.value == 80 / 105
    assert bedrock.iou is not None
    assert bedrock.iou.value == 40 / 60
    assert sand.iou is not None
    assert sand.iou.value == 50 / 55
    assert (big_rock.recall, big_rock.precision, big_rock.iou) == (None, None, None)
    assert found.miou is not None
    assert found.miou.value == pytest.approx((80 / 105 + 40 / 60 + 50 / 55) / 3)


def test_a_class_that_is_only_predicted_counts_in_the_mean() -> None:
    found = evaluate(np.array([[[3, 1, 0], [0, 0, 0]]]), (0, 1))

    assert found.classes[1].recall is None
    assert found.classes[1].precision == Interval(0.0, 0.0, 0.0)
    assert found.miou is not None
    assert found.miou.value == pytest.approx((3 / 4 + 0) / 2)


def test_intervals_are_over_images_and_reproducible() -> None:
    right, wrong = np.diag([1.0] * 2), np.fliplr(np.diag([1.0] * 2))
    counts = np.zeros((40, 2, 3), dtype=np.int64)
    counts[:30, :, :2], counts[30:, :, :2] = 100 * right, 100 * wrong

    found = evaluate(counts, (0, 1))

    assert found.to_json() == evaluate(counts, (0, 1)).to_json()
    assert found.accuracy is not None
    # 30 of 40 images, as of 40 throws of a coin: 0.75 +- 1.96 * sqrt(0.75 * 0.25 / 40)
    assert found.accuracy.value == 0.75
    assert found.accuracy.low == pytest.approx(0.616, abs=0.02)
    assert found.accuracy.high == pytest.approx(0.884, abs=0.02)


def test_nothing_to_compare() -> None:
    found = evaluate(np.zeros((0, 4, 5), dtype=np.int64), NAV)

    assert (found.images, found.pixels, found.accuracy, found.miou) == (0, 0, None, None)
    assert all(each.iou is None for each in found.classes)


def test_it_survives_json() -> None:
    variants = evaluate_variants(np.stack([KNOWN[None]] * 3), NAV)

    for found in variants.values():
        again = Evaluation.from_json(json.loads(json.dumps(found.to_json())))
        assert again.to_json() == found.to_json()
        assert again.confusion.tolist() == KNOWN.tolist()


def test_the_table_of_a_terminal() -> None:
    names = {0: "soil", 1: "bedrock", 2: "sand", 3: "big rock"}

    assert confusion_tables.format_confusion(evaluate(KNOWN[None], NAV), names).splitlines() == [
        "true \\ predicted     soil  bedrock     sand  big rock  no label    recall",
        "soil                   80       10        0         0        10   80.00 %",
        "bedrock                 5       40        5         0         0   80.00 %",
        "sand                    0        0       50         0         0  100.00 %",
        "big rock                0        0        0         0         0         -",
        "precision         94.12 %  80.00 %  90.91 %         -             85.00 %",
        "IoU               76.19 %  66.67 %  90.91 %         -             77.92 %",
        "overall accuracy 85.00 % (95 %: 85.00 to 85.00)",
        "mIoU 77.92 % (95 %: 77.92 to 77.92)",
    ]


def test_the_cells_of_a_picture() -> None:
    rows = confusion_tables.confusion_cells(evaluate(KNOWN[None], NAV))

    assert rows[0][4] == confusion_tables.Cell(10, 0.1, False)
    assert rows[1][1] == confusion_tables.Cell(40, 0.8, True)
    assert rows[3][0] == confusion_tables.Cell(0, None, False)
