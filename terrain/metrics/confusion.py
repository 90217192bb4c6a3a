"""Predictions compared with gold masks: confusion matrices and their scores (paper 4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from terrain.masks import NO_LABEL, Mask
from terrain.metrics.contingency import (
    ClassCounts,
    Counts,
    Floats,
    class_indices,
    count_joint,
    mean_of_defined,
    pixel_runs,
)
from terrain.metrics.intervals import Interval

#: The number of bootstrap samples of an interval.
RESAMPLES = 2000
SEED = 20210619
#: The variants of the gold set by how many experts labeled a pixel at least (paper 3.3).
GOLD_VARIANTS = ("min1", "min2", "min3")
#: Two-sided 95 %.
TAILS = (2.5, 97.5)


class InconsistentGold(ValueError):
    """The three gold masks of an image contradict each other; the message says how."""


class UnknownCodes(ValueError):
    """A prediction has codes that are neither a class nor 255."""

    def __init__(self, codes: Sequence[int]) -> None:
        self.codes = tuple(codes)
        super().__init__(f"codes that are no class: {', '.join(map(str, codes))}")


def count_pixels(gold: Sequence[Mask], prediction: Mask, codes: Sequence[int]) -> Counts:
    """Count the pixels of each true and predicted class: int64 (3, classes, classes + 1).

    `gold` are an image's masks min1, min2, min3 (paper 3.3), `prediction` its predicted mask, all
    uint8 (height, width). The first axis of the result is min1, min2, min3; then rows are the true
    class and columns the predicted one, in the order of `codes`; the last column is "no label",
    which counts as wrong. Pixels without a gold label are ignored. Raises InconsistentGold if the
    three masks are not nested, UnknownCodes, and ValueError for unequal shapes.
    """
    first, second, third = gold
    if not first.shape == second.shape == third.shape == prediction.shape:
        raise ValueError(
            f"Masks of {first.shape}, {second.shape}, {third.shape} and {prediction.shape} "
            "are not of one image."
        )
    starts, lengths = pixel_runs((first, second, third, prediction))
    one, two, three, predicted = (
        mask.ravel()[starts] for mask in (first, second, third, prediction)
    )
    _check_nesting(one, two)
    _check_nesting(two, three)
    classes = len(codes)
    place = class_indices(codes)
    true, answer = place[one], place[predicted]
    if (true > classes).any():
        raise InconsistentGold(
            f"They have codes that are no class: {_listed(one[true > classes])}."
        )
    if (answer > classes).any():
        raise UnknownCodes(np.unique(predicted[answer > classes]).tolist())
    # The number of variants besides min1 that label the pixel; min3 is a part of min2.
    variants = (two != NO_LABEL).astype(np.int64) + (three != NO_LABEL)
    shape = (3, classes + 1, classes + 1)
    exactly = count_joint((variants, true, answer), shape, lengths)[:, :classes]
    return np.ascontiguousarray(np.cumsum(exactly[::-1], axis=0)[::-1])


def _check_nesting(wider: Mask, narrower: Mask) -> None:
    """Raise InconsistentGold unless the labels of `narrower` are also in `wider`."""
    if not np.all((narrower == wider) | (narrower == NO_LABEL)):
        raise InconsistentGold("A pixel has different classes in masks of more and fewer experts.")


def _listed(codes: Mask) -> str:
    """Return the distinct codes, separated by commas."""
    return ", ".join(map(str, np.unique(codes).tolist()))


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Recall, precision and IoU of one class, 0..1 with intervals; None where undefined.

    `iou` is the intersection over union (paper 3.1.3, Eq. 1).
    """

    code: int
    recall: Interval | None
    precision: Interval | None
    iou: Interval | None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Predictions compared with one variant of the gold set (paper, Tables 3 and 4).

    `confusion` is int64 (classes, classes + 1): rows true, columns predicted in the order of
    `classes`, the last column for pixels without a prediction. `accuracy` is the share of all gold
    pixels that were predicted correctly; `miou` the mean IoU over the classes that occur in truth
    or prediction.
    """

    images: int
    confusion: Counts
    classes: tuple[ClassScore, ...]
    accuracy: Interval | None
    miou: Interval | None

    @property
    def pixels(self) -> int:
        """Return the number of gold pixels that were compared."""
        return int(self.confusion.sum())

    def to_json(self) -> dict[str, Any]:
        """Return JSON types; intervals are [value, low, high]. `from_json` reads them."""
        return {
            "images": self.images,
            "confusion": self.confusion.tolist(),
            "accuracy": _plain(self.accuracy),
            "miou": _plain(self.miou),
            "classes": [
                {
                    "code": each.code,
                    "recall": _plain(each.recall),
                    "precision": _plain(each.precision),
                    "iou": _plain(each.iou),
                }
                for each in self.classes
            ],
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Evaluation:
        """Return the evaluation that `to_json` wrote."""
        classes = tuple(
            ClassScore(
                each["code"],
                _interval(each["recall"]),
                _interval(each["precision"]),
                _interval(each["iou"]),
            )
            for each in plain["classes"]
        )
        confusion = np.array(plain["confusion"], dtype=np.int64)
        return cls(
            plain["images"],
            confusion.reshape(len(classes), len(classes) + 1),
            classes,
            _interval(plain["accuracy"]),
            _interval(plain["miou"]),
        )


def _plain(interval: Interval | None) -> list[float] | None:
    """Return an interval as [value, low, high]."""
    return None if interval is None else [interval.value, interval.low, interval.high]


def _interval(plain: Sequence[float] | None) -> Interval | None:
    """Return the interval of [value, low, high]."""
    return None if plain is None else Interval(*plain)


def evaluate(
    counts: Counts, codes: Sequence[int], resamples: int = RESAMPLES, seed: int = SEED
) -> Evaluation:
    """Return the scores of a variant's images together, with 95 % intervals.

    `counts` is int64 (images, classes, classes + 1), one entry of `count_pixels` for each image.
    Intervals are percentiles of a bootstrap over images, since pixels of one image are dependent.
    The same `seed` gives the same intervals. Without images all scores are None.

    >>> gold, predicted = np.array([[[0, 0, 1]]] * 3, np.uint8), np.array([[0, 1, 1]], np.uint8)
    >>> counts = count_pixels(gold, predicted, codes=(0, 1))
    >>> counts[0].tolist()
    [[1, 1, 0], [0, 1, 0]]
    >>> evaluate(counts[:1], codes=(0, 1)).miou
    Interval(value=0.5, low=0.5, high=0.5)
    """
    images = len(counts)
    confusion = counts.sum(axis=0)
    point = _scores(confusion[None].astype(np.float64))
    drawn = point
    if images:
        generator = np.random.default_rng(seed)
        weights = generator.multinomial(images, np.full(images, 1 / images), size=resamples)
        drawn = _scores(
            (weights.astype(np.float64) @ counts.reshape(images, -1)).reshape(
                resamples, *confusion.shape
            )
        )
    found = {name: _intervals(point[name], drawn[name]) for name in point}
    classes = tuple(
        ClassScore(code, found["recall"][k], found["precision"][k], found["iou"][k])
        for k, code in enumerate(codes)
    )
    return Evaluation(images, confusion, classes, found["accuracy"][0], found["miou"][0])


def evaluate_variants(counts: Counts, codes: Sequence[int]) -> dict[str, Evaluation]:
    """Return the evaluations of min1, min2, min3: `counts` is int64 (3, images, K, K + 1)."""
    return {
        name: evaluate(of_variant, codes)
        for name, of_variant in zip(GOLD_VARIANTS, counts, strict=True)
    }


def _scores(matrices: Floats) -> dict[str, Floats]:
    """Return the scores of many matrices (n, classes, classes + 1): (n, classes) or (n, 1) each.

    NaN where the divisor is 0.
    """
    counts = ClassCounts.of(matrices, matrices.shape[1])
    iou = counts.iou()
    return {
        "recall": counts.recall(),
        "precision": counts.precision(),
        "iou": iou,
        "miou": mean_of_defined(iou),
        "accuracy": counts.accuracy(),
    }


def _intervals(point: Floats, drawn: Floats) -> list[Interval | None]:
    """Return a bootstrap interval for each column; samples with an undefined score are left out."""
    found: list[Interval | None] = []
    for value, column in zip(point[0], drawn.T, strict=True):
        if np.isnan(value):
            found.append(None)
            continue
        low, high = np.percentile(column[~np.isnan(column)], TAILS)
        found.append(Interval(float(value), float(low), float(high)))
    return found
