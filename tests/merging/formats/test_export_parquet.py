"""Parquet export, read by the `datasets` library: images are recovered exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from merging.formats.contents.facts import ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.exports.parquet import Parquet
from terrain.masks import NO_LABEL
from tests.factories import mask
from tests.merging.releases.released import exported, gold, released, scene, tree, write

PARQUET = EXPORTS["parquet"]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load Parquet files with a temporary cache and without network access."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    datasets.disable_progress_bars()

    def loaded(files: dict[str, bytes]) -> Any:
        write(files, tmp_path)
        return datasets.load_dataset(str(tmp_path / "parquet"), cache_dir=str(tmp_path / "cache"))

    return loaded


def by_id(images: list[ReleasedImage], split: str) -> dict[str, ReleasedImage]:
    return {image.product_id: image for image in images if image.split == split}


def test_datasets_reads_what_the_masks_hold(load: Any) -> None:
    images = [scene(1), scene(2), scene(3, split="test"), released(9, {})]
    found = load(exported(PARQUET, images))
    assert set(found) == {"train", "test"}
    for split, variants in (
        ("train", {"label": "train"}),
        (
            "test",
            {
                "label": "gold-min3",
                "gold_min1": "gold-min1",
                "gold_min2": "gold-min2",
                "gold_min3": "gold-min3",
            },
        ),
    ):
        expected = by_id(images, split)
        assert set(found[split]["product_id"]) == set(expected)
        for row in found[split]:
            image = expected[row["product_id"]]
            for column, variant in variants.items():
                assert row[column].mode == "L"
                np.testing.assert_array_equal(np.asarray(row[column]), image.masks[variant])
            np.testing.assert_array_equal(np.asarray(row["rover_mask"]), image.rover_mask)
            np.testing.assert_array_equal(np.asarray(row["range_mask"]), image.range_mask)
            assert row["image"].size == (image.width, image.height)
            assert (row["rover"], row["sol"]) == ("curiosity", image.metadata["sol"])
            assert row["labels"] == len(image.labels)
            known = json.loads(row["metadata"])
            assert known["camera_model"] == image.metadata["camera_model"]
    assert found["train"][0]["gold_min1"] is None


def test_pictures_are_those_of_the_tree(tmp_path: Path) -> None:
    image = scene(3, split="test")
    write(exported(PARQUET, [image]), tmp_path)
    (row,) = pq.read_table(tmp_path / "parquet/test-00000.parquet").to_pylist()
    files = tree([image])
    for column, path in (
        ("image", image.paths["frame"]),
        ("label", image.paths["gold-min3"]),
        ("gold_min1", image.paths["gold-min1"]),
        ("rover_mask", image.paths["rover_mask"]),
        ("range_mask", image.paths["range_mask"]),
    ):
        assert row[column] == {"bytes": files[path], "path": Path(path).name}


def test_the_classes_are_in_the_schema(tmp_path: Path) -> None:
    write(exported(PARQUET, [scene(1)]), tmp_path)
    schema = pq.read_schema(tmp_path / "parquet/train-00000.parquet")
    about = json.loads(schema.metadata[b"ai4mars"])
    assert about["classes"]["2"] == "Sand"
    assert about["classes"][str(NO_LABEL)] is None


def test_shards_and_row_groups_are_bounded(load: Any, tmp_path: Path) -> None:
    images = [scene(seed) for seed in range(1, 6)]
    frame = len(images[0].frame)
    files = exported(Parquet(shard_bytes=2 * frame, row_group_bytes=1), images)
    assert len(files) > 1
    assert sorted(files) == [f"parquet/train-{number:05d}.parquet" for number in range(len(files))]
    found = load(files)["train"]
    assert found["product_id"] == sorted(image.product_id for image in images)
    first = pq.ParquetFile(tmp_path / "parquet/train-00000.parquet")
    assert first.num_row_groups == first.metadata.num_rows


def test_masks_that_a_layout_does_not_have_are_null(tmp_path: Path) -> None:
    image = released(1, {"train": mask("01")})
    paths = {name: path for name, path in image.paths.items() if not name.endswith("_mask")}
    write(exported(PARQUET, [replace(image, paths=paths)]), tmp_path)
    (row,) = pq.read_table(tmp_path / "parquet/train-00000.parquet").to_pylist()
    assert row["rover_mask"] is None
    assert row["range_mask"] is None
    assert row["sol"] == 0
    assert row["site"] is None


def test_only_splits_that_are_there() -> None:
    assert list(exported(PARQUET, [released(1, gold(mask("1.")))])) == [
        "parquet/test-00000.parquet"
    ]
    assert exported(PARQUET, [released(1, {})]) == {}
