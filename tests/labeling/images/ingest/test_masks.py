"""Folders of masks made with other tools."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest.mask_folders import mask_candidates, read_mask
from labeling.images.ingest.products import Refused, UnknownSource

NAV = (0, 1, 2, 3)


def save(path: Path, mask: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(mask).save(path)
    return path


@pytest.fixture
def mask() -> np.ndarray:
    return np.array([[0, 1, 2], [3, 255, 255]], dtype=np.uint8)


def test_labelers_and_images(tmp_path: Path, mask: np.ndarray) -> None:
    save(tmp_path / "olivia" / "NLB_2.png", mask)
    save(tmp_path / "olivia" / "NLB_1_merged.png", mask)
    save(tmp_path / "bert" / "NLB_1.PNG", mask)
    save(tmp_path / "bert" / "m2020_merged60.png", mask)
    (tmp_path / "bert" / "readme.txt").write_text("mine")
    (tmp_path / "bert" / "._NLB_1.png").write_bytes(b"?")
    (tmp_path / ".hidden").mkdir()
    found = [(m.labeler, m.image_id, m.path.name) for m in mask_candidates(tmp_path)]
    assert found == [
        ("bert", "NLB_1", "NLB_1.PNG"),
        ("bert", "m2020", "m2020_merged60.png"),
        ("olivia", "NLB_1", "NLB_1_merged.png"),
        ("olivia", "NLB_2", "NLB_2.png"),
    ]


def test_masks_without_labelers(tmp_path: Path, mask: np.ndarray) -> None:
    save(tmp_path / "NLB_1.png", mask)
    with pytest.raises(
        UnknownSource, match=r"not in folders of labelers.*<labeler>/<image id>\.png"
    ):
        mask_candidates(tmp_path)


def test_no_masks_at_all(tmp_path: Path) -> None:
    (tmp_path / "olivia").mkdir()
    with pytest.raises(UnknownSource, match="no masks"):
        mask_candidates(tmp_path)
    with pytest.raises(UnknownSource, match="not a folder"):
        mask_candidates(tmp_path / "nowhere")


def test_codes_come_back_as_drawn(tmp_path: Path, mask: np.ndarray) -> None:
    path = save(tmp_path / "a" / "b.png", mask)
    np.testing.assert_array_equal(read_mask(path, 3, 2, NAV), mask)
    assert read_mask(path, 3, 2, NAV).dtype == np.uint8


def test_codes_of_another_taxonomy(tmp_path: Path) -> None:
    path = save(tmp_path / "a" / "b.png", np.array([[50, 30, 255]], dtype=np.uint8))
    assert read_mask(path, 3, 1, {30, 50}).tolist() == [[50, 30, 255]]
    with pytest.raises(
        Refused, match="code 30, 50, which is not a class of the campaign"
    ) as refused:
        read_mask(path, 3, 1, NAV)
    assert "0, 1, 2, 3" in str(refused.value)


def test_wrong_size_says_both(tmp_path: Path, mask: np.ndarray) -> None:
    path = save(tmp_path / "a" / "b.png", mask)
    with pytest.raises(Refused, match=r"b\.png is 3 x 2 pixels, but its image is 1024 x 1024"):
        read_mask(path, 1024, 1024, NAV)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("P", "a palette image"),
        ("RGB", "a color image"),
        ("RGBA", "a color image"),
        ("LA", "transparency"),
        ("1", "a one-bit image"),
        ("I;16", "a 16-bit image"),
    ],
)
def test_other_kinds_of_png(tmp_path: Path, mode: str, kind: str) -> None:
    path = tmp_path / "b.png"
    Pillow.new(mode, (3, 2)).save(path)
    with pytest.raises(Refused, match=kind):
        read_mask(path, 3, 2, NAV)


def test_not_an_image_truncated_and_gone(tmp_path: Path) -> None:
    path = tmp_path / "b.png"
    path.write_text("I am a mask")
    with pytest.raises(Refused, match="not a PNG"):
        read_mask(path, 3, 2, NAV)
    rng = np.random.default_rng(0)
    save(path, rng.integers(0, 4, (60, 60)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(Refused, match="truncated"):
        read_mask(path, 60, 60, NAV)
    with pytest.raises(Refused, match="cannot be read"):
        read_mask(tmp_path / "gone.png", 3, 2, NAV)


def test_a_jpeg_named_png(tmp_path: Path) -> None:
    Pillow.new("L", (3, 2)).save(tmp_path / "b.png", format="JPEG")
    with pytest.raises(Refused, match="not a PNG"):
        read_mask(tmp_path / "b.png", 3, 2, NAV)


@pytest.mark.parametrize("variant", ["min1", "min2", "min3"])
def test_real_gold_masks(real_data: Path, variant: str) -> None:
    gold = real_data / "ai4mars/v0.1-sample/msl/labels/test"
    found = [m for m in mask_candidates(gold) if variant in m.labeler]
    assert len(found) == 10
    for labeler, image_id, path in found:
        assert labeler == f"masked-gold-{variant}-100agree"
        assert not image_id.endswith("merged")
        assert read_mask(path, 1024, 1024, NAV).shape == (1024, 1024)
