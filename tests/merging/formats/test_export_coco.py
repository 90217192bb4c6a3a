"""COCO export, read by pycocotools: masks are recovered exactly."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from scipy import ndimage

from labeling.images.preparation.pictures import read_mask
from merging.formats.contents.facts import Mask, ReleasedImage
from merging.formats.exports import EXPORTS
from terrain.geometry.areas import class_areas, connected_areas
from terrain.masks import NO_LABEL
from tests.factories import mask
from tests.merging.releases.released import NAV, classes_of, exported, gold, released, scene, write

# pycocotools hands NumPy arrays over in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

INSTANCES, PANOPTIC = EXPORTS["coco-instances"], EXPORTS["coco-panoptic"]

#: Small masks of any taxonomy: holes, single pixels and corners that touch are all among them.
any_mask = arrays.arrays(
    np.uint8,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0, 1, 50, 254, NO_LABEL]),
)


def opened(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def mask_of(coco: COCO, image: Mapping[str, Any]) -> Mask:
    """Return the class codes of an image from its instances; no pixel may be in two of them."""
    codes = {category["id"]: category["code"] for category in coco.loadCats(coco.getCatIds())}
    found = np.full((image["height"], image["width"]), NO_LABEL, dtype=np.uint8)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
        inside = coco.annToMask(annotation).astype(bool)
        assert (found[inside] == NO_LABEL).all()
        found[inside] = codes[annotation["category_id"]]
    return found


def panoptic_masks(folder: Path, variant: str) -> dict[str, Mask]:
    """Return the class codes of each image, as panopticapi reads its PNG and JSON."""
    document = json.loads((folder / f"coco/panoptic-{variant}.json").read_bytes())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    codes = {category["id"]: category["code"] for category in document["categories"]}
    found = {}
    for annotation in document["annotations"]:
        with Pillow.open(folder / f"coco/panoptic-{variant}" / annotation["file_name"]) as png:
            assert png.mode == "RGB"
            channels = np.asarray(png, dtype=np.uint32)
        ids = channels[..., 0] + 256 * channels[..., 1] + 65536 * channels[..., 2]
        read = np.full(ids.shape, NO_LABEL, dtype=np.uint8)
        for segment in annotation["segments_info"]:
            inside = ids == segment["id"]
            assert inside.sum() == segment["area"]
            read[inside] = codes[segment["category_id"]]
        assert set(np.unique(ids)) - {0} == {s["id"] for s in annotation["segments_info"]}
        found[names[annotation["image_id"]]] = read
    return found


def check_all(images: list[ReleasedImage], folder: Path) -> None:
    for export in (INSTANCES, PANOPTIC):
        write(exported(export, images), folder)
    for split, variant in (
        ("train", "train"),
        ("test", "gold-min1"),
        ("test", "gold-min2"),
        ("test", "gold-min3"),
    ):
        expected = {
            image.paths["frame"]: image.masks[variant] for image in images if image.split == split
        }
        coco = opened(folder / f"coco/instances-{variant}.json")
        read = {
            image["file_name"]: mask_of(coco, image) for image in coco.loadImgs(coco.getImgIds())
        }
        for found in (read, panoptic_masks(folder, variant)):
            assert found.keys() == expected.keys()
            for path, wanted in expected.items():
                np.testing.assert_array_equal(found[path], wanted)


def test_scenes_come_back(tmp_path: Path) -> None:
    images = [scene(1), scene(2), scene(3, split="test"), released(9, {})]
    assert all((image.masks[v] != NO_LABEL).any() for image in images for v in image.masks)
    check_all(images, tmp_path)


def test_real_masks_come_back(real_data: Path, tmp_path: Path) -> None:
    labels = real_data / "ai4mars" / "v0.1-sample" / "msl" / "labels"
    images = []
    for number, path in enumerate(sorted((labels / "train").glob("*.png"))[:3]):
        with path.open("rb") as file:
            images.append(released(number, {"train": read_mask(file)}))
    variants = [labels / "test" / f"masked-gold-min{least}-100agree" for least in (1, 2, 3)]
    for number, path in enumerate(sorted(variants[0].glob("*.png"))[:3], start=100):
        stack = []
        for variant in variants:
            with (variant / path.name).open("rb") as file:
                stack.append(read_mask(file))
        images.append(released(number, gold(*stack)))
    assert len(images) == 6
    check_all(images, tmp_path)


@given(any_mask)
def test_any_mask_comes_back(masked: Mask) -> None:
    # As COCO's own code encodes each area, to the character.
    for areas, structure in (
        (connected_areas(masked), ndimage.generate_binary_structure(2, 1)),
        (class_areas(masked), None),
    ):
        expected = []
        for code in np.unique(masked[masked != NO_LABEL]):
            if structure is None:
                numbered, count = (masked == code).astype(int), 1
            else:
                numbered, count = ndimage.label(masked == code, structure)
            for number in range(1, count + 1):
                encoded = coco_masks.encode(np.asfortranarray(numbered == number, dtype=np.uint8))
                box = tuple(int(side) for side in coco_masks.toBbox(encoded))
                area = int(coco_masks.area(encoded))
                expected.append((int(code), area, box, encoded["counts"].decode()))
        found = [(area.code, area.pixels, tuple(area.box), area.counts) for area in areas]
        assert sorted(found) == sorted(expected)


@given(any_mask)
def test_any_panoptic_mask_comes_back(masked: Mask) -> None:
    files = exported(PANOPTIC, [released(1, {"train": masked})], classes_of([0, 1, 50, 254]))
    png = next(content for path, content in files.items() if path.endswith(".png"))
    with Pillow.open(io.BytesIO(png)) as picture:
        ids = np.asarray(picture)
    assert not ids[..., 1:].any()
    np.testing.assert_array_equal(ids[..., 0] - np.uint8(1), masked)


def test_codes_and_ids(tmp_path: Path) -> None:
    masked = mask("00.3", "0..3")
    write(exported(INSTANCES, [released(1, {"train": masked})]), tmp_path)
    coco = opened(tmp_path / "coco/instances-train.json")
    assert coco.getCatIds() == [1, 2, 3, 4]
    assert [category["code"] for category in coco.loadCats([1, 4])] == [0, 3]
    annotations = coco.loadAnns(coco.getAnnIds())
    assert [(a["id"], a["category_id"], a["area"], a["bbox"]) for a in annotations] == [
        (1, 1, 3, [0, 0, 2, 2]),
        (2, 4, 2, [3, 0, 1, 2]),
    ]


def test_gold_images_without_a_pixel_are_listed(tmp_path: Path) -> None:
    write(exported(INSTANCES, [released(1, gold(mask("11..")))]), tmp_path)
    assert not (tmp_path / "coco/instances-train.json").exists()
    coco = opened(tmp_path / "coco/instances-gold-min3.json")
    assert len(coco.getImgIds()) == 1
    assert coco.getAnnIds() == []


@pytest.mark.parametrize("export", [INSTANCES, PANOPTIC])
def test_an_image_without_labels_leaves_nothing(export: Any) -> None:
    assert export.fragment(released(1, {}), NAV) == b""
    assert exported(export, [released(1, {})]) == {}
