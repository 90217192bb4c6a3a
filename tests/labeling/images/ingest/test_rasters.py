"""The fast reader of masks accepts and refuses the same files as the strict one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray, decode_gray_png
from labeling.images.preparation.pictures import png_bytes


def outcome(content: bytes, is_fast: bool, size: tuple[int, int] | None = None) -> str:
    try:
        if is_fast:
            return str(decode_gray_png(content, "x.png", size).tolist())
        return str(decode_gray(content, "x.png", "PNG", size).tolist())
    except Refused as refused:
        return str(refused)


def encoded(mode: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.new(mode, (3, 2)).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.fixture
def content() -> bytes:
    return png_bytes(np.random.default_rng(0).integers(0, 256, (16, 12), dtype=np.uint8))


def test_a_mask_cut_off_anywhere(content: bytes) -> None:
    for end in range(len(content) + 1):
        assert outcome(content[:end], True) == outcome(content[:end], False)


def test_a_mask_with_one_wrong_byte(content: bytes) -> None:
    for at in range(len(content)):
        spoiled = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        assert outcome(spoiled, True) == outcome(spoiled, False)


@pytest.mark.parametrize("size", [(12, 16), (16, 12), (12, 15)])
def test_a_mask_of_a_certain_size(content: bytes, size: tuple[int, int]) -> None:
    said = outcome(content, True, size)
    assert said == outcome(content, False, size)
    assert ("but its image is" in said) is (size != (12, 16))


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGB", "I;16"])
def test_pictures_of_other_modes_are_refused(mode: str) -> None:
    assert "8-bit grayscale" in outcome(encoded(mode), True)


def test_real_masks(real_data: Path) -> None:
    masks = sorted((real_data / "ai4mars" / "v0.1-sample").rglob("*_merged.png"))
    assert len(masks) == 30
    for path in masks:
        content = path.read_bytes()
        assert np.array_equal(
            decode_gray_png(content, path.name), decode_gray(content, path.name, "PNG")
        )
