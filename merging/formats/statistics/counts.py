"""The paper's numbers about a dataset: Tables 1 and 2, Figures 3, 5 and 6. Pure.

Images are added one by one, in any order and by several workers: totals of parts add up to those
of the whole. What is kept does not grow with the number of images.
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

#: Why a label has no agreement score: no other label of its image can be compared with it, or
#: nothing is left of it outside the rover and range masks.
ALONE, EMPTY = UNSCORED = ("alone", "empty")

#: The roles whose labels make up a split.
ROLES = {TRAIN: CROWD, TEST: EXPERT}


@dataclass(frozen=True, slots=True)
class CountedImage:
    """What the statistics need of one image.

    `split` is "train", "test" (gold) or "" without any label. `pixels` maps a variant of
    `contents.VARIANTS` to pixels per class code; what has no label is left out. `labels` is how
    many accepted labels made its masks, None where that is not known (a released tree holds only
    what they were merged to). `scores` are its labels' agreement scores, 0..1, by role; `unscored`
    counts the labels that have none, by the reason (UNSCORED). `empty` says of each variant without
    a labeled pixel why, as a `contents.Emptiness`. `corrected` counts the labels that were changed
    after their labelers had seen the others' labels of the image. `unlabeled` counts the pixels
    without a label by variant; it is empty where that was not counted.
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

    def as_json(self) -> dict[str, Any]:
        """The counts in types that JSON has; `from_json` reads them."""
        pixels = {
            variant: {str(code): count for code, count in counts.items()}
            for variant, counts in self.pixels.items()
        }
        return {**asdict(self), "pixels": pixels}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CountedImage:
        """The counts that `as_json` gave, in this version of the program or in an earlier one."""
        pixels = {
            variant: {int(code): count for code, count in counts.items()}
            for variant, counts in stored["pixels"].items()
        }
        return cls(**{**stored, "pixels": pixels})


def counted(image: ReleasedImage) -> CountedImage:
    """What the statistics need of an image that is being released."""
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
    )


@dataclass(slots=True)
class CameraCounts:
    """One row of Table 1: images, and labels of the images with a train or a test label.

    `train_labels` and `test_labels` are of the crowd and of the experts, None where not known.
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

    `cameras` is by (rover, camera), a camera without its eye; `orbital` counts gold images by
    terrain class, "" where it is not known; `pixels` is by variant and class code; `scores` counts
    agreement scores by role in 32 bars of equal width from 0 to 1. `masks` counts the masks of each
    variant, `empty` those without a labeled pixel, by variant and reason, and `unscored` the labels
    without a score by the reason; all three are empty where that was not counted.
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
        if variant not in VARIANTS:
            raise ValueError(f"{variant!r} is none of {', '.join(VARIANTS)}.")
        labeled = {code: count for code, count in pixels.items() if code != NO_LABEL}
        self.pixels.setdefault(variant, Counter()).update(labeled)

    def count_scores(self, role: str, bars: Sequence[int]) -> None:
        """Add scores that are counted already: 32 bars of equal width from 0 to 1."""
        before = self.scores.get(role, [0] * BARS)
        self.scores[role] = [one + other for one, other in zip(before, bars, strict=True)]

    def total(self) -> CameraCounts:
        """The last row of Table 1."""
        return sum(self.cameras.values(), CameraCounts())

    def table_1(self) -> list[tuple[str, str, CameraCounts]]:
        """Images, train and test labels by rover and camera, in the order of their names."""
        return [(*key, self.cameras[key]) for key in sorted(self.cameras)]

    def table_2(self) -> list[tuple[str, int]]:
        """Gold images by orbital terrain class; those of an unknown class ("") come last."""
        known = sorted(item for item in self.orbital.items() if item[0] and item[1])
        return known + ([("", self.orbital[""])] if self.orbital[""] else [])

    def composition(self, variant: str, codes: Sequence[int]) -> dict[int, float] | None:
        """The share of each class in the labeled pixels of a variant (paper, Figure 3).

        Shares are 0..1 and add up to 1; None where nothing is labeled.
        """
        pixels = self.pixels.get(variant, Counter())
        total = sum(pixels[code] for code in codes)
        return {code: pixels[code] / total for code in codes} if total else None

    def class_weights(self, codes: Sequence[int]) -> dict[int, float] | None:
        """`1 - composition` of the training set (paper 4): rare classes weigh more in training.

        None where nothing is labeled.
        """
        shares = self.composition(TRAIN, codes)
        return None if shares is None else {code: 1.0 - share for code, share in shares.items()}

    def agreement(self, codes: Sequence[int]) -> dict[int, tuple[int, int, int]]:
        """Pixels on which exactly 1, 2, 3 experts labeled and all agreed, by class (Figure 6).

        The variants nest (paper 3.3), so those of exactly one expert are in min1 and not in min2.
        Their sum is the class's pixels in min1.
        """
        first, second, third = (self.pixels.get(v, Counter()) for v in GOLD_VARIANTS)
        return {
            code: (first[code] - second[code], second[code] - third[code], third[code])
            for code in codes
        }

    def codes(self) -> list[int]:
        """The class codes that occur in any variant, ascending."""
        return sorted({code for pixels in self.pixels.values() for code in +pixels})

    def as_plain(self) -> dict[str, Any]:
        """The totals in types that JSON has; `from_plain` reads them."""
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
    def from_plain(cls, plain: Mapping[str, Any]) -> Statistics:
        """The totals that `as_plain` gave, in this version of the program or in an earlier one."""
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
    """Counts as shares of their sum, 0..1; None where all are 0."""
    total = sum(counts)
    return tuple(float(each) for each in np.divide(tuple(counts), total)) if total else None
