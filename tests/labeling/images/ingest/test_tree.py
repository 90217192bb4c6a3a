"""The released AI4Mars tree: the real sample, and trees with errors."""

from __future__ import annotations

import csv
import hashlib
import io
import pickle
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from labeling.images.ingest.ai4mars_tree import Ai4MarsTree
from labeling.images.ingest.product_ids import of_type
from labeling.images.ingest.products import Product, Refused, UnknownSource
from labeling.images.ingest.sources import open_source
from terrain.display.display import display_image
from terrain.display.scale_bar import scale_bar

FRAME = "NLA_397681339EDR_F0020000AUT_04096M1"


@pytest.fixture
def sample(real_data: Path) -> Path:
    return real_data / "ai4mars" / "v0.1-sample"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a small tree of one synthetic frame with its masks."""
    msl = tmp_path / "ai4mars-dataset-merged-0.1" / "msl"
    for folder in ("edr", "mxy", "rng-30m"):
        (msl / "images" / folder).mkdir(parents=True)
    frame = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
    Pillow.fromarray(frame).save(frame_path(msl))
    mask = np.zeros((40, 50), dtype=np.uint8)
    mask[:10] = 1
    Pillow.fromarray(mask).save(mask_path(msl, "mxy", "MXY"))
    Pillow.fromarray(mask).save(mask_path(msl, "rng-30m", "RNG"))
    return msl


def frame_path(msl: Path, product_id: str = FRAME) -> Path:
    return msl / "images" / "edr" / f"{product_id}.JPG"


def mask_path(msl: Path, folder: str, kind: str) -> Path:
    return msl / "images" / folder / f"{of_type(FRAME, kind)}.png"


def load_only(path: Path) -> Product:
    source = open_source(path)
    (candidate,) = source.candidates()
    return source.load(candidate)


def test_the_ten_images_of_the_sample(sample: Path) -> None:
    source = open_source(sample)
    candidates = source.candidates()
    assert source.preset == "msl-navcam"
    assert len(candidates) == 10
    assert [c.product_id for c in candidates] == sorted(c.product_id for c in candidates)
    for candidate in candidates:
        product = source.load(candidate)
        content = (sample / candidate.name).read_bytes()
        assert product.original_jpeg == content  # the very bytes
        assert product.source_sha256 == hashlib.sha256(content).hexdigest()
        assert product.source_path == f"msl/images/edr/{candidate.product_id}.JPG"
        assert (product.width, product.height) == (1024, 1024)
        assert (product.rover, product.camera, product.eye) == ("curiosity", "navcam-left", "left")
        assert product.sol is None
        assert product.start_time is None
        assert product.rover_mask is not None
        assert product.range_mask is not None
        assert product.rover_mask.shape == product.range_mask.shape == (1024, 1024)
        # released range masks are cut rows: every row is wholly kept or wholly masked
        assert (product.range_mask.all(axis=1) == product.range_mask.any(axis=1)).all()


def test_metadata_from_the_product_id(sample: Path) -> None:
    source = open_source(sample)
    product = source.load(source.candidates()[0])
    assert product.product_id == "NLA_397586928EDR_F0010008AUT_04096M1"
    assert (product.site, product.drive, product.sequence) == (1, 8, "AUT_04096")


def test_a_display_image_of_a_real_dark_frame(sample: Path) -> None:
    source = open_source(sample)
    (candidate,) = (c for c in source.candidates() if c.product_id == FRAME)
    product = source.load(candidate)
    assert product.range_mask is not None
    assert product.rover_mask is not None
    cut = int(product.range_mask.all(axis=1).sum())
    assert product.nominal is not None
    bar = scale_bar(0.5, 1024, 1024, product.nominal, limit_m=30.0, cut=cut)
    image = display_image(product.pixels, product.range_mask, product.rover_mask, bar)
    kept = ~product.range_mask & ~product.rover_mask
    assert bar is not None
    assert product.linear[kept].mean() < 60 < 100 < image[kept].mean() < 160


@pytest.mark.parametrize("below", [".", "images", "images/edr", ".."])
def test_found_from_any_folder_of_the_tree(tree: Path, below: str) -> None:
    product = load_only(tree / below)
    assert product.product_id == FRAME
    assert product.rover_mask is not None
    assert product.range_mask is not None
    assert product.range_mask.sum() == 500


def test_found_where_release_0_6_has_it(tree: Path) -> None:
    (tree / "ncam").mkdir()
    (tree / "images").rename(tree / "ncam" / "images")
    assert load_only(tree.parent).source_path == f"msl/ncam/images/edr/{FRAME}.JPG"


def test_masks_may_be_absent(tree: Path) -> None:
    shutil.rmtree(tree / "images" / "mxy")
    mask_path(tree, "rng-30m", "RNG").unlink()
    product = load_only(tree)
    assert product.rover_mask is None
    assert product.range_mask is None


def test_either_letter_case_and_no_strangers(tree: Path) -> None:
    frame_path(tree).rename(frame_path(tree).with_suffix(".jpeg"))
    (tree / "images" / "edr" / "Thumbs.db").write_bytes(b"?")
    (tree / "images" / "edr" / f"._{FRAME}.JPG").write_bytes(b"?")
    assert load_only(tree).product_id == FRAME


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return a tree of release 0.6 with a frame of each mission, named like real ones."""
    root = tmp_path / "ai4mars-dataset-merged-0.6"
    gray = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
    color = np.dstack([gray, gray // 2, gray // 3])
    mask = np.zeros((40, 50), dtype=np.uint8)
    mask[:4] = 1
    for name, picture in {
        f"msl/ncam/images/edr/{FRAME}.JPG": gray,
        f"msl/ncam/images/mxy/{of_type(FRAME, 'MXY')}.png": mask,
        f"msl/ncam/labels/train/{FRAME}.png": mask,
        "msl/mcam/images/1150ML0052000010501746E01_XXXX.JPG": color,
        "msl/mcam/labels/train/1150ML0052000010501746E01_XXXX_15033_merged.png": mask,
        "mer/images/eff/1n128367857eff0200p1512l0m1.JPG": gray,
        "mer/images/eff/2n140670982eff6904p1914l0m1.JPG": gray,
        "mer/images/test/2n140670982eff6904p1914l0m1.JPG": gray,
        "mer/images/rnl-30m/1n128367857rnl0200p1512l0m1.png": mask,
        "m2020/images/ncam/NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J.jpeg": color,
        "m2020/labels/NAV/NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J_merged6.png": mask,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(picture).save(path)
    return root


def test_every_mission_of_release_0_6(release: Path) -> None:
    source = open_source(release)
    products = {c.product_id: source.load(c) for c in source.candidates()}
    assert list(products) == [
        "1150ML0052000010501746E01_XXXX",
        "1n128367857eff0200p1512l0m1",
        "2n140670982eff6904p1914l0m1",  # once, although the release has it twice
        FRAME,
        "NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J",
    ]
    known = [(p.rover, p.camera, p.sol, p.linear.ndim) for p in products.values()]
    assert known == [
        ("curiosity", "mastcam-left", 1150, 3),
        ("opportunity", "navcam-left", None, 2),
        ("spirit", "navcam-left", None, 2),
        ("curiosity", "navcam-left", None, 2),
        ("perseverance", "navcam-left", 13, 3),
    ]
    masks = [(p.rover_mask is not None, p.range_mask is not None) for p in products.values()]
    assert masks == [(False, False), (False, True), (False, False), (True, False), (False, False)]
    for candidate in source.candidates():
        assert (
            products[candidate.product_id].original_jpeg == (release / candidate.name).read_bytes()
        )


@pytest.mark.parametrize("kind", ["ffl", "ilf", "rad"])
def test_frames_of_other_types_are_taken(release: Path, kind: str) -> None:
    """As in our releases, with masks named after them."""
    name = f"1n128367857{kind}0200p1512l0m1"
    eff = release / "mer/images/eff"
    gray = np.tile(np.arange(0, 150, 3, dtype=np.uint8), (40, 1))
    Pillow.fromarray(gray).save(eff / f"{name}.JPG")
    own = np.zeros((40, 50), dtype=np.uint8)
    own[:9] = 1
    Pillow.fromarray(own).save(release / f"mer/images/rnl-30m/{name}.png")
    source = open_source(release)
    products = {c.product_id: source.load(c) for c in source.candidates()}
    assert products[name].range_mask is not None
    assert products[name].range_mask.sum() == 9 * 50
    assert products["1n128367857eff0200p1512l0m1"].range_mask.sum() == 4 * 50


def test_a_mask_named_as_that_of_an_eff_is_the_eff_s(release: Path) -> None:
    """Earlier releases named all masks like this; they are used if there is no EFF frame."""
    eff = release / "mer/images/eff"
    shutil.copyfile(
        eff / "1n128367857eff0200p1512l0m1.JPG", eff / "1n128367857ffl0200p1512l0m1.JPG"
    )

    def mask_of_ffl() -> object:
        source = open_source(release)
        [candidate] = [c for c in source.candidates() if "ffl" in c.product_id]
        return source.load(candidate).range_mask

    assert mask_of_ffl() is None
    (eff / "1n128367857eff0200p1512l0m1.JPG").unlink()
    assert mask_of_ffl() is not None


def test_masks_of_a_tree_keep_their_bytes_where_they_are_masks_and_nothing_else(
    release: Path,
) -> None:
    path = release / "mer/images/rnl-30m/1n128367857rnl0200p1512l0m1.png"
    noted = PngInfo()
    noted.add_text("Author", "somebody")

    def delivered() -> bytes | None:
        source = open_source(release)
        [candidate] = [c for c in source.candidates() if c.product_id.startswith("1n")]
        return source.load(candidate).mask_pngs.get("range_mask")

    assert delivered() == path.read_bytes()
    with Pillow.open(path) as picture:
        picture.save(path, pnginfo=noted)
    assert delivered() is None
    path.write_bytes(path.read_bytes() + b"more")
    assert delivered() is None


@pytest.mark.parametrize(
    ("folder", "preset", "frames"),
    [
        (".", "rovers", 5),
        ("msl/mcam", "msl-navcam", 1),
        ("msl/mcam/images", "msl-navcam", 1),
        ("mer", "mer-navcam", 2),
        ("mer/images/eff", "mer-navcam", 2),
        ("mer/images/test", "mer-navcam", 1),
        ("m2020", "m2020", 1),
        ("m2020/images/ncam", "m2020", 1),
    ],
)
def test_a_part_of_release_0_6(release: Path, folder: str, preset: str, frames: int) -> None:
    source = open_source(release / folder)
    assert isinstance(source, Ai4MarsTree)
    assert source.preset == preset
    products = [source.load(candidate) for candidate in source.candidates()]
    assert len(products) == frames
    with_range = [product.product_id for product in products if product.range_mask is not None]
    assert with_range == (["1n128367857eff0200p1512l0m1"] if frames in {2, 5} else [])


def test_names_of_the_release_are_all_understood(real_data: Path) -> None:
    listed = real_data / "ai4mars" / "metadata" / "v0.6_train_examples_all_missions.csv"
    with listed.open(newline="") as file:
        names = [row["dataset_relative_image_path"] for row in csv.DictReader(file)]
    source = Ai4MarsTree.find(Names(names))
    assert source is not None
    assert sorted(candidate.name for candidate in source.candidates()) == sorted(set(names))
    for candidate in source.candidates():
        with pytest.raises(Refused, match="there is no such file"):
            source.load(candidate)  # not: is not named like


class Names:
    """A source of names without files."""

    def __init__(self, names: list[str]) -> None:
        self.listed = names

    def names(self) -> list[str]:
        return self.listed

    def find(self, name: str) -> Path | None:
        return None

    def fetch(self, name: str) -> Path:
        raise Refused(f"{name}: there is no such file.")


def test_images_of_others_in_a_folder_of_a_common_name(tmp_path: Path) -> None:
    (tmp_path / "images" / "test").mkdir(parents=True)
    Pillow.new("L", (20, 10), 90).save(tmp_path / "images" / "test" / "holiday.jpg")
    Pillow.new("L", (20, 10), 90).save(tmp_path / "beside.jpg")
    source = open_source(tmp_path / "images" / "test")
    assert [candidate.name for candidate in source.candidates()] == ["holiday.jpg"]


def test_a_worker_gets_a_small_copy(release: Path) -> None:
    source = open_source(release)
    copy = pickle.loads(sent := pickle.dumps(source))
    assert len(sent) < 1000
    assert copy.candidates() == source.candidates()
    assert copy.load(copy.candidates()[0]).rover == "curiosity"


def refusal(tree: Path) -> str:
    with pytest.raises(Refused) as refused:
        load_only(tree)
    return str(refused.value)


@pytest.mark.parametrize(
    ("product_id", "reason"),
    [
        ("FLB_397681339EDR_F0020000AUT_04096M1", "not named like a NAVCAM EDR"),
        ("NLA_397681339MXY_F0020000AUT_04096M1", "not named like a NAVCAM EDR"),
        ("holiday", "not named like a NAVCAM EDR"),
        ("NLA_397681339EDR_D0020000AUT_04096M1", "downsampled"),
    ],
)
def test_refused_by_name(tree: Path, product_id: str, reason: str) -> None:
    frame_path(tree).rename(frame_path(tree, product_id))
    message = refusal(tree)
    assert reason in message
    assert product_id in message


def test_truncated_frame(tree: Path) -> None:
    content = frame_path(tree).read_bytes()
    frame_path(tree).write_bytes(content[: len(content) // 2])
    assert "truncated" in refusal(tree)


def test_empty_frame(tree: Path) -> None:
    frame_path(tree).write_bytes(b"")
    assert "is empty: it has no bytes" in refusal(tree)


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n"])
def test_frame_that_is_no_jpeg(tree: Path, content: bytes) -> None:
    frame_path(tree).write_bytes(content)
    assert "is not a JPEG image" in refusal(tree)


def test_color_frame(tree: Path) -> None:
    Pillow.new("RGB", (50, 40), (200, 90, 40)).save(frame_path(tree))
    assert "is a color image" in refusal(tree)


def test_gray_frame_saved_with_three_channels(tree: Path) -> None:
    Pillow.new("RGB", (50, 40), (90, 90, 90)).save(frame_path(tree))
    product = load_only(tree)
    assert product.linear.shape == (40, 50)
    assert Pillow.open(io.BytesIO(product.original_jpeg)).mode == "L"


def test_mask_of_the_wrong_size(tree: Path) -> None:
    Pillow.new("L", (25, 20)).save(mask_path(tree, "mxy", "MXY"))
    message = refusal(tree)
    assert "25 x 20" in message
    assert "50 x 40" in message
    assert "MXY" in message


def test_mask_with_another_value(tree: Path) -> None:
    Pillow.new("L", (50, 40), 255).save(mask_path(tree, "rng-30m", "RNG"))
    message = refusal(tree)
    assert "255" in message
    assert "only 0 and 1" in message


def test_mask_that_is_truncated(tree: Path) -> None:
    path = mask_path(tree, "mxy", "MXY")
    path.write_bytes(path.read_bytes()[:60])
    assert "truncated" in refusal(tree)


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header claims width x height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_001, 11_000, 60_000])
def test_decompression_bomb(tree: Path, side: int) -> None:
    mask_path(tree, "mxy", "MXY").write_bytes(png_that_claims(side, side))
    assert "64,000,000" in refusal(tree)


def test_damaged_chunk(tree: Path) -> None:
    path = mask_path(tree, "mxy", "MXY")
    content = bytearray(path.read_bytes())
    content[45] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in refusal(tree)


def test_frame_that_vanished(tree: Path) -> None:
    source = open_source(tree)
    (candidate,) = source.candidates()
    (tree / candidate.name).unlink()
    with pytest.raises(Refused, match="cannot be read"):
        source.load(candidate)


@pytest.mark.parametrize("name", ["", "missing", "notes.txt"])
def test_unknown_sources_say_what_is_understood(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(UnknownSource, match=r"PDS products.*AI4Mars tree"):
        open_source(tmp_path / name)
