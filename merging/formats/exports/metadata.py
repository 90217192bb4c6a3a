"""The metadata of all images, labeled or not, as one table: CSV and JSON. Pure.

    metadata/images.csv    one row for each image
    metadata/images.json   a list with one object for each image, one per line

Both contain id, split ("" for an image without labels), size, number of accepted labels and of
merged labels, imported labels and masks, the frame's metadata, and its files in the release. In the
CSV a list or an object, such as a camera model, is JSON, and unknown values are empty.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from merging.formats.contents.facts import (
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleaseFacts,
)
from merging.formats.exports.pieces import json_bytes, json_lines
from merging.formats.exports.records import FILES, FRAME_METADATA, record

_FIRST = (
    *("product_id", "split", "width", "height", "labels", "merged_labels", "imports"),
    *FRAME_METADATA,
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The table of images, as CSV and JSON."""

    name: str = "metadata"

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        return json_bytes(record(image))

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        yield "metadata/images.csv", _table(fragments)
        yield "metadata/images.json", _list(fragments)


def _table(fragments: Collection[Fragment]) -> Iterator[bytes]:
    others: set[str] = set()
    for fragment in fragments:
        others.update(json.loads(fragment.data))
    columns = [*_FIRST, *sorted(others - {*_FIRST, "files"})]
    yield _row([*columns, *(name.replace("-", "_") for name in FILES)])
    for fragment in fragments:
        known = json.loads(fragment.data)
        files = known.pop("files")
        yield _row(
            [*(_plain(known.get(name)) for name in columns), *(files.get(name) for name in FILES)]
        )


def _plain(value: Any) -> Any:
    return json_bytes(value).decode() if isinstance(value, bool | dict | list) else value


def _row(values: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue().encode()


def _list(fragments: Collection[Fragment]) -> Iterator[bytes]:
    yield b"["
    yield from json_lines(fragment.data for fragment in fragments)
    yield b"\n]\n"
