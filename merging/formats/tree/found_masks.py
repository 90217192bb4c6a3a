"""The finished masks in a released tree, found by their names. Pure.

Layouts v0.1 and v0.6, of the released dataset and of this site; a tree may be named from any folder
of it. Nothing is opened.
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

#: Folders that a name is looked for in, above the place that was named.
_ABOVE = 5

_UNUSED = (
    (
        re.compile(r"(.*/)?labels/(\w*GEO\w*)(/.*)?"),
        "masks of the geology classes, which are other classes than those of navigation",
    ),
    (re.compile(r"(.*/)?raw/labels"), "labels as they were drawn; their merged masks are taken"),
    (re.compile(r"(.*/)?labels(/.*)?"), "not named like a released mask"),
    (re.compile(r"(.*/)?images(/.*)?"), "pictures and their masks, which import_images takes"),
)


@dataclass(frozen=True, slots=True)
class FoundMasks:
    """The train mask of an image, or its three gold masks.

    `stem` is the file's name, with which the image's id begins; `paths` are by variant; `labels`
    is how many labels were merged, where the name says so.
    """

    stem: str
    paths: Mapping[str, str]
    labels: int | None

    @property
    def is_gold(self) -> bool:
        return "train" not in self.paths

    @property
    def name(self) -> str:
        """One path, to name these masks by."""
        return next(iter(self.paths.values()))


def masks_in(names: Sequence[str], above: Sequence[str] = ()) -> list[FoundMasks]:
    """The masks among the files of a place, gold ones first, sorted by name.

    above: the folders that the place lies in. A gold image may lack some of its masks here.
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
    """What of a place is not imported, and why: a sentence on each folder with such files."""
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
