"""Classifications in the format of Zooniverse exports: every label is recovered."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from merging.formats.contents.facts import Mask, ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.exports.zooniverse import COLUMNS
from terrain.geometry.regions import Region
from terrain.masks import rasterize_regions
from tests.factories import mask, rows
from tests.merging.releases.released import NAV, drawn_by, exported, gold, released, scene

ZOONIVERSE = EXPORTS["zooniverse"]
OUTLINE = [[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [0.0, 5.0]]
HOLES = [
    [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]],
    [[3.0, 3.0], [3.0, 4.0], [4.0, 4.0], [4.0, 3.0]],
]


def table(files: dict[str, bytes], split: str) -> list[dict[str, str]]:
    text = files[f"zooniverse/classifications-{split}.csv"].decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def marks(row: dict[str, str]) -> list[dict[str, Any]]:
    (task,) = json.loads(row["annotations"])
    assert task["task"] == "T0"
    found: list[dict[str, Any]] = task["value"]
    return found


def drawn(found: list[dict[str, Any]], image: ReleasedImage) -> Mask:
    """Return the pixels that the marks of a row cover, by class index."""
    regions = [
        Region(
            NAV[mark["toolIndex"]].code,
            (np.array([[point["x"], point["y"]] for point in mark["points"]]),),
        )
        for mark in found
    ]
    return rasterize_regions(regions, image.height, image.width)


def test_every_label_comes_back_to_the_pixel() -> None:
    images = [scene(1), scene(3, split="test"), released(9, {})]
    files = exported(ZOONIVERSE, images)
    assert set(files) == {f"zooniverse/classifications-{split}.csv" for split in ("train", "test")}
    for image in images[:2]:
        found = table(files, image.split)
        assert [row["user_name"] for row in found] == [label.labeler for label in image.labels]
        for row, label in zip(found, image.labels, strict=True):
            regions = [
                Region(p["class"], tuple(np.array(ring) for ring in p["rings"]))
                for p in label.polygons
            ]
            np.testing.assert_array_equal(
                drawn(marks(row), image), rasterize_regions(regions, image.height, image.width)
            )
            (subject,) = json.loads(row["subject_data"]).values()
            assert subject["product_id"] == image.product_id


def test_holes_stay_holes() -> None:
    label = drawn_by("a", [{"class": 3, "rings": [OUTLINE, *HOLES]}])
    image = released(1, {"train": mask(*["....."] * 5)}, labels=[label])
    (row,) = table(exported(ZOONIVERSE, [image]), "train")
    found = marks(row)
    assert {(mark["toolIndex"], mark["tool_label"]) for mark in found} == {(3, "Big rock")}
    assert rows(drawn(found, image)) == ["33333", "3.333", "33333", "333.3", "33333"]
    outlines = [shapely.Polygon([(p["x"], p["y"]) for p in mark["points"]]) for mark in found]
    assert all(outline.is_valid for outline in outlines)
    assert shapely.union_all(outlines).area == sum(each.area for each in outlines) == 23


def test_the_form_is_that_of_a_real_export(real_data: Path) -> None:
    real_path = real_data / "zooniverse" / "cat-project" / "cat-project-classifications.csv"
    with real_path.open(newline="", encoding="utf-8") as file:
        real = list(csv.DictReader(file))
    ours = table(exported(ZOONIVERSE, [scene(1)]), "train")
    assert list(ours[0]) == list(real[0]) == list(COLUMNS)
    of_real = next(mark for row in real for mark in marks(row) if mark["toolType"] == "polygon")
    of_ours = marks(ours[0])[0]
    assert of_ours.keys() == of_real.keys()
    assert of_ours["points"][0].keys() == of_real["points"][0].keys()
    said, real_said = (json.loads(found[0]["metadata"]) for found in (ours, real))
    for name in ("started_at", "finished_at", "classifier_version"):
        assert len(said[name]) == len(real_said[name])
    assert said["subject_dimensions"][0].keys() <= real_said["subject_dimensions"][0].keys()
    assert len(ours[0]["created_at"]) == len(real[0]["created_at"])


def test_what_a_row_says() -> None:
    labels = [
        drawn_by("a1", [], ratings=(4,), score=None, pairs=0, started_at=None),
        drawn_by("b2", [], role="expert", sent_at="2026-05-01T12:04:30.500000+02:00"),
    ]
    image = released(1, gold(mask("....")), labels=labels)
    files = exported(ZOONIVERSE, [image, released(2, {"train": mask("....")}, labels=labels[:1])])
    first, second = table(files, "test")
    assert {name: first[name] for name in ("user_id", "user_ip", "gold_standard", "expert")} == {
        "user_id": "",
        "user_ip": "",
        "gold_standard": "",
        "expert": "",
    }
    assert (first["user_name"], marks(first)) == ("a1", [])
    known = json.loads(first["metadata"])
    assert (known["started_at"], known["score"], known["ratings"]) == (None, None, [4])
    assert second["expert"] == "expert"
    assert second["created_at"] == "2026-05-01 10:04:30 UTC"
    assert json.loads(second["metadata"])["finished_at"] == "2026-05-01T10:04:30.500Z"
    (train,) = table(files, "train")
    ids = [row["classification_id"] for row in (train, first, second)]
    assert ids == ["1", "2", "3"]
    assert [row["subject_ids"] for row in (first, second, train)] == ["1", "1", "2"]


def test_an_image_without_labels_leaves_nothing() -> None:
    assert ZOONIVERSE.fragment(released(1, {}), NAV) == b""
    assert exported(ZOONIVERSE, [released(1, {})]) == {}
