"""Real images, masks and labels through the whole pipeline, from files to a release and back."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image as Pillow

from labeling.images.preparation.pictures import jpeg_bytes, read_mask
from labeling.models import Campaign, Image, Label
from merging.formats.tree.ai4mars_tree import Layout
from tests.factories import new_campaign

pytestmark = pytest.mark.django_db

SIZE = 1024
#: How many masks of each kind the full-size sample has.
TRAIN, GOLD = 10, 10
VERSION = "0.6"


@pytest.fixture
def sample(real_data: Path) -> Path:
    return real_data / "ai4mars" / "v0.1-sample" / "msl"


@pytest.fixture
def campaign(sample: Path, real_data: Path, tmp_path: Path) -> Campaign:
    """Return a campaign from the sample: each train label by three identical volunteers, and each
    gold image by three experts with min1, min2 and min3.
    """
    campaign = new_campaign("real")
    tree = tmp_path / "images" / "msl"
    shutil.copytree(sample / "images", tree / "images")
    small = real_data / "ai4mars" / "v0.6-256px" / "images" / "test-gold-min3"
    for mask in masks_in(sample / "labels"):
        frame = tree / "images" / "edr" / f"{name_of(mask)}.JPG"
        if not frame.exists():
            frame.write_bytes(stand_in(small / f"{name_of(mask)}.jpg"))
    call_command("import_images", str(tree.parent), "--campaign", "real")
    crowd = tmp_path / "crowd"
    for labeler in ("ann", "bob", "cy"):
        shutil.copytree(sample / "labels" / "train", crowd / labeler)
    call_command("import_labels", str(crowd), "--campaign", "real")
    gold = str(sample / "labels" / "test")
    call_command("import_labels", gold, "--campaign", "real", "--role", "expert")
    assert Label.objects.count() == 3 * (TRAIN + GOLD)
    return campaign


def stand_in(small: Path) -> bytes:
    """Return a full-size frame for a label without one: its small frame enlarged, or gray."""
    if not small.exists():
        return jpeg_bytes(np.full((SIZE, SIZE), 90, dtype=np.uint8))
    with Pillow.open(small) as picture:
        return jpeg_bytes(np.asarray(picture.convert("L").resize((SIZE, SIZE))))


def masks_in(labels: Path) -> Iterator[Path]:
    yield from sorted(labels.rglob("*.png"))


def name_of(mask: Path) -> str:
    return mask.stem.removesuffix("_merged")


def release(out: Path, layout: str) -> Path:
    call_command(
        "build_release",
        *("--campaign", "real", "--version", VERSION, "--layout", layout, "--out", str(out)),
    )
    return out / f"ai4mars-dataset-merged-{VERSION}"


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with path.open("rb") as file:
        return read_mask(file)


def header(png: Path) -> tuple[int, ...]:
    """Return width, height, bit depth, color type, compression, filter and interlacing (PNG
    11.2.2).
    """
    content = png.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert content[12:16] == b"IHDR"
    assert b"PLTE" not in content[:64]
    return struct.unpack(">IIBBBBB", content[16:29])


@pytest.mark.parametrize("layout", list(Layout))
def test_the_real_masks_come_back(
    campaign: Campaign, sample: Path, tmp_path: Path, layout: str
) -> None:
    """Each file of the real tree is in the release, with the same pixels and PNG mode."""
    home = "msl/ncam" if layout == Layout.V0_6 else "msl"
    tree = release(tmp_path / "out", layout) / home

    assert campaign.images.filter(pool=Image.Pool.GOLD).count() == GOLD
    walked = 0
    for path in sorted(path for path in sample.rglob("*") if path.is_file()):
        twin = tree / path.relative_to(sample)
        if path.suffix == ".JPG":
            assert twin.read_bytes() == path.read_bytes()
        else:
            assert header(twin) == header(path) == (SIZE, SIZE, 8, 0, 0, 0, 0), path.name
            np.testing.assert_array_equal(pixels(twin), pixels(path), err_msg=str(path))
        walked += 1
    assert walked == 72
    # Nothing else is in the tree but what the sample lacks: frames and masks of gold images.
    gold = {name_of(path) for path in masks_in(sample / "labels" / "test")}
    more = {
        path.relative_to(tree).as_posix()
        for path in [*(tree / "images").rglob("*"), *(tree / "labels").rglob("*")]
        if path.is_file() and not (sample / path.relative_to(tree)).exists()
    }
    bare = "NLA_397681867EDR_F0020000AUT_04096M1"
    assert more == {
        place.format(name.replace("EDR", kind))
        for name in gold
        for place, kind in (
            ("images/edr/{}.JPG", "EDR"),
            ("images/mxy/{}.png", "MXY"),
            ("images/rng-30m/{}.png", "RNG"),
        )
    } | {f"images/edr/{bare}.JPG"}
    call_command("verify_release", str(tree.parents[home.count("/")]), "--all")


def test_the_small_real_labels_come_back(real_data: Path, tmp_path: Path) -> None:
    """The 91 labels of the 256 px set: 59 by three identical volunteers, 32 by three identical
    experts.
    """
    small = real_data / "ai4mars" / "v0.6-256px"
    new_campaign("real")
    frames = tmp_path / "images" / "msl" / "ncam" / "images" / "edr"
    frames.mkdir(parents=True)
    for path in small.rglob("*.jpg"):
        with Pillow.open(path) as picture:
            picture.convert("L").save(frames / f"{path.stem}.JPG", quality=95)
    call_command("import_images", str(tmp_path / "images"), "--campaign", "real")
    for role, folder in (("crowd", "train"), ("expert", "test-gold-min3")):
        for labeler in ("ann", "bob", "cy"):
            shutil.copytree(small / "labels" / folder, tmp_path / role / labeler)
        call_command("import_labels", str(tmp_path / role), "--campaign", "real", "--role", role)

    tree = release(tmp_path / "out", Layout.V0_6) / "msl" / "ncam"

    train = {path.name: pixels(path) for path in masks_in(tree / "labels" / "train")}
    expected = {path.name: pixels(path) for path in masks_in(small / "labels" / "train")}
    assert train.keys() == expected.keys()
    assert len(train) == 59
    for name, mask in expected.items():
        np.testing.assert_array_equal(train[name], mask, err_msg=name)
    gold = {path.stem: pixels(path) for path in masks_in(small / "labels" / "test-gold-min3")}
    assert len(gold) == 32
    for minimum in (1, 2, 3):
        folder = tree / "labels" / "test" / f"masked-gold-min{minimum}-100agree"
        assert {name_of(path) for path in masks_in(folder)} == gold.keys()
        for path in masks_in(folder):
            assert header(path)[2:4] == (8, 0)
            np.testing.assert_array_equal(pixels(path), gold[name_of(path)], err_msg=path.name)
