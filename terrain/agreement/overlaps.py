"""Pixels shared by each pair of labels of one image, from which agreement scores follow.

A new label adds its pairs with the others only, and removing a label needs no counting. Counts are
whole numbers, so incremental scores equal those computed at once, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from terrain.bitplanes import Planes
from terrain.metrics.contingency import ClassCounts, Counts, Floats


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The number of pixels that each two labels of an image share, class by class.

    ``shared`` is int64 (classes, labels, labels), symmetric; ``[c, i, j]`` is the number of pixels
    to which labels i and j both give the class ``codes[c]``, and ``[c, i, i]`` the area of label i.
    ``keys`` are the names of the labels, in the order they were added.
    """

    codes: tuple[int, ...]
    keys: tuple[str, ...]
    shared: Counts

    @classmethod
    def empty(cls, codes: Sequence[int]) -> Overlaps:
        """Return the overlaps of an image without labels."""
        return cls(tuple(codes), (), np.zeros((len(codes), 0, 0), dtype=np.int64))

    @classmethod
    def from_planes(cls, planes: Sequence[Planes], codes: Sequence[int]) -> Overlaps:
        """Return the overlaps of labels, with their positions as keys: "0", "1" ...

        >>> from terrain.bitplanes import pack_planes
        >>> a = pack_planes(np.array([[0, 0, 255]], dtype=np.uint8), codes=(0,))
        >>> b = pack_planes(np.array([[0, 255, 255]], dtype=np.uint8), codes=(0,))
        >>> Overlaps.from_planes([a, b], codes=(0,)).shared.tolist()
        [[[2, 1], [1, 1]]]
        >>> Overlaps.from_planes([a, b], codes=(0,)).iou().tolist()
        [[[1.0, 0.5], [0.5, 1.0]]]
        """
        overlaps = cls.empty(codes)
        for number, label in enumerate(planes):
            overlaps = overlaps.with_label(str(number), label, planes[:number])
        return overlaps

    def with_label(self, key: str, label: Planes, others: Sequence[Planes]) -> Overlaps:
        """Return the overlaps with one more label; ``others`` are the planes of ``keys``.

        Raises ValueError for a key that was added before, and if planes are missing.
        """
        if key in self.keys:
            raise ValueError(f"The label {key} has already been added.")
        if len(others) != len(self.keys):
            raise ValueError(f"Expected planes of {len(self.keys)} labels, got {len(others)}.")
        count = len(self.keys)
        shared = np.zeros((len(self.codes), count + 1, count + 1), dtype=np.int64)
        shared[:, :count, :count] = self.shared
        for c, row in enumerate(label):
            # Words without pixels of the label have no shared pixels.
            reached = np.flatnonzero(row)
            words = row[reached]
            rows = np.stack([*(other[c][reached] for other in others), words])
            own = np.bitwise_count(rows & words).sum(axis=1, dtype=np.int64)
            shared[c, count, :] = shared[c, :, count] = own
        return Overlaps(self.codes, (*self.keys, key), shared)

    def select(self, keys: Collection[str]) -> Overlaps:
        """Return the overlaps of the labels whose keys are in ``keys``."""
        kept = [place for place, key in enumerate(self.keys) if key in keys]
        return Overlaps(
            self.codes,
            tuple(self.keys[place] for place in kept),
            self.shared[:, kept][:, :, kept],
        )

    def iou(self) -> Floats:
        """Return the IoU of labels i and j: float64 (classes, labels, labels)."""
        areas = np.diagonal(self.shared, axis1=1, axis2=2)
        return ClassCounts(self.shared, areas[:, :, None], areas[:, None, :]).iou()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`: codes, keys, and per class the lower triangle."""
        lower = np.tril_indices(len(self.keys))
        return {
            "codes": list(self.codes),
            "labels": list(self.keys),
            "shared": [plane[lower].tolist() for plane in self.shared],
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Overlaps:
        """Return the overlaps that `to_json` wrote. Raises KeyError or ValueError otherwise."""
        codes, keys = tuple(kept["codes"]), tuple(kept["labels"])
        rows, cols = np.tril_indices(len(keys))
        shared = np.zeros((len(codes), len(keys), len(keys)), dtype=np.int64)
        for plane, counts in zip(shared, kept["shared"], strict=True):
            plane[rows, cols] = plane[cols, rows] = counts
        return cls(codes, keys, shared)
