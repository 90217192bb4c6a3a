"""Exports need the memory of a few images, for any number of images."""

from __future__ import annotations

import tracemalloc
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest

from merging.formats.contents.facts import Export, Fragment, ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.exports.parquet import Parquet
from terrain.aggregation.weighted import Layers
from tests.factories import product_id
from tests.merging.releases.released import NAV, facts, scene, tree

FEW, MANY = 20, 120

#: What is kept of an image while others are written, such as its entry in COCO's list of images.
BYTES_AN_IMAGE = 1_000

#: About ten of these images: what Parquet keeps of each row group is some kilobytes.
ROW_GROUP = 150_000


@dataclass
class Repeated(Collection[Fragment]):
    """A fragment of one image, repeated under many ids."""

    data: bytearray
    split: str
    count: int

    def __iter__(self) -> Iterator[Fragment]:
        for number in range(self.count):
            yield Fragment(product_id(number), self.split, bytes(self.data))

    def __len__(self) -> int:
        return self.count

    def __contains__(self, fragment: object) -> bool:
        return fragment in list(self)


def peak(export: Export, image: ReleasedImage, count: int) -> tuple[int, int]:
    """Return the peak memory while an export of `count` images is written, and its size."""
    files = {path: bytearray(content) for path, content in tree([image]).items()}
    fragments = Repeated(bytearray(export.fragment(image, NAV)), image.split, count)
    about = facts([image])
    arrow = written = 0
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        for _, content in export.files(about, fragments, lambda path: bytes(files[path])):
            for piece in content:
                written += len(piece)
                arrow = max(arrow, pa.total_allocated_bytes() - before)
        return tracemalloc.get_traced_memory()[1] + arrow, written
    finally:
        tracemalloc.stop()


def noise(shape: tuple[int, int, int]) -> Layers:
    """Return layers that do not compress."""
    votes = np.random.default_rng(1).integers(0, 60, shape, dtype=np.uint8)
    return Layers(votes, votes.sum(axis=0, dtype=np.uint8), votes[0])


@pytest.mark.parametrize(
    "export",
    [
        replace(each, row_group_bytes=ROW_GROUP) if isinstance(each, Parquet) else each
        for each in EXPORTS.values()
    ],
    ids=lambda export: export.name,
)
def test_memory_is_flat(export: Export) -> None:
    image = replace(scene(1, 256), layers=noise((4, 256, 256)))
    peak(export, image, FEW)  # what is loaded once
    few, little = peak(export, image, FEW)
    many, much = peak(export, image, MANY)
    assert much > 5 * little
    assert many - few < BYTES_AN_IMAGE * (MANY - FEW)
