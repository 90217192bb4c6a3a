"""The documents of a release, read by the packages for their formats."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
import yaml
from datacite import schema45

from merging.formats.contents.facts import FileFact, ReleasedImage
from merging.formats.documents import DOCUMENTS
from merging.formats.exports import EXPORTS
from tests.merging.releases.released import (
    classes_of,
    exported,
    facts,
    released,
    scene,
    tree,
    write,
)

# mlcroissant uses what the library under it will drop.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

RAW = "raw/labels/NLA_1.json"


def images() -> list[ReleasedImage]:
    return [scene(1), scene(2), scene(3, split="test"), released(9, {})]


def file_facts(files: dict[str, bytes]) -> list[FileFact]:
    return [
        FileFact(path, hashlib.sha256(content).hexdigest(), len(content))
        for path, content in sorted(files.items())
    ]


def said(path: str, **fields: Any) -> str:
    """Return a document of the release of scenes, with other facts from `fields`."""
    files = file_facts({**tree(images()), RAW: b"{}"})
    return DOCUMENTS[path](facts(images(), **fields), files).decode()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a whole release of the scenes in a folder."""
    folder = tmp_path_factory.mktemp("release")
    files = {**tree(images()), RAW: b"{}"}
    for export in EXPORTS.values():
        files |= exported(export, images())
    described = file_facts(files)
    for path, document in DOCUMENTS.items():
        files[path] = document(facts(images()), described)
    write(files, folder)
    return folder


@pytest.fixture
def dataset(release: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(release / "croissant.json"))


def pictures(dataset: mlcroissant.Dataset, folder: str) -> dict[str, Any]:
    """Return the images of a folder by name; mlcroissant returns gray ones as RGB."""
    return {
        record[f"{folder}/file"].decode(): np.asarray(record[f"{folder}/picture"])
        for record in dataset.records(record_set=folder)
    }


