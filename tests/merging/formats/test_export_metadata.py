"""The table of metadata of each image."""

from __future__ import annotations

import csv
import io
import json

from merging.formats.exports import EXPORTS
from tests.factories import mask
from tests.merging.releases.released import exported, gold, released, scene

METADATA = EXPORTS["metadata"]


def test_every_image_is_in_both_tables() -> None:
    images = [
        scene(1),
        released(5, gold(mask("11..")), range_source="estimate", twilight=True),
        released(9, {}),
    ]
    files = exported(METADATA, images)
    assert sorted(files) == ["metadata/images.csv", "metadata/images.json"]
    rows = list(csv.DictReader(io.StringIO(files["metadata/images.csv"].decode(), newline="")))
    entries = json.loads(files["metadata/images.json"])
    assert {row["product_id"] for row in rows} == {image.product_id for image in images}
    assert [e["product_id"] for e in entries] == [row["product_id"] for row in rows]

    of_row = {row["product_id"]: row for row in rows}
    of_entry = {entry["product_id"]: entry for entry in entries}
    first = images[0]
    row, entry = of_row[first.product_id], of_entry[first.product_id]
    assert entry["camera_model"] == first.metadata["camera_model"]
    assert json.loads(row["camera_model"]) == first.metadata["camera_model"]
    assert (row["sol"], row["site"], row["drive"]) == tuple(
        str(first.metadata[name]) for name in ("sol", "site", "drive")
    )
    assert (entry["labels"], row["labels"]) == (10, "10")
    assert (row["split"], row["train"], row["gold_min1"]) == ("train", first.paths["train"], "")
    assert entry["files"] == dict(first.paths)

    gold_row = of_row[images[1].product_id]
    assert (gold_row["split"], gold_row["range_source"]) == ("test", "estimate")
    assert (gold_row["twilight"], gold_row["camera_model"]) == ("true", "")
    assert gold_row["gold_min3"] == images[1].paths["gold-min3"]
    assert of_entry[images[1].product_id]["twilight"] is True
    assert of_row[images[2].product_id]["split"] == ""


def test_a_release_without_images_has_empty_tables() -> None:
    files = exported(METADATA, [])
    assert json.loads(files["metadata/images.json"]) == []
    assert len(files["metadata/images.csv"].splitlines()) == 1
