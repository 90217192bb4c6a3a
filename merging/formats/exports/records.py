"""The record of an image in the exports, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from merging.formats.contents.facts import GOLD_VARIANTS, ReleasedImage
from merging.formats.contents.raw_labels import plain

#: The metadata of most frames. Other metadata comes after these.
FRAME_METADATA: Mapping[str, type] = {
    "rover": str,
    "camera": str,
    "eye": str,
    "sol": int,
    "start_time": str,
    "site": int,
    "drive": int,
    "sequence": str,
    "orbital_class": str,
    "range_source": str,
    "rover_mask_source": str,
}

#: The files of an image, by their keys in `ReleasedImage.paths`.
FILES = ("frame", "rover_mask", "range_mask", "train", *GOLD_VARIANTS)

#: The mask of an image in formats with one mask for each image: the crowd's, or the strictest gold
#: mask, on which three experts agreed.
LABEL_OF_SPLIT: Mapping[str, str] = {"train": "train", "test": "gold-min3"}


def record(image: ReleasedImage) -> dict[str, Any]:
    """Return size, split, number of accepted labels, files, and metadata of an image.

    `split` is "train", "test", or "" for an image without labels. `merged_labels` is the number of
    labels that its masks were merged from, `imports` lists what was imported, and `files` maps keys
    of FILES to paths in the release. Unknown metadata is None.
    """
    return {
        "product_id": image.product_id,
        "split": image.split,
        "width": image.width,
        "height": image.height,
        "labels": len(image.labels),
        "merged_labels": image.merged_labels,
        "imports": [{"what": each.what, **plain(each)} for each in image.imports],
        **dict.fromkeys(FRAME_METADATA),
        **image.metadata,
        "files": {name: image.paths[name] for name in FILES if name in image.paths},
    }
