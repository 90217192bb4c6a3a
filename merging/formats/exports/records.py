"""What is said of each image in the exports: one record of plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from merging.formats.contents.facts import GOLD_VARIANTS, ReleasedImage
from merging.formats.contents.raw_labels import plain

#: What is known of most frames; whatever else is known comes after these.
KNOWN_OF_FRAMES: Mapping[str, type] = {
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
}

#: The files of an image, by their keys in `ReleasedImage.paths`.
FILES = ("frame", "rover_mask", "range_mask", "train", *GOLD_VARIANTS)

#: The mask that stands for an image where a format has one: the crowd's, or the strictest gold one,
#: on which three experts agreed.
LABEL_OF_SPLIT: Mapping[str, str] = {"train": "train", "test": "gold-min3"}


def record(image: ReleasedImage) -> dict[str, Any]:
    """Size, split, number of accepted labels, files, and the metadata of an image.

    `split` is "train", "test", or "" for an image without labels; `merged_labels` is how many
    labels its masks were merged from, `imports` what of them was imported; `files` maps keys of
    FILES to paths in the release. What is not known of a frame is None.
    """
    return {
        "product_id": image.product_id,
        "split": image.split,
        "width": image.width,
        "height": image.height,
        "labels": len(image.labels),
        "merged_labels": image.merged_labels,
        "imports": [{"what": each.what, **plain(each)} for each in image.imports],
        **dict.fromkeys(KNOWN_OF_FRAMES),
        **image.metadata,
        "files": {name: image.paths[name] for name in FILES if name in image.paths},
    }
