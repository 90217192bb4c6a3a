"""The drawing page's reader of masks, run in Node, compared with Python."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Pillow

from labeling.images.preparation.pictures import png_bytes
from simulation.scenes.scene import make_scene
from terrain.masks import rasterize_rings
from tests.typescript import TypeScript

Bits = npt.NDArray[np.bool_]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> TypeScript:
    return TypeScript(
        tmp_path_factory.mktemp("masks"),
        'import { loadMasked } from "annotate/measure/masked_areas";\n'
        'import { readPng } from "shared/png";',
        "await (async () => {"
        " const load = async (url: string) => Uint8Array.from(given.files[url]);"
        " const pixels = await readPng(await load('rover')).catch(() => null);"
        " return { pixels: pixels && { ...pixels, bytes: Array.from(pixels.bytes) },"
        " areas: await loadMasked({ width: given.width, height: given.height,"
        " rover_mask_url: 'rover', range_mask_url: 'range' }, load) }; })()",
    )


def read(page: TypeScript, width: int, height: int, rover: bytes, beyond: bytes) -> Any:
    files = {"rover": list(rover), "range": list(beyond)}
    return page({"width": width, "height": height, "files": files})


def drawn(areas: Any, why: str, shape: tuple[int, int]) -> Bits:
    """Return the pixels inside the areas of one kind."""
    found = np.zeros(shape, dtype=bool)
    for area in areas["masked"]:
        if area["why"] == why:
            rings = [np.array(ring, dtype=np.float64) for ring in area["rings"]]
            found |= rasterize_rings(rings, *shape)
    return found


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_masks_of_a_scene_become_areas(page: TypeScript, seed: int) -> None:
    """Every pixel farther than a pixel from an edge is on the correct side of the outlines."""
    scene = make_scene(seed, 512)
    beyond = (scene.range_m > 12.0) | (np.cumsum(scene.range_m > 0, axis=0) == 0)
    found = read(page, 512, 512, png_bytes(scene.rover_mask), png_bytes(beyond))
    assert not found["areas"]["missing"]
    for why, mask in (("rover", scene.rover_mask), ("beyond", beyond)):
        wrong = drawn(found["areas"], why, mask.shape) != mask
        # specks, and what a simplified outline cuts
        assert wrong.mean() < 0.01
        sure = surely(mask)
        assert not (wrong & sure).any()


def surely(mask: Bits, reach: int = 3) -> Bits:
    """Return the pixels whose neighbors within `reach` are all of the same kind."""
    from scipy import ndimage

    window = 2 * reach + 1
    return np.asarray(
        ndimage.minimum_filter(mask, window) == ndimage.maximum_filter(mask, window), dtype=bool
    )


def test_a_cut_row_is_one_rectangle(page: TypeScript) -> None:
    beyond = np.zeros((30, 40), dtype=bool)
    beyond[:11] = True
    found = read(page, 40, 30, png_bytes(np.zeros((30, 40), dtype=bool)), png_bytes(beyond))
    (area,) = found["areas"]["masked"]
    assert area["why"] == "beyond"
    assert sorted(area["rings"][0]) == [[0, 0], [0, 11], [40, 0], [40, 11]]


@pytest.mark.parametrize("shape", [(37, 51), (37, 51, 3)], ids=["gray", "RGB"])
def test_pngs_are_read_to_their_very_bytes(page: TypeScript, shape: tuple[int, ...]) -> None:
    """With every line filter that an encoder may choose."""
    noise = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    slope = (np.indices(shape)[:2].sum(axis=0) * 3 % 256).astype(np.uint8)
    for pixels in (noise, slope, np.where(noise > 127, slope, 7).astype(np.uint8)):
        buffer = io.BytesIO()
        Pillow.fromarray(pixels).save(buffer, "PNG", optimize=True)
        found = read(page, 1, 1, buffer.getvalue(), b"")["pixels"]
        assert (found["height"], found["width"]) == pixels.shape[:2]
        assert found["bytes"] == pixels.ravel().tolist()


@pytest.mark.parametrize(
    "broken", [b"", b"\x89PNG\r\n\x1a\n", png_bytes(np.ones((30, 40), dtype=bool))[:-30], b"x" * 99]
)
def test_a_broken_mask_is_missing_and_nothing_worse(page: TypeScript, broken: bytes) -> None:
    whole = png_bytes(np.ones((30, 40), dtype=bool))
    areas = read(page, 40, 30, broken, whole)["areas"]
    assert areas["missing"]
    assert [area["why"] for area in areas["masked"]] == ["beyond"]


def test_a_mask_of_another_size_is_missing(page: TypeScript) -> None:
    whole = png_bytes(np.ones((30, 40), dtype=bool))
    areas = read(page, 41, 30, whole, whole)["areas"]
    assert areas == {"masked": [], "missing": True}
