"""Imported labels are distinguished from drawn ones wherever labels are counted."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from labeling.images.preparation.pictures import png_bytes
from labeling.models import Campaign, Label
from merging.releases.services.requests import ReleaseRequest
from tests.factories import accept, mask, new_campaign, new_image, product_id
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db

FORMATS = ("geojson", "metadata", "parquet", "webdataset", "zooniverse")


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Return a campaign: image 1 has one drawn and two imported labels, image 2 only drawn ones."""
    campaign = new_campaign()
    image = new_image(campaign, 1)
    accept(image, "00..", "....")
    for labeler in ("vera", "viktor"):
        path = tmp_path / "old masks" / labeler / f"{image.product_id}.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(png_bytes(mask("00..", "....")))
    call_command("import_labels", tmp_path / "old masks", campaign="navcam", stdout=StringIO())
    accept(new_image(campaign, 2), "11..", "....")
    return campaign


@pytest.fixture
def tree(campaign: Campaign, tmp_path: Path) -> Path:
    wanted = ReleaseRequest(formats=FORMATS, released_on=date(2026, 11, 30))
    return build(campaign, tmp_path / "out", wanted=wanted)


@pytest.fixture
def imported_at() -> str:
    label = Label.objects.exclude(import_source="").order_by("pk")[0]
    return label.sent_at.astimezone(UTC).isoformat()


def labels_of(tree: Path, number: int) -> list[dict[str, Any]]:
    told = json.loads((tree / f"raw/labels/{product_id(number)}.json").read_bytes())
    return list(told["labels"])


def test_the_label_itself_knows(campaign: Campaign) -> None:
    assert sorted(Label.objects.values_list("import_source", flat=True)) == [
        "",
        "",
        "old masks",
        "old masks",
    ]


def test_raw_labels(tree: Path, imported_at: str) -> None:
    drawn = [each for each in labels_of(tree, 1) if "sent_at" in each]
    imported = [each for each in labels_of(tree, 1) if "sent_at" not in each]
    assert (len(drawn), len(imported)) == (1, 2)
    assert not {"source", "imported_at"} & drawn[0].keys()
    for each in imported:
        assert each["source"] == "old masks"
        assert each["imported_at"][:10] == imported_at[:10]
        assert "started_at" not in each
    assert [each.keys() & {"source", "sent_at"} for each in labels_of(tree, 2)] == [{"sent_at"}]


def test_manifest_and_metadata(tree: Path, imported_at: str) -> None:
    day = imported_at[:10]
    expected = [{"what": "labels", "source": "old masks", "imported_on": day, "labels": 2}]
    entries = json.loads((tree / "manifest.json").read_bytes())["images"]
    assert [each.get("imports", []) for each in entries] == [expected, []]
    assert [each["merged_labels"] for each in entries] == [3, 1]
    images = json.loads((tree / "metadata/images.json").read_bytes())
    assert [each["imports"] for each in images] == [expected, []]
    with (tree / "metadata/images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [json.loads(row["imports"]) for row in rows] == [expected, []]
    assert [row["merged_labels"] for row in rows] == ["3", "1"]


def test_geojson_and_zooniverse(tree: Path) -> None:
    features = json.loads((tree / "geojson/labels-train.geojson").read_bytes())["features"]
    told = [each["properties"] for each in features]
    sources = [each.get("source", "") for each in told if each["product_id"] == product_id(1)]
    assert sorted(sources) == ["", "old masks", "old masks"]
    assert all(("sent_at" in each) == ("imported_at" not in each) for each in told)
    with (tree / "zooniverse/classifications-train.csv").open(newline="") as file:
        metadata = [json.loads(row["metadata"]) for row in csv.DictReader(file)]
    assert sorted(each.get("imported_from", "") for each in metadata) == [
        "",
        "",
        "old masks",
        "old masks",
    ]
    assert all(("finished_at" in each) == ("imported_at" not in each) for each in metadata)


def sentences(tree: Path) -> Iterator[str]:
    for name in ("DATASHEET.md", "info.md"):
        yield (tree / name).read_text()


def test_datasheet_and_info(tree: Path, imported_at: str) -> None:
    datasheet, info = sentences(tree)
    where = f"imported from old masks on {imported_at[:10]}, as finished masks."
    said = f"2 labels of 1 image were {where}"
    assert said in datasheet
    assert said in info
    assert "2 volunteers and 0 experts, who drew outlines on the images by hand" in datasheet
    assert "from 4 accepted labels" in datasheet


def test_a_release_of_drawings_alone_speaks_of_no_import(tmp_path: Path) -> None:
    campaign = new_campaign()
    accept(new_image(campaign, 1), "00..", "....")
    for text in sentences(build(campaign, tmp_path)):
        assert "import" not in text.lower()


def test_another_name_of_the_source(tmp_path: Path) -> None:
    image = new_image(new_campaign(), 1)
    path = tmp_path / "x" / "vera" / f"{image.product_id}.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(png_bytes(mask("00..", "....")))

    call_command(
        "import_labels",
        tmp_path / "x",
        "--source-name",
        "Lab 3, 2025",
        campaign="navcam",
        stdout=StringIO(),
    )

    assert Label.objects.get().import_source == "Lab 3, 2025"
