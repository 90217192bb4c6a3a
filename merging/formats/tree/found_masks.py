"""Finding the masks in a release tree by their names, without opening files. Pure.

It finds the layouts v0.1 and v0.6, of the released dataset and of this site, from any folder of a
tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labeling.images.ingest.mask_folders import label_count_in_name
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.tree import gold_lists

_GOLD = re.compile(r"(.*?)labels/test/masked-gold-min([123])-100agree/([^/]+)\.png", re.IGNORECASE)
_TRAIN = re.compile(r"(.*?)labels/(?:train(?:/merged-unmasked)?|NAV)/([^/]+)\.png", re.IGNORECASE)

#: The number of folders above the given place that count for the name.
_ABOVE = 5

_UNUSED = (
    (
        re.compile(r"(.*/)?labels/(\w*GEO\w*)(/.*)?"),
        "masks of the geology classes, which differ from the navigation classes",
    ),
    (re.compile(r"(.*/)?raw/labels"), "raw labels; their merged masks are imported"),
    (re.compile(r"(.*/)?labels(/.*)?"), "not named like a released mask"),
    (re.compile(r"(.*/)?images(/.*)?"), "images and their masks, which import_images imports"),
)


@dataclass(frozen=True, slots=True)
class FoundMasks:
    """The train mask of an image, or its three gold masks.

    Attributes:
        stem: The file name, which begins with the image's id.
        paths: The files by variant.
        labels: The number of merged labels, if the name has it.
    """

    stem: str
    paths: Mapping[str, str]
    labels: int | None

    @property
    def is_gold(self) -> bool:
        """Whether these are gold masks."""
        return "train" not in self.paths

    @property
    def name(self) -> str:
        """One of the paths, for messages."""
        return next(iter(self.paths.values()))


def masks_in(names: Sequence[str], above: Sequence[str] = ()) -> list[FoundMasks]:
    """Return the masks among the files of a place, gold ones first, sorted by name.

    `above` are the folders that contain the place. A gold image may lack some of its masks here.
    """
    prefix = "".join(f"{part}/" for part in above[-_ABOVE:])
    gold: dict[tuple[str, str], dict[str, str]] = {}
    train = []
    for name in names:
        if match := _GOLD.fullmatch(prefix + name):
            gold.setdefault((match[1], match[3]), {})[GOLD_VARIANTS[int(match[2]) - 1]] = name
        elif match := _TRAIN.fullmatch(prefix + name):
            train.append(FoundMasks(match[2], {"train": name}, label_count_in_name(match[2])))
    found = [
        FoundMasks(stem, dict(sorted(paths.items())), None)
        for (_, stem), paths in sorted(gold.items())
    ]
    return found + sorted(train, key=lambda each: each.name)


def unused(names: Iterable[str], found: Iterable[FoundMasks]) -> list[str]:
    """Return a sentence for each folder about the files that are not imported, with the reason."""
    taken = {path for each in found for path in each.paths.values()}
    counts = Counter((name.rpartition("/")[0], _why(name)) for name in names if name not in taken)
    return [
        f"Not used: {count} file{'s' * (count > 1)} in {folder or 'the top folder'}: {why}."
        for (folder, why), count in sorted(counts.items())
    ]


def _why(name: str) -> str:
    folder, _, file = name.rpartition("/")
    if file == gold_lists.NAME:
        return "a list of the gold images, which are found by their masks"
    return next((why for pattern, why in _UNUSED if pattern.fullmatch(folder)), "no masks")
