"""Parts that earlier versions of the software made are found and read.

`recorded_parts.json` has four snapshots and the columns of their parts, as the software wrote them
before snapshots and records had types. Their `inputs` are hashes with the current RELEASE_CODE. A
changed form would remake all parts; only a new RELEASE_CODE or MERGE_METHOD may do that, and the
hashes in the file and in this module must then be computed again.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from merging.formats.contents.facts import ReleasedClass
from merging.models import MERGE_METHOD, RELEASE_CODE
from merging.releases.services.build_settings import BuildSettings
from merging.releases.services.part_records import COLUMNS, PartRecord
from merging.releases.services.snapshots import (
    METADATA,
    ImageSnapshot,
    ImportedMaskSnapshot,
    LabelSnapshot,
)
from terrain.aggregation.majority import MergeRule
from terrain.aggregation.methods import Kind, MergeMethod

RECORDED = json.loads((Path(__file__).parent / "recorded_parts.json").read_bytes())
IMAGES = RECORDED["images"]
NAMES = [each["part"]["product_id"] for each in IMAGES]


def recorded_settings() -> BuildSettings:
    known = RECORDED["settings"]
    return BuildSettings(
        layout=known["layout"],
        method=MergeMethod.from_json(known["method"]),
        formats=tuple(known["formats"]),
        classes=tuple(ReleasedClass(*each) for each in known["classes"]),
        pseudonym_key=known["pseudonym_key"],
    )


def recorded_snapshot(number: int) -> ImageSnapshot:
    image, labels, imported = IMAGES[number]["snapshot"]
    start_time = datetime.fromisoformat(image["start_time"])
    return ImageSnapshot(
        id=image["pk"],
        **{name: image[name] for name in image.keys() - {"pk", *METADATA}},
        metadata={**{name: image[name] for name in METADATA}, "start_time": start_time},
        labels=tuple(
            LabelSnapshot(uuid.UUID(name), *others, ratings=tuple(ratings))
            for name, *others, ratings in labels
        ),
        imported=tuple(ImportedMaskSnapshot(*mask) for mask in imported),
    )


def test_the_recorded_example_shows_what_there_is() -> None:
    assert (RELEASE_CODE, MERGE_METHOD) == (7, 1), "record it again with the next one"
    splits = [recorded_snapshot(number).split for number in range(len(IMAGES))]
    assert splits == ["train", "test", "train", "train"]
    labels = [label for number in range(4) for label in recorded_snapshot(number).labels]
    assert {label.source for label in labels} == {"", "tree of masks"}
    assert {label.independent for label in labels} == {True, False}
    assert {label.ratings for label in labels} == {(), (4,)}
    assert [len(recorded_snapshot(number).imported) for number in range(4)] == [0, 0, 1, 0]


@pytest.mark.parametrize("number", range(4), ids=NAMES)
def test_snapshots_have_the_sum_that_parts_were_made_from(number: int) -> None:
    image, labels, imported = IMAGES[number]["snapshot"]
    snapshot = recorded_snapshot(number)

    said = json.loads(json.dumps(snapshot.to_json(), default=str))

    assert said == [{name: image[name] for name in image if name != "pk"}, labels, imported]
    assert snapshot.inputs(recorded_settings()) == IMAGES[number]["part"]["inputs"]


@pytest.mark.parametrize(
    ("changes", "inputs"),
    [
        (
            {"stems": {NAMES[0]: "NLA_397-4f2a"}},
            "9cd77932f5c346d76918ef683dfc9e82095f0937c3e7b814863d3f5dcba99857",
        ),
        (
            {
                "method": MergeMethod(Kind.RANDOM, seed=3),
                "formats": ("parquet", "coco-instances"),
            },
            "282cc7f9674a3d5340faacb869039a4136948c2d6eaf823ba5cfee55ae5f58b4",
        ),
    ],
    ids=["a name of its own", "another method"],
)
def test_the_sum_with_other_settings(changes: dict[str, Any], inputs: str) -> None:
    assert recorded_snapshot(0).inputs(replace(recorded_settings(), **changes)) == inputs


def test_the_sum_of_an_image_without_a_time() -> None:
    snapshot = recorded_snapshot(0)
    timeless = replace(snapshot, metadata={**snapshot.metadata, "start_time": None})
    expected = "46dcc1ad5a0c25182170f8fe0e4382243d57e6b41adb58f41a9c9b62a181cf35"
    assert timeless.inputs(recorded_settings()) == expected


OTHER: dict[str, Any] = {
    "id": uuid.UUID(int=7),
    "metadata": {"rover": "spirit"},
    "labels": (),
    "imported": (),
    "ratings": (1, 2),
    "independent": False,
    "method": MergeMethod(Kind.VOTES, MergeRule(2, 65, strict=True)),
    "formats": ("coco-panoptic",),
    "classes": (ReleasedClass(0, "Soil", "#000000"),),
    "pseudonym_key": "0" * 64,
}


def other(name: str, value: Any) -> Any:
    return OTHER[name] if name in OTHER else 77 if isinstance(value, int | float) else "other"


@pytest.mark.parametrize("name", [each.name for each in fields(LabelSnapshot)])
def test_all_that_is_known_of_a_label_decides(name: str) -> None:
    snapshot, settings = recorded_snapshot(0), recorded_settings()
    first, *rest = snapshot.labels
    changed = replace(first, **{name: other(name, getattr(first, name))})
    assert changed != first
    again = replace(snapshot, labels=(changed, *rest))
    assert again.inputs(settings) != snapshot.inputs(settings)


@pytest.mark.parametrize("name", [each.name for each in fields(ImportedMaskSnapshot)])
def test_all_that_is_known_of_an_imported_mask_decides(name: str) -> None:
    snapshot, settings = recorded_snapshot(2), recorded_settings()
    (mask,) = snapshot.imported
    changed = replace(mask, **{name: "none" if name == "labels" else other(name, "")})
    again = replace(snapshot, imported=(changed,))
    assert again.inputs(settings) != snapshot.inputs(settings)


@pytest.mark.parametrize(
    "name", [each.name for each in fields(ImageSnapshot) if each.name not in ("id", "is_waiting")]
)
def test_all_that_is_known_of_an_image_decides(name: str) -> None:
    settings = recorded_settings()
    snapshot = recorded_snapshot(2 if name == "imported" else 0)
    again = replace(snapshot, **{name: other(name, getattr(snapshot, name))})
    assert again.inputs(settings) != snapshot.inputs(settings)


def test_the_row_of_an_image_does_not_decide() -> None:
    snapshot, settings = recorded_snapshot(0), recorded_settings()
    moved = replace(snapshot, id=4711, is_waiting=True)
    assert moved.inputs(settings) == snapshot.inputs(settings)


@pytest.mark.parametrize(
    "name", [each.name for each in fields(BuildSettings) if each.name != "stems"]
)
def test_all_that_is_asked_of_a_release_decides(name: str) -> None:
    snapshot, settings = recorded_snapshot(0), recorded_settings()
    again = replace(settings, **{name: other(name, getattr(settings, name))})
    assert snapshot.inputs(again) != snapshot.inputs(settings)


# -- records ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4), ids=NAMES)
def test_records_are_written_as_they_were(number: int) -> None:
    part = IMAGES[number]["part"]
    record = PartRecord.from_json(part)

    assert tuple(part) == COLUMNS
    assert json.dumps(record.to_json()) == json.dumps(part), "the same bytes"
    assert PartRecord.from_json(record.to_json()) == record


def test_what_a_record_says() -> None:
    record = PartRecord.from_json(IMAGES[2]["part"])

    assert record.counted.pixels == {"train": {1: 64}}
    assert [file.key for file in record.files] == [
        "frame",
        "rover_mask",
        "range_mask",
        "train",
        "raw",
    ]
    assert record.files[0].size == 931
    assert record.fragments["layers"].size == 0
    (imported,) = record.imports
    assert (imported.what, imported.labels) == ("mask", 7)


def test_a_record_of_an_earlier_version() -> None:
    """Sizes of fragments and some counts were not stored."""
    part = json.loads(json.dumps(IMAGES[0]["part"]))
    part["fragments"] = {"layers": ["85c8", None]}
    del part["counted"]["unlabeled"], part["counted"]["corrected"]

    record = PartRecord.from_json(part)

    assert record.fragments["layers"].size is None
    assert (record.counted.corrected, record.counted.unlabeled) == (0, {})


def test_times_are_of_one_zone() -> None:
    assert recorded_snapshot(0).metadata["start_time"].tzinfo == UTC