def test_mlcroissant_finds_nothing_to_blame(
    dataset: mlcroissant.Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    said = [each for phase in ("setup", "call") for each in caplog.get_records(phase)]
    assert [each.getMessage() for each in said if each.levelno >= logging.WARNING] == []
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings
    assert dataset.metadata.name == "Terrain of Gale crater"


def test_mlcroissant_reads_what_the_masks_hold(dataset: mlcroissant.Dataset) -> None:
    for variant, folder in (
        ("train", "msl/labels/train"),
        ("gold-min1", "msl/labels/test/masked-gold-min1-100agree"),
        ("gold-min2", "msl/labels/test/masked-gold-min2-100agree"),
        ("gold-min3", "msl/labels/test/masked-gold-min3-100agree"),
        ("rover_mask", "msl/images/mxy"),
        ("range_mask", "msl/images/rng-30m"),
    ):
        expected = {}
        for image in images():
            masks = {**image.masks, "rover_mask": image.rover_mask, "range_mask": image.range_mask}
            if variant in masks:
                expected[Path(image.paths[variant]).name] = masks[variant]
        found = pictures(dataset, folder)
        assert found.keys() == expected.keys()
        for name, mask in expected.items():
            for channel in range(3):
                np.testing.assert_array_equal(found[name][..., channel], mask)


def test_mlcroissant_reads_the_table_of_images(dataset: mlcroissant.Dataset) -> None:
    rows = {row["images/product_id"].decode(): row for row in dataset.records("images")}
    assert rows.keys() == {image.product_id for image in images()}
    for image in images():
        row = rows[image.product_id]
        assert (row["images/width"], row["images/labels"]) == (image.width, len(image.labels))
        assert row["images/frame"].decode() == image.paths["frame"]


def test_croissant_names_every_file_once(release: Path) -> None:
    document = json.loads((release / "croissant.json").read_text())
    found: list[str] = []
    for node in document["distribution"]:
        if node["@type"] == "cr:FileSet":
            found += [str(p.relative_to(release)) for p in release.glob(node["includes"])]
        else:
            content = (release / node["contentUrl"]).read_bytes()
            assert node["sha256"] == hashlib.sha256(content).hexdigest()
            found.append(node["contentUrl"])
    there = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    assert sorted(found) == sorted(there - DOCUMENTS.keys())


def test_datacite_is_valid() -> None:
    document = json.loads(said("datacite.json"))
    schema45.validator.validate(document)
    assert schema45.tostring(document)
    assert [each["nameType"] for each in document["creators"]] == ["Personal", "Organizational"]
    assert document["creators"][0]["familyName"] == "Swan"
    assert document["publisher"] == {"name": "mars.example.org"}
    assert document["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"


def test_citation() -> None:
    document = yaml.safe_load(said("CITATION.cff", title='The "red" planet: a start'))
    assert document["cff-version"] == "1.2.0"
    assert document["title"] == 'The "red" planet: a start'
    assert document["authors"] == [
        {"family-names": "Swan", "given-names": "R. Michael"},
        {"name": "The volunteers of Mars"},
    ]
    assert (document["version"], document["date-released"]) == ("1.2", "2026-06-01")
    assert (document["license"], document["type"]) == ("CC-BY-4.0", "dataset")
    paper, software = document["references"]
    assert len(paper["authors"]) == 7
    assert (software["title"], software["version"]) == ("AI4Mars", "0.2.0")


@pytest.mark.parametrize("path", ["CITATION.cff", "DATASHEET.md", "datacite.json", "info.md"])
def test_documents_name_the_version_of_the_software(path: str) -> None:
    assert "0.2.1" not in said(path)
    assert "0.2.1" in said(path, software_version="0.2.1")


def test_who_names_nobody_and_no_page_is_cited_still() -> None:
    nobody: dict[str, Any] = {"creators": (), "homepage": "", "credits": "", "description": ""}
    citation = yaml.safe_load(said("CITATION.cff", **nobody))
    assert citation["authors"] == [{"name": "The labelers of Terrain of Gale crater"}]
    assert citation["abstract"] == "4 images of Mars and masks of their terrain."
    assert "url" not in citation
    document = json.loads(said("datacite.json", **nobody))
    schema45.validator.validate(document)
    assert document["publisher"] == {"name": ":unav"}
    assert "url" not in json.loads(said("croissant.json", **nobody))
    assert "Credits" not in said("LICENSE.txt", **nobody)


def test_license() -> None:
    assert said("LICENSE.txt").splitlines() == [
        "Terrain of Gale crater, version 1.2",
        "Copyright 2026: Swan, R. Michael; The volunteers of Mars",
        "",
        "Creative Commons Attribution 4.0 International (CC-BY-4.0):",
        "https://creativecommons.org/licenses/by/4.0/legalcode",
        "",
        "Credits",
        "",
        "Images: NASA/JPL-Caltech.",
    ]
    other = said("LICENSE.txt", license="ODbL-1.0")
    assert "\nODbL-1.0:\nhttps://spdx.org/licenses/ODbL-1.0.html\n" in other


def test_the_datasheet_is_filled_from_the_data() -> None:
    text = said("DATASHEET.md")
    labels = sum(len(image.labels) for image in images())
    assert f"4 images by rovers, and masks of the terrain in them, from {labels} accepted" in text
    assert "| curiosity | navcam | train | 2 |" in text
    assert "| curiosity | navcam | no label | 1 |" in text
    assert "| merge_percent | 65 |" in text
    pixels = facts(images()).pixels
    row = next(line for line in text.splitlines() if line.startswith("| 255 | no label |"))
    shares = [100 * pixels[v][255] / sum(pixels[v].values()) for v in pixels]
    assert sorted(map(float, row.split("|")[3:-1])) == pytest.approx(sorted(shares), abs=0.005)


@pytest.mark.parametrize("path", ["DATASHEET.md", "changelog.md"])
def test_changes_are_told(path: str) -> None:
    assert "since version" not in said(path).lower()
    later = said(path, previous="1.1", changes=("Three images are new.",))
    assert "version 1.1" in later
    assert "- Three images are new." in later


def test_label_keys_have_the_form_of_the_real_ones(real_data: Path) -> None:
    docs = real_data / "ai4mars" / "docs"
    assert json.loads(said("label_keys.json")) == {
        "NAV": json.loads((docs / "label_keys.json").read_text())["NAV"]
    }


def test_info_has_a_key_of_any_taxonomy() -> None:
    text = said("info.md", classes=classes_of([7, 50]))
    assert "- `50` - class 50\n- `255` - NULL (no label)" in text
    assert "- `0`" not in text


@pytest.mark.parametrize("path", list(DOCUMENTS))
def test_equal_facts_give_equal_bytes(path: str) -> None:
    text = said(path)
    assert text == said(path)
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())
    again = facts(images()[::-1])
    files = file_facts({**tree(images()[::-1]), RAW: b"{}"})
    assert DOCUMENTS[path](again, files).decode() == text


@pytest.mark.parametrize("path", list(DOCUMENTS))
def test_a_release_without_images_has_documents(path: str) -> None:
    assert DOCUMENTS[path](facts([]), [])
