"""Masks, regions and bit planes represent the same label."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain import bitplanes as planes_module
from terrain.bitplanes import (
    count_class_pixels,
    pack_pixels,
    pack_planes,
    planes_from_bytes,
    planes_to_bytes,
    regions_to_mask,
    regions_to_planes,
    remove_pixels,
    unpack_planes,
)
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, mask_to_regions, rasterize_regions
from terrain.postprocess import pixels_per_class, remove_masked
from tests.terrain.test_masks import box, masks, random_rings

CODES = (0, 1, 2, 50)


@given(mask=masks)
def test_a_mask_survives_as_planes(mask: npt.NDArray[np.uint8]) -> None:
    codes = [254, 0, 50, 1, 2]
    planes = pack_planes(mask, codes)
    assert planes.dtype == np.uint64
    assert planes.shape == (5, -(-mask.size // 64))
    assert np.bitwise_count(planes).sum() == np.count_nonzero(mask != NO_LABEL)
    assert np.array_equal(unpack_planes(planes, codes, *mask.shape), mask)


def test_a_code_without_a_plane_is_left_out() -> None:
    mask = np.array([[0, 1, NO_LABEL]], dtype=np.uint8)
    planes = pack_planes(mask, [1])
    assert unpack_planes(planes, [1], 1, 3).tolist() == [[NO_LABEL, 1, NO_LABEL]]
    assert pack_planes(mask, []).shape == (0, 1)


def test_regions_become_planes() -> None:
    regions = [Region(2, (box(0, 0, 2, 1),)), Region(0, (box(1, 0, 4, 1),))]
    planes = regions_to_planes(regions, [0, 2], 1, 5)
    assert unpack_planes(planes, [0, 2], 1, 5).tolist() == [[2, 2, 0, 0, NO_LABEL]]


def random_regions(rng: np.random.Generator, count: int) -> list[Region]:
    """Return regions of all kinds that overlap and leave the image, unlike those of volunteers."""
    kinds = ("scribble", "blob", "ring with a hole")
    return [
        Region(
            int(rng.choice([*CODES, 7])),
            tuple(random_rings(rng, kinds[number % 3])),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("width", [64, 100, 128, 1])
@pytest.mark.parametrize("batch_words", [1, 60, 1 << 20])
def test_equal_to_painting_a_mask(
    width: int, batch_words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planes_module, "BATCH_WORDS", batch_words)
    rng = np.random.default_rng(width)
    for count in (0, 1, 2, 9, 30):
        regions = random_regions(rng, count)
        expected = pack_planes(rasterize_regions(regions, 80, width), CODES)
        planes = regions_to_planes(regions, CODES, 80, width)
        assert planes.dtype == np.uint64
        assert np.array_equal(planes, expected)
        painted = regions_to_mask(regions, 80, width)
        assert np.array_equal(painted, rasterize_regions(regions, 80, width))


@given(mask=masks)
def test_the_regions_of_a_mask_fill_its_planes(mask: npt.NDArray[np.uint8]) -> None:
    codes = [254, 0, 50, 1, 2]
    planes = regions_to_planes(mask_to_regions(mask), codes, *mask.shape)
    assert np.array_equal(planes, pack_planes(mask, codes))


def test_nothing_drawn_fills_nothing() -> None:
    assert not regions_to_planes([], CODES, 8, 8).any()
    thin = Region(1, (box(2, 0.6, 6, 1.4),))
    outside = Region(1, (box(-9, 2, -1, 6),))
    empty = Region(1, (np.empty((0, 2)),))
    assert not regions_to_planes([thin, outside, empty], CODES, 8, 8).any()


@given(st.integers(1, 200))
def test_pixels_are_packed_in_reading_order(place: int) -> None:
    pixels = np.zeros((3, 67), dtype=np.bool_)
    pixels.reshape(-1)[place - 1] = True
    words = pack_pixels(pixels)
    assert words[(place - 1) // 64] == np.uint64(1) << np.uint64((place - 1) % 64)
    assert np.bitwise_count(words).sum() == 1


@given(mask=masks, seed=st.integers(0, 99))
def test_removing_and_counting_are_as_on_masks(mask: npt.NDArray[np.uint8], seed: int) -> None:
    codes = [254, 0, 50, 1, 2]
    removed = np.random.default_rng(seed).random(mask.shape) < 0.4
    left = remove_pixels(pack_planes(mask, codes), pack_pixels(removed))
    assert np.array_equal(left, pack_planes(remove_masked(mask, removed), codes))
    assert count_class_pixels(left, codes) == pixels_per_class(remove_masked(mask, removed))
    untouched = remove_pixels(left, None)
    assert np.array_equal(untouched, left)
    assert untouched is not left


@given(mask=masks)
def test_planes_are_kept_as_bytes(mask: npt.NDArray[np.uint8]) -> None:
    planes = pack_planes(mask, CODES)
    kept = planes_to_bytes(planes)
    assert np.array_equal(planes_from_bytes(kept, len(CODES), *mask.shape), planes)


def test_other_bytes_are_no_planes() -> None:
    whole = planes_to_bytes(pack_planes(np.ones((64, 64), dtype=np.uint8), CODES))
    for kept, classes, height in ((b"rubbish", 4, 64), (whole, 1, 64), (whole, 4, 8)):
        with pytest.raises(ValueError, match="not bit planes"):
            planes_from_bytes(kept, classes, height, 64)
