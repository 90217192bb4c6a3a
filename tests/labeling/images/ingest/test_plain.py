"""Plain folders: images of any rover, with and without a manifest."""

from __future__ import annotations

import io
import json
import pickle
import re
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from labeling.images.ingest import plain_folder
from labeling.images.ingest.plain_folder import PlainFolder
from labeling.images.ingest.products import Product, Refused, UnknownSource
from labeling.images.ingest.sources import open_source

GRAY = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
COLOR = np.dstack([GRAY, GRAY // 2, GRAY // 3])


def save(path: Path, pixels: Any = GRAY, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    picture.save(path, **options)
    return path


def manifest(folder: Path, *lines: str) -> None:
    (folder / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")


def load_all(folder: Path) -> dict[str, Product]:
    source = open_source(folder)
    assert isinstance(source, PlainFolder)
    return {c.product_id: source.load(c) for c in source.candidates()}


def refusals(folder: Path) -> dict[str, str]:
    """Return why each file is refused, by name; "" if it is accepted."""
    source = open_source(folder)
    reasons = {}
    for candidate in source.candidates():
        try:
            source.load(candidate)
            reasons[candidate.name] = ""
        except Refused as refused:
            reasons[candidate.name] = str(refused)
    return reasons


# -- pictures --------------------------------------------------------------------------------------


def test_pictures_without_a_manifest(tmp_path: Path) -> None:
    jpeg = save(tmp_path / "moon-7.JPG")
    save(tmp_path / "deep" / "color.jpeg", COLOR)
    save(tmp_path / "lab.PNG")
    (tmp_path / "notes.txt").write_text("not a picture")
    products = load_all(tmp_path)
    assert list(products) == ["color", "lab", "moon-7"]
    moon = products["moon-7"]
    assert (moon.rover, moon.camera, moon.sol, moon.start_time) == ("", "", None, None)
    assert moon.nominal is None
    assert moon.original_jpeg == jpeg.read_bytes(), "the very bytes"
    assert moon.source_path == "moon-7.JPG"
    assert (products["lab"].linear == GRAY).all()
    assert products["color"].linear.shape == (40, 50, 3)
    assert products["color"].is_color


def is_like(product: Product, pixels: Any) -> bool:
    """Return whether a product and its JPEG equal an image, except for JPEG losses."""
    with Pillow.open(io.BytesIO(product.original_jpeg)) as jpeg:
        same_shape = np.asarray(jpeg).shape == product.linear.shape == pixels.shape
        return same_shape and bool(
            np.abs(product.linear.astype(int) - pixels).mean() < 2
            and np.abs(np.asarray(jpeg).astype(int) - product.linear).mean() < 2
        )


@pytest.mark.parametrize(
    ("picture", "becomes"),
    [
        (Pillow.fromarray(COLOR), COLOR),
        (Pillow.fromarray(np.dstack([COLOR, GRAY])), COLOR),  # transparency is dropped
        (Pillow.fromarray(np.dstack([GRAY] * 3)), GRAY),  # color in name only
        (Pillow.fromarray(GRAY).convert("LA"), GRAY),
        (Pillow.fromarray(GRAY).convert("P"), GRAY),
        (Pillow.fromarray(GRAY > 100), (GRAY > 100).astype(np.uint8) * 255),
    ],
)
def test_every_kind_of_png(picture: Pillow.Image, becomes: Any, tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture)
    (product,) = load_all(tmp_path).values()
    assert is_like(product, becomes)


DEEP = (np.arange(2000, dtype=np.uint16) * 32).reshape(40, 50)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(
    ("deep", "shift"),
    [
        (DEEP, 8),
        (DEEP // 16, 4),  # 12 bits in a file of 16, as cameras store them
        (np.minimum(DEEP, 4095), 4),
        (np.minimum(DEEP, 4096), 8),
    ],
)
def test_sixteen_bits_keep_their_depth(deep: Any, shift: int, suffix: str, tmp_path: Path) -> None:
    save(tmp_path / f"a.{suffix}", deep)
    (product,) = load_all(tmp_path).values()
    assert product.pixels.dtype == np.uint16
    assert (product.pixels == deep).all()
    assert (product.linear == deep >> shift).all()


@pytest.mark.parametrize("pixels", [GRAY, DEEP])
def test_a_tiff_that_counts_from_white(pixels: Any, tmp_path: Path) -> None:
    raw = np.iinfo(pixels.dtype).max - pixels
    save(tmp_path / "a.tif", raw, tiffinfo={262: 0})
    stored = tmp_path / "a.tif"
    if pixels.dtype == np.uint8:  # Pillow turns these around as it writes
        save(stored, pixels, tiffinfo={262: 0})
    (product,) = load_all(tmp_path).values()
    assert (product.pixels == pixels).all()


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("a.tif", GRAY),
        ("a.tiff", COLOR),
        ("a.TIF", Pillow.fromarray(COLOR).convert("CMYK")),
        ("a.bmp", COLOR),
        ("a.gif", GRAY),
        ("a.webp", COLOR),
        ("a.jpg", Pillow.fromarray(COLOR).convert("CMYK")),
    ],
)
def test_further_formats(name: str, pixels: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    save(tmp_path / name, pixels, **options)
    (product,) = load_all(tmp_path).values()
    expected = np.asarray(pixels.convert("RGB")) if isinstance(pixels, Pillow.Image) else pixels
    assert is_like(product, expected)
    assert Pillow.open(io.BytesIO(product.original_jpeg)).format == "JPEG"


def test_one_picture_is_a_source(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg")
    save(tmp_path / "b.jpg", COLOR)
    manifest(tmp_path, "file,sol", "b.jpg,7")
    source = open_source(tmp_path / "b.jpg")
    (candidate,) = source.candidates()
    assert (candidate.product_id, source.load(candidate).sol) == ("b", 7)
    assert source.unused() == [], "nothing else was asked for"


def test_one_frame_of_a_released_tree_comes_with_its_masks(real_data: Path) -> None:
    frames = real_data / "ai4mars" / "v0.1-sample" / "msl" / "images" / "edr"
    source = open_source(frames / "NLA_397681339EDR_F0020000AUT_04096M1.JPG")
    (candidate,) = source.candidates()
    product = source.load(candidate)
    assert product.rover_mask is not None
    assert product.range_mask is not None
    assert source.unused() == []


@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.png", "a.webp"])
def test_a_camera_that_lay_on_its_side(name: str, tmp_path: Path) -> None:
    notes = Pillow.Exif()
    notes[0x0112] = 6  # turn by 90 degrees to see it upright
    save(tmp_path / name, COLOR, exif=notes, quality=95)
    (product,) = load_all(tmp_path).values()
    assert is_like(product, np.rot90(COLOR, -1))


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_sixteen_bits_on_their_side(name: str, tmp_path: Path) -> None:
    notes = Pillow.Exif()
    notes[0x0112] = 6
    save(tmp_path / name, DEEP, exif=notes)
    (product,) = load_all(tmp_path).values()
    assert (product.pixels == np.rot90(DEEP, -1)).all()


def test_pictures_that_are_not(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:-30])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.jpg").touch()
    claims = bytearray(whole)
    struct.pack_into(">II", claims, 16, 100_000, 100_000)
    struct.pack_into(">I", claims, 29, zlib.crc32(bytes(claims[12:29])))
    (tmp_path / "huge.png").write_bytes(claims)
    struct.pack_into(">II", claims, 16, 10_000, 10_000)
    struct.pack_into(">I", claims, 29, zlib.crc32(bytes(claims[12:29])))
    (tmp_path / "large.png").write_bytes(claims)
    save(tmp_path / "dot.png", Pillow.new("L", (1, 1)))
    save(tmp_path / "strip.png", Pillow.new("L", (1000, 31)))
    save(tmp_path / "float.tif", GRAY.astype(np.float32))
    save(tmp_path / "film.gif", save_all=True, append_images=[Pillow.fromarray(GRAY.T[:40])])
    (tmp_path / "png.jpg").write_bytes(whole)  # told by content
    reasons = refusals(tmp_path)
    assert reasons.pop("a.png") == reasons.pop("png.jpg") == ""
    for name, reason in {
        "cut.png": "truncated or damaged",
        "text.jpg": "is not a JPEG, PNG, TIFF, WEBP, GIF or BMP image",
        "empty.jpg": "is empty: it has no bytes",
        "huge.png": "claims far more than 64,000,000 pixels",
        "large.png": "has 10000 x 10000 pixels",
        "dot.png": "is 1 x 1 pixels; a picture has at least 32",
        "strip.png": "is 1000 x 31 pixels; a picture has at least 32",
        "float.tif": "is an image of floating-point numbers. Save it in gray or RGB",
        "film.gif": "holds 2 pictures. Save the one to import",
    }.items():
        assert reasons[name].startswith(name)
        assert reason in reasons.pop(name)
    assert not reasons


def test_pictures_named_like_products_of_a_rover(real_data: Path) -> None:
    public = real_data / "pds" / "msl" / "navcam-label-and-webjpg"
    products = load_all(public)
    assert len(products) == 6
    one = products["NLA_402200516EDR_F0043212NCAM00315M_"]
    assert (one.rover, one.camera, one.eye) == ("curiosity", "navcam-left", "left")
    assert (one.site, one.drive, one.sequence) == (4, 3212, "NCAM00315")
    assert one.nominal is not None
    assert one.linear.shape == (1024, 1024)
    reasons = refusals(real_data / "pds" / "msl" / "navcam-downsampled-D")
    assert len(reasons) == 3
    assert all("name of a downsampled" in reason for reason in reasons.values())


# -- names -----------------------------------------------------------------------------------------


def test_the_same_name_in_two_folders(tmp_path: Path) -> None:
    for name in ("sol1/0001.jpg", "sol2/0001.jpg", "sol2/0002.jpg", "sol 3/b.jpg", "sol 3/b.png"):
        save(tmp_path / name)
    ids = {c.name: c.product_id for c in open_source(tmp_path).candidates()}
    assert ids["sol2/0002.jpg"] == "0002"
    assert re.fullmatch(r"sol1_0001-[0-9a-f]{8}", ids["sol1/0001.jpg"])
    assert re.fullmatch(r"sol 3_b-[0-9a-f]{8}", ids["sol 3/b.png"])
    assert len(set(ids.values())) == 5


@pytest.mark.parametrize(
    "stem",
    ["a b", "Übung 1 (2)", "火星", "-rf", "a.b", "x" * 200, "_", "50%", "a'\"b"],
)
def test_an_id_is_the_name_as_it_is(stem: str, tmp_path: Path) -> None:
    save(tmp_path / f"{stem}.png")
    (candidate,) = open_source(tmp_path).candidates()
    assert candidate.product_id == stem


def test_a_mask_does_not_take_the_id_of_its_picture(tmp_path: Path) -> None:
    for name in ("images/e.jpg", "labels/e.png", "labels/f.png"):
        save(tmp_path / name)
    ids = {c.name: c.product_id for c in open_source(tmp_path).candidates()}
    assert (ids["images/e.jpg"], ids["labels/f.png"]) == ("e", "f")
    assert re.fullmatch("labels_e-[0-9a-f]{8}", ids["labels/e.png"])


def test_names_that_differ_in_case_alone_are_two_ids(tmp_path: Path) -> None:
    for name in ("1/A.jpg", "2/a.jpg"):
        save(tmp_path / name)
    ids = {c.name: c.product_id for c in open_source(tmp_path).candidates()}
    assert ids == {"1/A.jpg": "A", "2/a.jpg": "a"}


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)


@given(names=st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=8))
def test_product_ids_are_all_different(names: set[str]) -> None:
    class Names:
        def names(self) -> list[str]:
            return sorted(f"{name}.png" for name in names)

    ids = [c.product_id for c in PlainFolder(Names(), None).candidates()]  # type: ignore[arg-type]
    assert len(ids) == len(set(ids)) == len(names)


# -- manifests -------------------------------------------------------------------------------------

MODEL = {
    "model_type": "CAHV",
    "c": [0, 0, -1],
    "a": [1, 0, 0],
    "h": [50, 800, 0],
    "v": [40, 0, 800],
}


def test_a_full_manifest(tmp_path: Path) -> None:
    save(tmp_path / "run 1" / "0001.png")
    quoted = json.dumps(MODEL).replace('"', '""')
    manifest(
        tmp_path,
        "\ufeffFile,product_id,rover,camera,eye,sol,site,drive,sequence,start_time,spacecraft_clock,"
        "local_true_solar_time,azimuth,elevation,geometry,camera_model,mood",
        "run 1/0001.png,lab-0001,lab-rover,mast-left,left,3,1,24,walk,2026-03-01T13:00:00+01:00,"
        f'77,10:30:00,-12.5,4,Linearised,"{quoted}",good',
    )
    (product,) = load_all(tmp_path).values()
    assert product.product_id == "lab-0001"
    assert (product.rover, product.camera, product.eye) == ("lab-rover", "mast-left", "left")
    assert (product.sol, product.site, product.drive, product.sequence) == (3, 1, 24, "walk")
    assert product.start_time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (product.spacecraft_clock, product.local_true_solar_time) == ("77", "10:30:00")
    assert product.pointing == (-12.5, 4.0)
    assert product.geometry == "linearised"
    assert product.camera_model is not None
    assert product.camera_model.focal_length_px == pytest.approx(800)
    assert product.nominal is None


def test_a_manifest_of_product_ids_alone(tmp_path: Path) -> None:
    save(tmp_path / "frame-1.png")
    save(tmp_path / "deep" / "frame-2.jpg")
    manifest(tmp_path, "product_id,sol", "frame-1,5", "FRAME-2,6", ",", "")
    products = load_all(tmp_path)
    assert {name: product.sol for name, product in products.items()} == {"frame-1": 5, "FRAME-2": 6}


def test_a_manifest_with_semicolons_in_the_folder_of_an_archive(tmp_path: Path) -> None:
    save(tmp_path / "set" / "a.png")
    manifest(tmp_path / "set", "file;sol;start_time", "A.PNG;7;2026-03-01")
    (product,) = load_all(tmp_path).values()
    assert product.sol == 7
    assert product.start_time == datetime(2026, 3, 1, tzinfo=UTC)


def test_the_manifest_is_the_list(tmp_path: Path) -> None:
    for name in ("listed.png", "extra.png", "a/1.png"):
        save(tmp_path / name)
    manifest(tmp_path, "file", "listed.png", "gone.png", "b/1.png", "../../etc/passwd", "a/1.png")
    reasons = refusals(tmp_path)
    assert reasons.pop("listed.png") == reasons.pop("a/1.png") == ""
    assert reasons.pop("extra.png").startswith("extra.png is not in manifest.csv. Add it")
    assert reasons.pop("gone.png") == "gone.png cannot be read: there is no such file."
    assert "no such file" in reasons.pop("b/1.png"), "another folder's file is not taken for it"
    assert "is not the name of a file" in reasons.pop("../../etc/passwd")
    assert not reasons


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("sol", "tomorrow", "'tomorrow' as sol, not a whole number"),
        ("drive", "-3", "not a whole number"),
        ("site", "99999999999", "not a whole number"),
        ("start_time", "yesterday", "not a time such as"),
        ("geometry", "round", "not linearised or raw"),
        ("azimuth", "nan", "not an angle in degrees"),
        ("camera_model", "[]", "not a camera model"),
        ("camera_model", "{", "not a camera model"),
        ("camera_model", '{"model_type": "CAHV"}', "not a camera model"),
        ("camera_model", "[" * 5000, "not a camera model"),
    ],
)
def test_a_bad_value_refuses_its_picture(
    column: str, value: str, reason: str, tmp_path: Path
) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "b.png")
    quoted = value.replace('"', '""')
    manifest(tmp_path, f"file,elevation,{column}", f'a.png,1,"{quoted}"', "b.png,,")
    reasons = refusals(tmp_path)
    assert reasons["a.png"].startswith("a.png has ")
    assert reason in reasons["a.png"]
    assert reasons["b.png"] == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"file\n\xff\xfe.png", "not a CSV file in UTF-8"),
        (b'file\n"' + b"x" * 200_000, "not a CSV file in UTF-8"),
        (b"a.png\nb.png\n", "Row 2 of manifest.csv has no usable file"),
        (b"file\n" + b"x" * 1000, "Row 2 of manifest.csv has no usable file"),
        (b"file\na.png\nA.png\na.png\n", "has a.png twice, the second time in row 4"),
    ],
)
def test_a_manifest_that_cannot_be_used(content: bytes, reason: str, tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(UnknownSource, match=reason):
        open_source(tmp_path)


def test_a_manifest_without_pictures(tmp_path: Path) -> None:
    manifest(tmp_path, "file", "a.png")
    with pytest.raises(UnknownSource, match="BMP files with or without a manifest"):
        open_source(tmp_path)


def test_a_worker_gets_a_small_copy_and_reads_the_manifest_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        save(tmp_path / f"{number}.png")
    manifest(tmp_path, "file,sol", *(f"{number}.png,{number}" for number in range(50)))
    source = open_source(tmp_path)
    sent = pickle.dumps(source)
    assert len(sent) < 1000
    plain_folder._read_manifest.cache_clear()
    for candidate in source.candidates():
        assert pickle.loads(sent).load(candidate).sol == int(candidate.product_id)
    assert plain_folder._read_manifest.cache_info().misses == 1
    manifest(tmp_path, "file,sol", "0.png,1234")
    assert pickle.loads(sent).load(source.candidates()[0]).sol == 1234, "a change is seen"
