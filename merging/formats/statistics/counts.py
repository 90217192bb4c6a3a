"""Statistics of a dataset after the paper: Tables 1 and 2, Figures 3, 5 and 6. Pure.

Images are added one by one, in any order and by several workers; partial totals can be merged.
Memory does not grow with the number of images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from merging.formats.contents.facts import GOLD_VARIANTS, VARIANTS, ReleasedImage
from terrain.agreement.distribution import BARS, bar_of
from terrain.masks import NO_LABEL
from terrain.postprocess import pixels_per_class

TRAIN, TEST = "train", "test"
CROWD, EXPERT = "crowd", "expert"

#: Why a label has no agreement score: its image has no other label to compare, or the label has no
#: pixels outside the rover and range masks.
ALONE, EMPTY = UNSCORED = ("alone", "empty")

#: The role of the labels of each split.
ROLES = {TRAIN: CROWD, TEST: EXPERT}


@dataclass(frozen=True, slots=True)
class CountedImage:
    """The counts of one image for the statistics.

    Attributes:
        split: "train", "test" (gold), or "" without a label.
        pixels: Labeled pixels by variant of `contents.VARIANTS` and class code.
        labels: The number of accepted labels of its masks; None if unknown, as for a release tree.
        scores: The agreement scores of its labels, 0..1, by role.
        unscored: The number of labels without a score, by reason (UNSCORED).
        empty: Why a variant has no labeled pixel, as `contents.Emptiness`.
        corrected: The number of labels corrected after their labelers saw the others' labels.
        unlabeled: Pixels without a label by variant; empty if not counted.
        rover_mask: The source of its rover mask, "unknown" without one; "" if not counted.
    """

    rover: str
    camera: str
    split: str
    pixels: Mapping[str, Mapping[int, int]]
    orbital_class: str = ""
    labels: int | None = None
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    unscored: Mapping[str, int] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    corrected: int = 0
    unlabeled: Mapping[str, int] = field(default_factory=dict)
    rover_mask: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the counts in types of JSON, for `from_json`."""
        pixels = {
            variant: {str(code): count for code, count in counts.items()}
            for variant, counts in self.pixels.items()
        }
        return {**asdict(self), "pixels": pixels}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CountedImage:
        """Return the counts from `to_json` of this or an earlier version."""
        pixels = {
            variant: {int(code): count for code, count in counts.items()}
            for variant, counts in stored["pixels"].items()
        }
        return cls(**{**stored, "pixels": pixels})


def counted(image: ReleasedImage) -> CountedImage:
    """Return the counts of a released image."""
    known = image.metadata
    role = ROLES.get(image.split, "")
    scores: dict[str, list[float]] = {}
    for label in image.labels:
        if label.score is not None:
            scores.setdefault(label.role, []).append(label.score)
    unscored = Counter(
        EMPTY if label.is_empty else ALONE for label in image.labels if label.score is None
    )
    return CountedImage(
        rover=str(known.get("rover") or ""),
        camera=str(known.get("camera") or ""),
        split=image.split,
        pixels={variant: pixels_per_class(mask) for variant, mask in image.masks.items()},
        orbital_class=str(known.get("orbital_class") or ""),
        corrected=sum(not label.independent for label in image.labels),
        labels=sum(label.role == role for label in image.labels),
        scores=scores,
        unscored=dict(unscored),
        empty=image.empty,
        unlabeled={name: int((mask == NO_LABEL).sum()) for name, mask in image.masks.items()},
        rover_mask=str(known.get("rover_mask_source") or ""),
    )


