"""The contents of a release for each image, and the protocol of formats. Pure.

A release is built image by image. A worker makes a `ReleasedImage`, stores its files, and asks each
`Export` for its fragment. When all images are done, each export joins the fragments, sorted by
product id, into its files. Fragments of unchanged images are reused from earlier releases, so a
fragment may depend only on its image and the campaign's classes.
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

#: The software that builds releases, and its license as SPDX identifier.
SOFTWARE = "AI4Mars"
SOFTWARE_LICENSE = "Apache-2.0"

#: The source of the rover mask of an image without one; its mask file in a release is all 0.
UNKNOWN_ROVER = "unknown"

#: The gold variants, each nested in the one before (paper 3.3).
GOLD_VARIANTS = ("gold-min1", "gold-min2", "gold-min3")
VARIANTS = ("train", *GOLD_VARIANTS)


class Emptiness(StrEnum):
    """Why a merged mask has no labeled pixel."""

    #: The image has no label of the group that makes the mask.
    NO_LABELS = "no-labels"
    #: Its labels have no pixels outside the rover and range masks, or no pixels at all.
    REMOVED = "removed"
    #: It has fewer labels than the rule requires on a pixel.
    TOO_FEW = "too-few"
    #: It has enough labels, but no pixel has as many as the rule requires.
    APART = "apart"
    #: It was imported empty.
    IMPORTED = "imported"
    #: No pixel with enough labels has enough agreement.
    NO_MAJORITY = "no-majority"


@dataclass(frozen=True, slots=True)
class ReleasedClass:
    """One terrain class of the campaign; `color` is like "#E69F00"."""

    code: int
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class ReleasedLabel:
    """One accepted label as drawn; it may be empty. Releases contain no rejected labels.

    Attributes:
        labeler: A pseudonym, the same for all labels of a labeler in one release.
        started_at: ISO 8601 in UTC, like `sent_at`; None if unknown.
        sent_at: When it was sent, or imported.
        score: The agreement score, 0..1; None with fewer than two labels (paper 3.1.3).
        ratings: The active ratings of reviewers, 1..5, without their names.
        polygons: `[{"class": code, "rings": [[[x, y], ...], ...]}, ...]` in image pixels, holes
            after the outer ring. Where polygons overlap, the earlier one has the pixels.
        source: The source of an imported label; "" if it was drawn here.
        is_empty: Whether it has no pixels outside the rover and range masks.
        independent: False if it was corrected after its labeler saw the others' labels.
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
        """When it was drawn and sent, or its source and the time of its import."""
        if self.source:
            return {"source": self.source, "imported_at": self.sent_at}
        return {"started_at": self.started_at, "sent_at": self.sent_at}


@dataclass(frozen=True, slots=True)
class Import:
    """Imported content of an image: `what` is "labels" or "mask".

    `source` is its origin and `imported_on` the date (ISO 8601, UTC). `labels` is the number of
    labels, or of labels that the mask was merged from; None if unknown.
    """

    what: str
    source: str
    imported_on: str
    labels: int | None


@dataclass(frozen=True, slots=True)
class ReleasedImage:
    """One image of a release.

    Attributes:
        split: "train", "test" (the gold set), or "" for an image without a label.
        frame: The JPEG as released.
        masks: Class codes by variant of `VARIANTS`, uint8 (height, width), 255 for no label.
        rover_mask: uint8 (height, width), 1 = rover.
        range_mask: uint8 (height, width), 1 = beyond the range limit.
        paths: The paths in the tree, by "frame", "rover_mask", "range_mask" (if the layout has
            them) and the variants.
        metadata: Facts about the frame as plain values: rover, camera, eye, sol, start_time, site,
            drive, sequence, orbital_class, range_source, rover_mask_source, camera_model, ...
        layers: Votes, labelers and confidence, if a format needs them and the image has labels.
        merged_labels: The number of labels that the masks were merged from; None: no masks, or
            unknown.
        imports: What was imported.
        empty: Why a variant has no labeled pixel, as `Emptiness`.
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
    """The data that one format stores of one image.

    `stem` is the file name of the image if its id alone is not unique (`product_ids.file_stems`).
    """

    product_id: str
    split: str
    data: bytes
    stem: str = ""

    @property
    def name(self) -> str:
        """The file name of the image, without suffix."""
        return self.stem or file_stem(self.product_id)


@dataclass(frozen=True, slots=True)
class ImportTotal:
    """Imports of all images from one source on one day. `labels` is as in `Import`."""

    what: str
    source: str
    imported_on: str
    images: int
    labels: int | None


def import_totals(imports: Iterable[Import]) -> tuple[ImportTotal, ...]:
    """Return the totals of imports by kind, source and day, in this order."""
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
    """The facts about a release as a whole, for its documents.

    The only date is `released_on`, which is chosen, so the same inputs give the same bytes.

    Attributes:
        counts: Numbers of images by (rover, camera, split).
        pixels: Pixels by variant and class code, 255 included.
        parameters: The parameters of the merge method, plain JSON.
        labels: The number of all labels.
        labelers: The number of volunteers who drew labels here; `experts` likewise.
        masks: Masks of each variant.
        empty: Masks without a labeled pixel, by variant and `Emptiness`.
        unscored: Labels without an agreement score, by reason: "alone" or "empty".
        corrected: The number of labels that are not independent.
        previous: The previous version; "" for the first.
        changes: Sentences on the changes since the previous version.
        imports: What was imported.
        license: An SPDX identifier.
        software_version: The version of AI4Mars that built the release.
        unknown_rovers: Numbers of images without a rover mask, by (rover, camera).
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
    unknown_rovers: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def software(self) -> str:
        """The software that built the release, such as "AI4Mars 0.2.0"."""
        return f"{SOFTWARE} {self.software_version}"


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of a release: its path, the SHA-256 of its content, and its size in bytes."""

    path: str
    sha256: str
    size: int


#: Returns the content of an existing file of the release tree, by its path.
Read = Callable[[str], bytes]


class Export(Protocol):
    """One further format of a release, such as COCO or Parquet.

    Both methods return the same bytes for the same input.
    """

    @property
    def name(self) -> str:
        """The name in a command, in a form, and in the manifest of a release."""

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        """Return the data to store of an image; b"" if the format has none."""

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the files of the format: the path in the release, and the content in pieces.

        Each content is read completely before the next file is requested. `fragments` can be read
        more than once; they are read from disk one by one, sorted by product id. Do not keep all of
        them in memory, which is bounded.
        """
