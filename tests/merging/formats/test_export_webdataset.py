"""WebDataset shards, read by the `webdataset` package: masks are recovered exactly."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from merging.formats.contents.facts import ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.exports.webdataset import WebDataset
from tests.factories import mask
from tests.merging.releases.released import exported, gold, released, scene, tree, write

# The package leaves the shards that it has read to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)

SHARDS = EXPORTS["webdataset"]


def samples(folder: Path, split: str, decode: str | None = None) -> list[dict[str, Any]]:
    import webdataset

    urls = sorted(str(path) for path in (folder / "webdataset").glob(f"{split}-*.tar"))
    read = webdataset.WebDataset(urls, shardshuffle=False, empty_check=False)
    return list(read.decode(decode) if decode else read)


def test_webdataset_reads_what_the_masks_hold(tmp_path: Path) -> None:
    images = [scene(1), scene(2), scene(3, split="test"), released(9, {})]
    write(exported(SHARDS, images), tmp_path)
    for split, variants in (
        ("train", {"label.png": "train"}),
        (
            "test",
            {
                "label.png": "gold-min3",
                "gold_min1.png": "gold-min1",
                "gold_min2.png": "gold-min2",
                "gold_min3.png": "gold-min3",
            },
        ),
    ):
        expected = {image.product_id: image for image in images if image.split == split}
        found = {sample["__key__"]: sample for sample in samples(tmp_path, split, "l8")}
        assert found.keys() == expected.keys()
        for key, sample in found.items():
            image = expected[key]
            for name, variant in variants.items():
                np.testing.assert_array_equal(sample[name], image.masks[variant])
            np.testing.assert_array_equal(sample["rover_mask.png"], image.rover_mask)
            np.testing.assert_array_equal(sample["range_mask.png"], image.range_mask)
            assert sample["json"]["sol"] == image.metadata["sol"]
            assert sample["json"]["camera_model"] == image.metadata["camera_model"]
            assert ("gold_min1.png" in sample) == (split == "test")


def test_files_are_those_of_the_tree(tmp_path: Path) -> None:
    image = scene(1)
    write(exported(SHARDS, [image]), tmp_path)
    (sample,) = samples(tmp_path, "train")
    files = tree([image])
    assert sample["jpg"] == files[image.paths["frame"]]
    assert sample["label.png"] == files[image.paths["train"]]
    assert json.loads(sample["json"])["product_id"] == image.product_id


def test_shards_are_bounded_and_hold_whole_samples(tmp_path: Path) -> None:
    images = [scene(seed) for seed in range(1, 6)]
    files = exported(WebDataset(shard_bytes=2 * len(images[0].frame)), images)
    assert len(files) > 1
    write(files, tmp_path)
    keys = [sample["__key__"] for sample in samples(tmp_path, "train")]
    assert keys == sorted(image.product_id for image in images)
    for path in files:
        with tarfile.open(tmp_path / path) as shard:
            members = shard.getmembers()
        assert members
        assert len(members) % 5 == 0
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}


def test_a_dot_in_an_id_stays_in_the_key(tmp_path: Path) -> None:
    image = released(1, {"train": mask("01")})
    write(exported(SHARDS, [replace(image, product_id="frame.7")]), tmp_path)
    (sample,) = samples(tmp_path, "train")
    assert sample["__key__"] == "frame%2E7"
    assert json.loads(sample["json"])["product_id"] == "frame.7"


@pytest.mark.parametrize(
    ("images", "names"),
    [
        ([released(1, gold(mask("1.")))], ["webdataset/test-000000.tar"]),
        ([released(1, {})], []),
        ([], []),
    ],
)
def test_only_splits_that_are_there(images: list[ReleasedImage], names: list[str]) -> None:
    assert list(exported(SHARDS, images)) == names
