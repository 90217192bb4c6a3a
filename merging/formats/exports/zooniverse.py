"""Raw labels in the format of Zooniverse's export of classifications. Pure.

    zooniverse/classifications-<split>.csv    one row per accepted label: "train", "test"

Columns and values are Zooniverse's own, so that tools for its exports read the file. `annotations`
has the marks of one drawing task, "T0", in image pixels: each polygon is a mark of the `polygon`
tool, with the index of its class, from 0, as `toolIndex`, and the name of the class as
`tool_label`. Where marks overlap, the earlier one has the pixels. Marks have no holes, so a polygon
with holes is cut through them into several adjacent marks. Their outlines are valid polygons that
cover the pixels of the label.

`user_id` and `user_ip`, which a release must not reveal, are empty; `user_name` is the pseudonym.
`classification_id` and `subject_ids` are numbers, as in Zooniverse, starting at 1 in each release;
the product id is in `subject_data`. `metadata` has the times, the size of the image, and values
that Zooniverse lacks: agreement score, pairs, ratings, and the version of the label. An imported
label has the time of the import, `imported_at`, and its source.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from merging.formats.contents.facts import (
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleasedLabel,
    ReleaseFacts,
)
from merging.formats.exports.pieces import VARIANTS_OF_SPLIT, json_bytes, splits
from merging.formats.exports.polygons import valid_parts, without_holes

COLUMNS = (
    "classification_id",
    "user_name",
    "user_id",
    "user_ip",
    "workflow_id",
    "workflow_name",
    "workflow_version",
    "created_at",
    "gold_standard",
    "expert",
    "metadata",
    "annotations",
    "subject_data",
    "subject_ids",
)

TASK = "T0"

#: A campaign is one workflow, whose task never changes.
_WORKFLOW_ID, _WORKFLOW_VERSION = 1, "1.1"

#: The second form of Zooniverse annotations, in which marks have a `toolType`.
_CLASSIFIER_VERSION = "2.0"


@dataclass(frozen=True, slots=True)
class Zooniverse:
    """The format of Zooniverse exports."""

    name: str = "zooniverse"

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        if image.split not in VARIANTS_OF_SPLIT:
            return b""
        tools = {released.code: (index, released.name) for index, released in enumerate(classes)}
        subject = {
            "retired": None,
            "product_id": image.product_id,
            "image_name": image.paths["frame"],
        }
        rows = [
            {
                "user_name": label.labeler,
                "created_at": f"{_utc(label.sent_at):%Y-%m-%d %H:%M:%S} UTC",
                "expert": "expert" if label.role == "expert" else "",
                "metadata": _text(_metadata(image, label)),
                "annotations": _text(
                    [
                        {
                            "task": TASK,
                            "task_label": "Draw around the terrain.",
                            "value": [
                                mark
                                for polygon in label.polygons
                                for mark in _marks(image, polygon, tools)
                            ],
                        }
                    ]
                ),
            }
            for label in image.labels
        ]
        return json_bytes({"subject": subject, "rows": rows})

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        ids = itertools.count(1)
        for split in splits(facts):
            path = f"zooniverse/classifications-{split}.csv"
            yield path, _table(facts, fragments, split, ids)


def _metadata(image: ReleasedImage, label: ReleasedLabel) -> dict[str, Any]:
    return {
        "classifier_version": _CLASSIFIER_VERSION,
        **_times(label),
        "subject_dimensions": [{"naturalWidth": image.width, "naturalHeight": image.height}],
        "score": label.score,
        "pairs": label.pairs,
        "ratings": label.ratings,
        "label_version": label.version,
    }


def _times(label: ReleasedLabel) -> dict[str, Any]:
    if label.source:
        return {"imported_from": label.source, "imported_at": _milliseconds(label.sent_at)}
    return {
        "started_at": label.started_at and _milliseconds(label.started_at),
        "finished_at": _milliseconds(label.sent_at),
    }


def _marks(
    image: ReleasedImage, polygon: Mapping[str, Any], tools: Mapping[int, tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    index, name = tools[polygon["class"]]
    size = (image.height, image.width)
    for part in valid_parts(polygon["rings"], *size):
        for outline in without_holes(part, *size):
            yield {
                "frame": 0,
                "toolIndex": index,
                "toolType": "polygon",
                "tool_label": name,
                "points": [{"x": x, "y": y} for x, y in outline],
                "details": [],
            }


def _table(
    facts: ReleaseFacts, fragments: Collection[Fragment], split: str, ids: Iterator[int]
) -> Iterator[bytes]:
    yield _lines([COLUMNS])
    for subject_id, fragment in enumerate(fragments, start=1):
        if fragment.split != split:
            continue
        found = json.loads(fragment.data)
        same = {
            "workflow_id": _WORKFLOW_ID,
            "workflow_name": facts.title,
            "workflow_version": _WORKFLOW_VERSION,
            "subject_data": _text({subject_id: found["subject"]}),
            "subject_ids": subject_id,
        }
        rows = ({**same, **row, "classification_id": next(ids)} for row in found["rows"])
        yield _lines([row.get(column, "") for column in COLUMNS] for row in rows)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    return lines.getvalue().encode()


def _text(value: Any) -> str:
    return json_bytes(value).decode()


def _utc(time: str) -> datetime:
    return datetime.fromisoformat(time).astimezone(UTC)


def _milliseconds(time: str) -> str:
    return _utc(time).isoformat(timespec="milliseconds").replace("+00:00", "Z")
