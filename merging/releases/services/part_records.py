"""The content of a part of a release, as its database row stores it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from merging.formats.contents.facts import FileFact, Import
from merging.formats.statistics.counts import CountedImage
from merging.models import ReleasePart

#: The columns of a `ReleasePart` that a record sets.
COLUMNS = (
    "product_id",
    "split",
    "inputs",
    "files",
    "fragments",
    "counted",
    "labels",
    "labelers",
    "merged_labels",
    "imports",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Content in the store, by its SHA-256. `size` is in bytes, or None if unknown."""

    sha256: str
    size: int | None

    def to_json(self) -> list[Any]:
        return [self.sha256, self.size]

    @staticmethod
    def from_json(stored: list[Any]) -> Piece:
        return Piece(*stored)


@dataclass(frozen=True, slots=True)
class PartFile:
    """One file of a part: its kind (a key of `ReleasedImage.paths`, or "raw") and its path."""

    key: str
    path: str
    sha256: str
    size: int

    @property
    def piece(self) -> Piece:
        return Piece(self.sha256, self.size)

    @property
    def fact(self) -> FileFact:
        return FileFact(self.path, self.sha256, self.size)

    def to_json(self) -> list[Any]:
        return [self.key, self.path, self.sha256, self.size]

    @staticmethod
    def from_json(stored: list[Any]) -> PartFile:
        return PartFile(*stored)


@dataclass(frozen=True, slots=True)
class PartRecord:
    """Everything that is stored about one image of a release, so that it need not be made again.

    Attributes:
        inputs: The `ImageSnapshot.inputs` that it was made from.
        files: Its files in the tree, in order. A gold frame of MER has two.
        fragments: The fragment of each format, by the name of the format.
        counted: Its counts for the statistics.
        labels: Its labels that were not rejected, as `LabelSnapshot.key`, in order.
        labelers: Pseudonyms of the people who labeled it here, by role.
        merged_labels: The number of labels its masks were merged from; None: no masks, or unknown.
        imports: Its imported labels and masks.
    """

    product_id: str
    split: str
    inputs: str
    files: tuple[PartFile, ...]
    fragments: Mapping[str, Piece]
    counted: CountedImage
    labels: tuple[str, ...]
    labelers: Mapping[str, tuple[str, ...]]
    merged_labels: int | None
    imports: tuple[Import, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the columns of a `ReleasePart`.

        The form must not change: parts of earlier releases must remain readable.
        """
        return {
            "product_id": self.product_id,
            "split": self.split,
            "inputs": self.inputs,
            "files": [file.to_json() for file in self.files],
            "fragments": {name: piece.to_json() for name, piece in self.fragments.items()},
            "counted": self.counted.to_json(),
            "labels": list(self.labels),
            "labelers": {role: list(names) for role, names in self.labelers.items()},
            "merged_labels": self.merged_labels,
            "imports": [asdict(each) for each in self.imports],
        }

    @staticmethod
    def from_json(columns: Mapping[str, Any]) -> PartRecord:
        """Return the record with these columns: the inverse of `to_json`."""
        return PartRecord(
            product_id=columns["product_id"],
            split=columns["split"],
            inputs=columns["inputs"],
            files=tuple(map(PartFile.from_json, columns["files"])),
            fragments={
                name: Piece.from_json(piece) for name, piece in columns["fragments"].items()
            },
            counted=CountedImage.from_json(columns["counted"]),
            labels=tuple(columns["labels"]),
            labelers={role: tuple(names) for role, names in columns["labelers"].items()},
            merged_labels=columns["merged_labels"],
            imports=tuple(Import(**each) for each in columns["imports"]),
        )

    @staticmethod
    def of(part: ReleasePart) -> PartRecord:
        """Return the record of a part that was read with all columns."""
        return PartRecord.from_json({name: getattr(part, name) for name in COLUMNS})


def files_of(part: ReleasePart) -> list[PartFile]:
    """Return the files of a part. The other columns may be deferred."""
    return [PartFile.from_json(file) for file in part.files]


def fragment_of(part: ReleasePart, export: str) -> Piece:
    """Return the fragment of a format in a part.

    The columns besides `fragments` may be deferred.
    """
    return Piece.from_json(part.fragments[export])


def pieces_of(part: ReleasePart) -> Iterator[Piece]:
    """Yield the pieces of all files and fragments of a part."""
    for file in files_of(part):
        yield file.piece
    for piece in part.fragments.values():
        yield Piece.from_json(piece)