@dataclass(slots=True)
class CameraCounts:
    """One row of Table 1: images, and labels of the images with a train or a test label.

    `train_labels` and `test_labels` count labels of the crowd and of experts; None if unknown.
    """

    images: int = 0
    train_images: int = 0
    train_labels: int | None = 0
    test_images: int = 0
    test_labels: int | None = 0

    def __add__(self, other: CameraCounts) -> CameraCounts:
        return CameraCounts(
            self.images + other.images,
            self.train_images + other.train_images,
            _sum(self.train_labels, other.train_labels),
            self.test_images + other.test_images,
            _sum(self.test_labels, other.test_labels),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


@dataclass(slots=True)
class Statistics:
    """Totals of a campaign or a release.

    Attributes:
        cameras: Counts by (rover, camera), a camera without its eye.
        orbital: Gold images by terrain class, "" if unknown.
        pixels: Labeled pixels by variant and class code.
        scores: Agreement scores by role, in 32 bins of equal width from 0 to 1.
        masks: Masks of each variant; empty if not counted.
        empty: Masks without a labeled pixel, by variant and reason; empty if not counted.
        unscored: Labels without a score by reason; empty if not counted.
    """

    cameras: dict[tuple[str, str], CameraCounts] = field(default_factory=dict)
    orbital: Counter[str] = field(default_factory=Counter)
    pixels: dict[str, Counter[int]] = field(default_factory=dict)
    scores: dict[str, list[int]] = field(default_factory=dict)
    masks: Counter[str] = field(default_factory=Counter)
    empty: dict[str, Counter[str]] = field(default_factory=dict)
    unscored: Counter[str] = field(default_factory=Counter)

    def add(self, image: CountedImage) -> None:
        """Count one image."""
        is_train, is_test = image.split == TRAIN, image.split == TEST
        self.count_camera(
            image.rover,
            image.camera,
            CameraCounts(
                images=1,
                train_images=int(is_train),
                train_labels=image.labels if is_train else 0,
                test_images=int(is_test),
                test_labels=image.labels if is_test else 0,
            ),
        )
        if is_test:
            self.orbital[image.orbital_class] += 1
        for variant, pixels in image.pixels.items():
            self.count_pixels(variant, pixels)
        for role, scores in image.scores.items():
            bars = [0] * BARS
            for score in scores:
                bars[bar_of(score)] += 1
            self.count_scores(role, bars)
        self.masks.update(image.pixels.keys())
        for variant, reason in image.empty.items():
            self.empty.setdefault(variant, Counter())[reason] += 1
        self.unscored.update(image.unscored)

    def merge(self, other: Statistics) -> None:
        """Add the totals of other images to these."""
        for (rover, camera), counts in other.cameras.items():
            self.count_camera(rover, camera, counts)
        self.orbital.update(other.orbital)
        for variant, pixels in other.pixels.items():
            self.count_pixels(variant, pixels)
        for role, bars in other.scores.items():
            self.count_scores(role, bars)
        self.masks.update(other.masks)
        for variant, reasons in other.empty.items():
            self.empty.setdefault(variant, Counter()).update(reasons)
        self.unscored.update(other.unscored)

    def count_camera(self, rover: str, camera: str, counts: CameraCounts) -> None:
        """Add images of a camera such as "navcam-left"; both eyes are one row, as in the paper."""
        key = (rover, camera.partition("-left")[0].partition("-right")[0])
        self.cameras[key] = self.cameras.get(key, CameraCounts()) + counts

    def count_pixels(self, variant: str, pixels: Mapping[int, int]) -> None:
        """Add pixels by class code to those of a variant."""
        if variant not in VARIANTS:
            raise ValueError(f"{variant!r} is none of {', '.join(VARIANTS)}.")
        labeled = {code: count for code, count in pixels.items() if code != NO_LABEL}
        self.pixels.setdefault(variant, Counter()).update(labeled)

    def count_scores(self, role: str, bars: Sequence[int]) -> None:
        """Add scores that were counted before, in 32 bins of equal width from 0 to 1."""
        before = self.scores.get(role, [0] * BARS)
        self.scores[role] = [one + other for one, other in zip(before, bars, strict=True)]

    def total(self) -> CameraCounts:
        """Return the last row of Table 1."""
        return sum(self.cameras.values(), CameraCounts())

    def table_1(self) -> list[tuple[str, str, CameraCounts]]:
        """Return images, train and test labels by rover and camera, sorted by name."""
        return [(*key, self.cameras[key]) for key in sorted(self.cameras)]

    def table_2(self) -> list[tuple[str, int]]:
        """Return gold images by orbital terrain class. An unknown class ("") comes last."""
        known = sorted(item for item in self.orbital.items() if item[0] and item[1])
        return known + ([("", self.orbital[""])] if self.orbital[""] else [])

    def composition(self, variant: str, codes: Sequence[int]) -> dict[int, float] | None:
        """Return the share of each class in the labeled pixels of a variant (paper, Figure 3).

        Shares are 0..1 and add up to 1. None without labeled pixels.
        """
        pixels = self.pixels.get(variant, Counter())
        total = sum(pixels[code] for code in codes)
        return {code: pixels[code] / total for code in codes} if total else None

    def class_weights(self, codes: Sequence[int]) -> dict[int, float] | None:
        """Return `1 - composition` of the training set (paper 4); None without labeled pixels.

        Rare classes get higher weights in training.
        """
        shares = self.composition(TRAIN, codes)
        return None if shares is None else {code: 1.0 - share for code, share in shares.items()}

    def agreement(self, codes: Sequence[int]) -> dict[int, tuple[int, int, int]]:
        """Return the pixels that exactly 1, 2 or 3 experts labeled with the same class (Figure 6).

        Keys are class codes. The variants are nested (paper 3.3), so pixels of exactly one expert
        are in min1 and not in min2. The three values add up to the pixels of the class in min1.
        """
        first, second, third = (self.pixels.get(v, Counter()) for v in GOLD_VARIANTS)
        return {
            code: (first[code] - second[code], second[code] - third[code], third[code])
            for code in codes
        }

    def codes(self) -> list[int]:
        """Return the class codes in any variant, ascending."""
        return sorted({code for pixels in self.pixels.values() for code in +pixels})

    def to_json(self) -> dict[str, Any]:
        """Return the totals in types of JSON, for `from_json`."""
        return {
            "cameras": [
                {
                    "rover": rover,
                    "camera": camera,
                    "images": row.images,
                    "train_images": row.train_images,
                    "train_labels": row.train_labels,
                    "test_images": row.test_images,
                    "test_labels": row.test_labels,
                }
                for rover, camera, row in self.table_1()
            ],
            "orbital": dict(sorted(self.orbital.items())),
            "pixels": {
                variant: {str(code): count for code, count in sorted(pixels.items())}
                for variant, pixels in sorted(self.pixels.items())
            },
            "scores": dict(sorted(self.scores.items())),
            "masks": dict(sorted(self.masks.items())),
            "empty": {
                variant: dict(sorted(reasons.items()))
                for variant, reasons in sorted(self.empty.items())
            },
            "unscored": dict(sorted(self.unscored.items())),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Statistics:
        """Return the totals from `to_json` of this or an earlier version."""
        found = cls(
            orbital=Counter(plain["orbital"]),
            masks=Counter(plain.get("masks", {})),
            empty={name: Counter(counts) for name, counts in plain.get("empty", {}).items()},
            unscored=Counter(plain.get("unscored", {})),
        )
        for row in plain["cameras"]:
            counts = {name: row[name] for name in CameraCounts.__slots__}
            found.count_camera(row["rover"], row["camera"], CameraCounts(**counts))
        for variant, pixels in plain["pixels"].items():
            found.count_pixels(variant, {int(code): count for code, count in pixels.items()})
        for role, bars in plain["scores"].items():
            found.count_scores(role, bars)
        return found


def shares(counts: Collection[int]) -> tuple[float, ...] | None:
    """Return counts as shares of their sum, 0..1; None if all are 0."""
    total = sum(counts)
    return tuple(float(each) for each in np.divide(tuple(counts), total)) if total else None
