"""A release in every format: each reader gets the same masks as the tree."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
import webdataset
from PIL import Image as Pillow
from pycocotools.coco import COCO

from merging.formats.contents.facts import GOLD_VARIANTS, Mask
from merging.formats.exports import EXPORTS
from merging.formats.storage import checksums
from merging.formats.tree.ai4mars_tree import Layout
from merging.releases.services import builder
from merging.releases.services.builder import claim
from merging.releases.services.requests import ReleaseRequest, request_release
from terrain.masks import NO_LABEL
from tests.factories import ACTOR, campaign_to_release

pytestmark = [
    pytest.mark.django_db,
    # What the readers do with the libraries under them.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]

Masks = dict[tuple[str, str], Mask]

#: How a column of Parquet or a file of a WebDataset is named, beside `label` of the training set.
GOLD_NAMES = {variant.replace("-", "_"): variant for variant in GOLD_VARIANTS}


@pytest.fixture(params=[Layout.V0_1, Layout.V0_6])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    wanted = ReleaseRequest(
        layout=request.param, formats=tuple(EXPORTS), released_on=date(2026, 6, 1)
    )
    release = claim(request_release(ACTOR, campaign_to_release(), "0.1", wanted).pk)
    assert release is not None
    return builder.build_folder(release, tmp_path / "out", 1, lambda items, total: iter(items))


def of_tree(tree: Path) -> Masks:
    """Return the masks of a release by variant and product id, found through its image table."""
    found: Masks = {}
    for entry in json.loads((tree / "metadata/images.json").read_bytes()):
        for name, path in entry["files"].items():
            if name in ("train", *GOLD_VARIANTS):
                with Pillow.open(tree / path) as picture:
                    found[name, entry["product_id"]] = np.asarray(picture)
    return found


def of_coco(tree: Path) -> Masks:
    found: Masks = {}
    for variant in ("train", *GOLD_VARIANTS):
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(tree / f"coco/instances-{variant}.json")
        for image in coco.loadImgs(coco.getImgIds()):
            mask = np.full((image["height"], image["width"]), NO_LABEL, dtype=np.uint8)
            for instance in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
                mask[coco.annToMask(instance) == 1] = instance["category_id"] - 1
            found[variant, Path(image["file_name"]).stem] = mask
    return found


def of_sample(split: str, name: str, column_of: Callable[[str], Any]) -> Masks:
    """Return the masks of one image: its train label, or its three gold masks."""
    names = {"label": "train"} if split == "train" else GOLD_NAMES
    return {(variant, name): np.asarray(column_of(column)) for column, variant in names.items()}


def of_parquet(tree: Path) -> Masks:
    import datasets

    loaded = datasets.load_dataset(str(tree / "parquet"), cache_dir=str(tree.parent / "cache"))
    found: Masks = {}
    for split, rows in loaded.items():
        for row in rows:
            found |= of_sample(split, row["product_id"], row.__getitem__)
    return found


def of_webdataset(tree: Path) -> Masks:
    found: Masks = {}
    for path in sorted((tree / "webdataset").glob("*.tar")):
        shard = webdataset.WebDataset(str(path), shardshuffle=False).decode("l8")
        for sample in shard:
            known = sample["json"]
            pictures = {name.removesuffix(".png"): value for name, value in sample.items()}
            found |= of_sample(known["split"], known["product_id"], pictures.__getitem__)
    return found


def of_croissant(tree: Path) -> Masks:
    dataset = mlcroissant.Dataset(jsonld=str(tree / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings
    found: Masks = {}
    for entry in json.loads((tree / "metadata/images.json").read_bytes()):
        for name, path in entry["files"].items():
            if name in ("train", *GOLD_VARIANTS):
                folder = str(Path(path).parent)
                (picture,) = (
                    record[f"{folder}/picture"]
                    for record in dataset.records(folder)
                    if record[f"{folder}/file"].decode() == Path(path).name
                )
                found[name, entry["product_id"]] = np.asarray(picture)[..., 0]
    return found


def of_layers(tree: Path) -> Masks:
    """Return the masks computed from the votes: by the paper's rule, and by expert agreement."""
    found: Masks = {}
    for variant, name in of_tree(tree):
        with Pillow.open(tree / f"layers/votes/{name}.png") as picture:
            votes = np.asarray(picture).astype(int)
        with Pillow.open(tree / f"layers/labelers/{name}.png") as picture:
            labelers = np.asarray(picture).astype(int)
        votes = votes.reshape(-1, *labelers.shape)
        np.testing.assert_array_equal(votes.sum(axis=0), labelers)
        most = votes.max(axis=0)
        if variant == "train":
            wins = (most >= 3) & (100 * most > 65 * labelers)
        else:
            wins = (most >= int(variant[-1])) & (most == labelers)
        found[variant, name] = np.where(wins, votes.argmax(axis=0), NO_LABEL).astype(np.uint8)
    return found


@pytest.mark.parametrize("read", [of_layers, of_coco, of_parquet, of_webdataset, of_croissant])
def test_readers_agree_with_the_tree(
    read: Callable[[Path], Masks], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    expected = of_tree(tree)
    assert {variant for variant, _ in expected} == {"train", *GOLD_VARIANTS}
    assert any((mask != NO_LABEL).any() for mask in expected.values())
    found = read(tree)
    assert found.keys() == expected.keys()
    for key, mask in expected.items():
        np.testing.assert_array_equal(found[key], mask)


def test_every_file_is_summed_and_described(tree: Path) -> None:
    listed = dict(
        reversed(line.split("  ", 1)) for line in (tree / checksums.NAME).read_text().splitlines()
    )
    there = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert listed.keys() == there - {checksums.NAME}
    for path, digest in listed.items():
        assert checksums.sha256((tree / path).read_bytes()) == digest
    for node in json.loads((tree / "croissant.json").read_text())["distribution"]:
        if node["@type"] == "cr:FileObject":
            assert listed[node["contentUrl"]] == node["sha256"]
        else:
            assert node["description"] == f"{len(list(tree.glob(node['includes'])))} files"
