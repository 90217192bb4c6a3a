"""Votes, labelers and confidence of each pixel of the merged masks (docs/MERGING.md). Pure.

    layers/votes/<ID>.png        the number of labels with each class
    layers/labelers/<ID>.png     the number of labels with any class
    layers/confidence/<ID>.png   the confidence of the merge, in percent

The files are 8-bit grayscale without palette. For gold images they count all labels of experts,
even where they disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from labeling.images.preparation.pictures import png_bytes
from merging.formats.contents.facts import (
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleaseFacts,
)
from merging.formats.exports.pieces import packed, unpacked
from terrain.aggregation.weighted import Layers

NAME = "layers"
LAYERS = ("votes", "labelers", "confidence")


@dataclass(frozen=True, slots=True)
class LayerPictures:
    """The layers of the merged masks as PNG files."""

    name: str = NAME

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        if image.layers is None:
            return b""
        return packed({name: layer_png(image.layers, name) for name in LAYERS})

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        for fragment in fragments:
            if fragment.data:
                for name, content in unpacked(fragment.data).items():
                    yield f"layers/{name}/{fragment.name}.png", [content]


def layer_png(layers: Layers, name: str) -> bytes:
    """Return a layer of `LAYERS` as an 8-bit grayscale PNG. Equal layers give equal bytes.

    The planes of `votes` are stacked vertically: (classes * height, width).
    """
    if name == "votes":
        return png_bytes(layers.votes.reshape(-1, layers.labelers.shape[1]))
    return png_bytes({"labelers": layers.labelers, "confidence": layers.confidence}[name])
