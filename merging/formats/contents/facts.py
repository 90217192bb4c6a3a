"""What a release holds of each image, and how a format is written from it. Pure.

A release is built image by image: a worker gathers a `ReleasedImage`, writes its files into the
tree, and asks each `Export` for its fragment. When all images are there, each export joins the
fragments, in the order of the product ids, to files of its own. Fragments of images that have not
changed since an earlier release are used again, so a fragment may depend on nothing but its image
and the campaign's classes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.product_ids import file_stem
from terrain.aggregation.weighted import Layers

Mask = npt.NDArray[np.uint8]

#: What builds releases, and what it may be used under: an SPDX name.
SOFTWARE = "AI4Mars"
SOFTWARE_LICENSE = "Apache-2.0"

#: In the order in which they nest (paper 3.3).
GOLD_VARIANTS = ("gold-min1", "gold-min2", "gold-min3")
VARIANTS = ("train", *GOLD_VARIANTS)


class Emptiness(StrEnum):
    """Why a merged mask has no labeled pixel."""

    #: The image has no label of the group that makes the mask.
    NO_LABELS = "no-labels"
    #: Nothing is left of its labels outside the rover and range masks, or nothing was drawn.
    REMOVED = "removed"
    #: It has fewer labels than the rule wants labelers on a pixel.
    TOO_FEW = "too-few"
    #: It has enough, and nowhere do as many lie on the same pixel.
    APART = "apart"
    #: It was imported as it is.
    IMPORTED = "imported"
    #: Where enough lie, they do not agree enough.
    NO_MAJORITY = "no-majority"


@dataclass(frozen=True, slots=True)
class ReleasedClass:
    """One class of the campaign's taxonomy; `color` is like "#E69F00"."""

    code: int
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class ReleasedLabel:
    """One accepted label (an empty one too) as it was drawn. Rejected labels are in no release.

    `labeler` is a pseudonym, the same for all labels of a labeler in one release. `polygons` are
    `[{"class": code, "rings": [[[x, y], ...], ...]}, ...]` in image pixels, holes after the outer
    ring; the earlier one owns the pixels of two that overlap. Times are ISO 8601 in UTC. `score` is
    the agreement score, 0..1, None where there are fewer than two labels (paper 3.1.3). `ratings`
    are the reviewers' 1..5 that stand, without their names. A label that was imported has the
    `source` that it came from, and its `sent_at` is the time of the import. Of a label that
    `is_empty` nothing is left outside the rover and range masks. One that is not `independent` was
    corrected after its labeler had seen the others' labels of the image.
    """

    labeler: str
    role: str
    version: int
    started_at: str | None
    sent_at: str
    score: float | None
    pairs: int
    ratings: tuple[int, ...]
    polygons: Sequence[Mapping[str, Any]]
    source: str = ""
    is_empty: bool = False
    independent: bool = True

    @property
    def times(self) -> dict[str, str | None]:
        """When it was drawn and sent; of an imported one what it came from, and when."""
        if self.source:
            return {"source": self.source, "imported_at": self.sent_at}
        return {"started_at": self.started_at, "sent_at": self.sent_at}


@dataclass(frozen=True, slots=True)
class Import:
    """What of an image was imported and not drawn here: `what` is "labels" or "mask".

    `source` is what it came from and `imported_on` a day (ISO 8601, UTC). `labels` is how many
    labels these are, or the mask was merged from; None where that is not known.
    """

    what: str
    source: str
    imported_on: str
    labels: int | None


