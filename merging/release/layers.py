"""What a merge rests on as files that any reader of pictures understands (docs/MERGING.md)."""

from __future__ import annotations

from labeling.pictures import png_bytes
from merging.weighing import Layers

NAMES = ("votes", "labelers", "confidence")


def layer_png(layers: Layers, name: str) -> bytes:
    """A layer of `NAMES` as an 8-bit greyscale PNG; the same layer gives the same bytes.

    The planes of `votes` lie one below the other: (classes * height, width).
    """
    if name == "votes":
        return png_bytes(layers.votes.reshape(-1, layers.labelers.shape[1]))
    return png_bytes({"labelers": layers.labelers, "confidence": layers.confidence}[name])
