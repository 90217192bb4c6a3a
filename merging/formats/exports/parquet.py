"""Parquet files that the `datasets` library loads directly, including the images. Pure.

    parquet/<split>-<number>.parquet    of "train" and "test", each about SHARD_BYTES large

`image`, `label`, `rover_mask`, `range_mask` and `gold_min1` to `gold_min3` are image files,
identical to those of the tree; the gold ones are null outside of the gold set, whose label is
`gold_min3`. Labels have class codes and 255 for no label; the schema's metadata has the class
names, as "ai4mars". The other columns are the image's metadata, which `metadata` also has as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from merging.formats.contents.facts import (
    GOLD_VARIANTS,
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleaseFacts,
)
from merging.formats.exports.pieces import VARIANTS_OF_SPLIT, json_bytes, splits
from merging.formats.exports.records import FRAME_METADATA, LABEL_OF_SPLIT, record
from merging.formats.exports.shards import SHARD_BYTES, in_shards
from terrain.masks import NO_LABEL

if TYPE_CHECKING:
    import pyarrow as pa

#: A row group is in memory at once, here and in readers.
ROW_GROUP_BYTES = 16 * 2**20

#: The image columns, with their keys in `ReleasedImage.paths`.
_PICTURES: Mapping[str, str] = {
    "image": "frame",
    "label": "",
    "rover_mask": "rover_mask",
    "range_mask": "range_mask",
    **{variant.replace("-", "_"): variant for variant in GOLD_VARIANTS},
}
_PLAIN: Mapping[str, type] = {
    "product_id": str,
    "width": int,
    "height": int,
    "labels": int,
    **FRAME_METADATA,
    "metadata": str,
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parquet:
    """The Parquet format."""

    name: str = "parquet"
    shard_bytes: int = SHARD_BYTES
    row_group_bytes: int = ROW_GROUP_BYTES

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        return json_bytes(record(image)) if image.split in VARIANTS_OF_SPLIT else b""

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        schema = _schema(facts)
        for split in splits(facts):
            rows = (
                _row(json.loads(fragment.data), read)
                for fragment in fragments
                if fragment.split == split
            )
            for number, shard in enumerate(in_shards(rows, _size, self.shard_bytes)):
                groups = in_shards(shard, _size, self.row_group_bytes)
                yield f"parquet/{split}-{number:05d}.parquet", _file(groups, schema)


def _schema(facts: ReleaseFacts) -> pa.Schema:
    import pyarrow as pa

    arrow = {str: pa.string(), int: pa.int64()}
    picture = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    columns = dict.fromkeys(_PICTURES, picture) | {
        name: arrow[kind] for name, kind in _PLAIN.items()
    }
    features = {name: {"_type": "Image"} for name in _PICTURES} | {
        name: {"_type": "Value", "dtype": str(arrow[kind])} for name, kind in _PLAIN.items()
    }
    classes = {str(released.code): released.name for released in facts.classes}
    about = {
        "title": facts.title,
        "version": facts.version,
        "classes": {**classes, str(NO_LABEL): None},
    }
    metadata = {"huggingface": json_bytes({"info": {"features": features}})}
    return pa.schema(columns, metadata={**metadata, "ai4mars": json_bytes(about)})


def _row(known: Row, read: Read) -> Row:
    files = known.pop("files")
    split = known.pop("split")
    row: Row = {name: known.get(name) for name in _PLAIN}
    row["metadata"] = json_bytes(known).decode()
    for name, variant in _PICTURES.items():
        path = files.get(variant or LABEL_OF_SPLIT[split])
        row[name] = path and {"bytes": read(path), "path": path.rpartition("/")[2]}
    return row


def _size(row: Row) -> int:
    return sum(len(row[name]["bytes"]) for name in _PICTURES if row[name])


class _Written:
    """A write-only file whose content the caller takes in chunks."""

    closed = False

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, content: bytes) -> int:
        self.pieces.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def take_content(self) -> bytes:
        content = b"".join(self.pieces)
        self.pieces.clear()
        return content


def _file(groups: Iterable[Iterable[Row]], schema: pa.Schema) -> Iterator[bytes]:
    """Yield a Parquet file, one row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = _Written()
    texts = [name for name, kind in _PLAIN.items() if kind is str]
    writer = pq.ParquetWriter(
        pa.PythonFile(written, mode="w"),
        schema,
        # Images are compressed already, and statistics of their bytes are useless.
        compression=dict.fromkeys(texts, "ZSTD"),
        use_dictionary=texts,
        write_statistics=list(_PLAIN),
    )
    for group in groups:
        writer.write_table(pa.Table.from_pylist(list(group), schema))
        yield written.take_content()
    writer.close()
    yield written.take_content()