@dataclass(frozen=True, slots=True)
class ReleasedImage:
    """One image of a release.

    `split` is "train", "test" (the gold set), or "" for an image without any label. `frame` is the
    JPEG as released. `masks` maps a variant of `VARIANTS` to class codes, uint8 (height, width),
    255 where there is no label. `rover_mask` and `range_mask` are uint8 (height, width), 1 = rover,
    1 = beyond the range limit. `paths` says where these lie in the tree: keys "frame",
    "rover_mask", "range_mask" (each only where the layout has it) and the variants. `metadata`
    holds what is known of the frame under flat names with plain values: rover, camera, eye, sol,
    start_time, site, drive, sequence, orbital_class, range_source, camera_model, ... `layers` is
    what the masks rest on, where a format of the release wants it and the image has labels.
    `merged_labels` is how many labels the masks were merged from, None where there are no masks or
    that is not known; `imports` is what of the labels and masks was imported. `empty` says of each
    variant that has no labeled pixel why, as an `Emptiness`.
    """

    product_id: str
    split: str
    width: int
    height: int
    frame: bytes
    masks: Mapping[str, Mask]
    rover_mask: Mask
    range_mask: Mask
    labels: tuple[ReleasedLabel, ...]
    paths: Mapping[str, str]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    layers: Layers | None = None
    merged_labels: int | None = None
    imports: tuple[Import, ...] = ()
    empty: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one export keeps of one image.

    stem: how its files are named, where its id alone cannot tell (`product_ids.file_stems`).
    """

    product_id: str
    split: str
    data: bytes
    stem: str = ""

    @property
    def name(self) -> str:
        """How files of the image are named, without suffix."""
        return self.stem or file_stem(self.product_id)


@dataclass(frozen=True, slots=True)
class ImportTotal:
    """What was imported of all images from one source on one day; `labels` as of `Import`."""

    what: str
    source: str
    imported_on: str
    images: int
    labels: int | None


def import_totals(imports: Iterable[Import]) -> tuple[ImportTotal, ...]:
    """Imports of single images added up by kind, source and day, in this order."""
    counts: dict[tuple[str, str, str], list[int | None]] = {}
    for each in imports:
        counts.setdefault((each.what, each.source, each.imported_on), []).append(each.labels)
    return tuple(
        ImportTotal(
            *key,
            images=len(labels),
            labels=None if None in labels else sum(count or 0 for count in labels),
        )
        for key, labels in sorted(counts.items())
    )


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What a release says of itself as a whole.

    `counts` maps (rover, camera, split) to a number of images; `pixels` maps a variant to pixels
    per class code, 255 included. `parameters` are those the masks were made with, plain JSON.
    `labels` are all, `labelers` and `experts` who drew some of them here; `imports` is what was
    imported. `masks` counts the masks of each variant, `empty` those without a labeled pixel by
    variant and `Emptiness`, and `unscored` the labels without an agreement score by the reason:
    "alone" or "empty"; `corrected` counts labels that are not independent.
    `changes` are sentences on what is different from `previous`, the version before (both empty in
    the first). `license` is an SPDX name. No time of the build is in a release, but the date
    `released_on` that was chosen: the same inputs give the same bytes. `software_version` is that
    of AI4Mars when it built the release.
    """

    slug: str
    title: str
    description: str
    version: str
    layout: str
    released_on: date
    license: str
    creators: tuple[str, ...]
    credits: str
    homepage: str
    classes: tuple[ReleasedClass, ...]
    rule: str
    parameters: Mapping[str, Any]
    counts: Mapping[tuple[str, str, str], int]
    pixels: Mapping[str, Mapping[int, int]]
    labels: int
    labelers: int
    experts: int
    software_version: str
    masks: Mapping[str, int] = field(default_factory=dict)
    empty: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unscored: Mapping[str, int] = field(default_factory=dict)
    previous: str = ""
    changes: tuple[str, ...] = ()
    imports: tuple[ImportTotal, ...] = ()
    corrected: int = 0

    @property
    def software(self) -> str:
        """What built the release, such as "AI4Mars 0.2.0"."""
        return f"{SOFTWARE} {self.software_version}"


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of a release: its path there, the SHA-256 of its content, and its bytes."""

    path: str
    sha256: str
    size: int


#: The content of a file that is in the release's tree already, by its path there.
Read = Callable[[str], bytes]


class Export(Protocol):
    """One format beside the tree of images and masks, such as COCO or Parquet.

    Both methods give the same bytes for the same input, whenever and wherever they run.
    """

    @property
    def name(self) -> str:
        """What it is called in a command, in a form, and in the release's manifest."""

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        """What has to be kept of an image; b"" where the format has nothing of it."""

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The export's files: a path in the release, and the content piece by piece.

        Each content is taken before the next file is asked for. `fragments` can be walked more
        than once and come from disk one by one, in the order of the product ids; holding them all
        would break the promise of flat memory.
        """
