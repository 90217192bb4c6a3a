"""PDS products: real ones, real ones that must be refused, and damaged copies."""

from __future__ import annotations

import io
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest.pds import PdsProducts
from labeling.images.ingest.places import Folder
from labeling.images.ingest.product_ids import parse_navcam_id
from labeling.images.ingest.products import Product, Refused, UnknownSource
from labeling.images.ingest.sources import open_source
from tests.labeling.images.ingest.pds_writer import write_frame, write_mastcam

MSL_ID = "NLB_517261274EDR_F0541610CCAM15900M1"
EFF = "mer/spirit/2n292280938effb100p0703l0m1.img"


@pytest.fixture
def pds(real_data: Path) -> Path:
    return real_data / "pds"


def load(path: Path) -> Product:
    source = open_source(path)
    (candidate,) = source.candidates()
    return source.load(candidate)


def copy(path: Path, folder: Path, name: str | None = None) -> Path:
    """Return a writable copy; the real data are read-only."""
    target = folder / (name or path.name)
    target.write_bytes(path.read_bytes())
    return target


def test_curiosity_with_a_detached_label(pds: Path) -> None:
    product = load(pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG")
    assert product.product_id == MSL_ID
    assert (product.rover, product.camera, product.eye) == ("curiosity", "navcam-left", "left")
    assert (product.sol, product.site, product.drive) == (1349, 54, 1610)
    assert product.sequence == "CCAM15900"
    assert product.start_time == datetime(2016, 5, 23, 8, 2, 9, 959000, tzinfo=UTC)
    assert product.pixels.dtype == np.uint16
    assert product.pixels.max() == 4095
    assert product.camera_model is not None
    assert product.camera_model.model_type == "CAHVOR"
    assert product.camera_model.focal_length_px == pytest.approx(1224.7, abs=0.1)
    assert product.up == pytest.approx((-0.00601, 0.00289, -0.99998), abs=1e-4)
    assert product.range_m is None


def test_original_is_the_linear_frame_as_a_single_channel_jpeg(pds: Path) -> None:
    product = load(pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG")
    with Pillow.open(io.BytesIO(product.original_jpeg)) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "L")
        difference = np.asarray(picture).astype(int) - product.linear
    assert np.abs(difference).mean() < 1.5


def test_linear_is_what_was_released(pds: Path, real_data: Path) -> None:
    product = load(pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG")
    (released,) = (real_data / "ai4mars/v0.6-256px/images/train").glob("NLB_517261274*.jpg")
    with Pillow.open(released) as picture:
        theirs = np.asarray(picture.convert("L")).astype(float)
    ours = Pillow.fromarray(product.linear).resize((256, 256), Pillow.Resampling.BILINEAR)
    # the small JPEG's own noise is 1.0 gray level; a shift by one pixel of 1024 gives 1.7
    assert np.abs(np.asarray(ours) - theirs).mean() < 1.2
    assert abs((np.asarray(ours) - theirs).mean()) < 0.1


def test_all_seven_mer_products(pds: Path) -> None:
    source = open_source(pds / "mer")
    products = {p.product_id: p for p in map(source.load, source.candidates())}
    assert source.preset == "mer-navcam"
    assert list(products) == [
        "1N491020376ILFCNY9P0706L0M1",
        "1N491020834ILFCNY9P0706L0M1",
        "1N546228391RADCYELP0684L0M1",
        "2n292280938effb100p0703l0m1",
        "2n292280938radb100p0703l0c1",
        "2n292280938rslb100p0703l0m1",
        "2n295043924fflb1dnp1979l0m1",
    ]
    for product_id, product in products.items():
        parts = parse_navcam_id(product_id)
        assert parts is not None
        # label and id tell the same story
        assert (product.rover, product.eye) == (parts.rover, parts.eye)
        assert (product.site, product.drive) == (parts.site, parts.drive)
        assert product.sequence == parts.sequence
        assert product.camera_model is not None
        assert 1188 <= product.camera_model.focal_length_px <= 1227
        assert product.camera_model.c[2] == pytest.approx(-1.24, abs=0.02)
        assert (product.width, product.height) == (1024, 1024)
        assert product.start_time is not None
        assert product.start_time.tzinfo is UTC
    assert {p.rover: p.sol for p in products.values()} == {"opportunity": 4709, "spirit": 1900}


def test_radiances_are_shifted_by_their_own_bits(pds: Path) -> None:
    folder = pds / "mer" / "spirit"
    frame = load(folder / "2n292280938effb100p0703l0m1.img")
    radiance = load(folder / "2n292280938radb100p0703l0c1.img")
    linearised = load(folder / "2n292280938rslb100p0703l0m1.img")
    np.testing.assert_array_equal(frame.linear, frame.pixels >> 4)
    np.testing.assert_array_equal(radiance.linear, radiance.pixels >> 7)
    np.testing.assert_array_equal(linearised.linear, linearised.pixels >> 4)
    assert radiance.linear.max() == 255


def test_products_of_the_same_frame_have_their_own_ids(pds: Path) -> None:
    source = open_source(pds / "mer" / "spirit")
    same_clock = [c.product_id for c in source.candidates() if "292280938" in c.product_id]
    assert len(same_clock) == len(set(same_clock)) == 3


def test_lone_labels_and_pictures_are_passed_over(pds: Path) -> None:
    assert PdsProducts.find(Folder(pds / "msl" / "navcam-downsampled-D")) is None
    assert len(open_source(pds / "msl").candidates()) == 2
    assert open_source(pds / "msl").preset == "msl-navcam"
    assert open_source(pds / "mer").preset == "mer-navcam"
    assert open_source(pds).preset == "rovers", "no mission's own"


def test_a_label_stands_for_its_image(pds: Path) -> None:
    source = open_source(pds / "msl" / "navcam-edr" / f"{MSL_ID}.LBL")
    assert [c.name for c in source.candidates()] == [f"{MSL_ID}.IMG"]
    lone = pds / "mer" / "spirit" / "2n292280938xylb100p0703l0m1.lbl"
    with pytest.raises(UnknownSource, match="nothing to import"):
        open_source(lone)


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("1F483288473EFFCMUFP1214L0M1.IMG", "FRONT_HAZCAM_LEFT"),
        ("2p295043688fflb1dnp2380l2m1.img", "PANCAM_LEFT"),
    ],
)
def test_other_cameras_are_refused(pds: Path, name: str, camera: str) -> None:
    with pytest.raises(Refused, match=rf"{re.escape(name)} is from the camera {camera}"):
        load(pds / "negative" / name)


def test_downsampled_frame(pds: Path, tmp_path: Path) -> None:
    name = "NLB_467979839EDR_D0440400TRAV00292M1"
    label = pds / "msl" / "navcam-downsampled-D" / f"{name}.LBL"
    copy(label, tmp_path)
    (tmp_path / f"{name}.IMG").write_bytes(bytes(512 * 78 + 256 * 256 * 2))
    with pytest.raises(Refused, match="256 x 256 pixels: downsampled"):
        load(tmp_path)


def test_curiosity_without_its_detached_label(pds: Path, tmp_path: Path) -> None:
    original = pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG"
    copy(original, tmp_path)
    alone, whole = load(tmp_path), load(original)
    np.testing.assert_array_equal(alone.pixels, whole.pixels)
    assert (alone.sol, alone.site, alone.drive) == (whole.sol, whole.site, whole.drive)
    assert alone.camera_model == whole.camera_model
    assert alone.source_sha256 == whole.source_sha256


def test_lower_case_files(pds: Path, tmp_path: Path) -> None:
    for suffix in (".IMG", ".LBL"):
        copy(
            pds / "msl" / "navcam-edr" / f"{MSL_ID}{suffix}", tmp_path, f"{MSL_ID}{suffix}".lower()
        )
    product = load(tmp_path)
    assert product.product_id == MSL_ID.lower(), "as it is given"
    assert product.sol == 1349


def test_truncated_data(pds: Path, tmp_path: Path) -> None:
    path = copy(pds / EFF, tmp_path)
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(Refused, match=r"is truncated: it has 1,000,000 of 2,138,112 bytes"):
        load(path)


def test_truncated_data_behind_a_detached_label(pds: Path, tmp_path: Path) -> None:
    copy(pds / "msl" / "navcam-edr" / f"{MSL_ID}.LBL", tmp_path)
    image = copy(pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG", tmp_path)
    image.write_bytes(image.read_bytes()[:-2])
    with pytest.raises(Refused, match="is truncated"):
        load(image)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", bytes(range(256)) * 40, b"PDS_VERSION_ID = PDS3\r\nEND\r\n"],
    ids=["empty", "text", "binary", "label without image"],
)
def test_no_label(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2n292280938effb100p0703l0m1.img").write_bytes(content)
    with pytest.raises(Refused, match=r"2n292280938effb100p0703l0m1\.img"):
        load(tmp_path)


def test_a_label_cut_short(pds: Path, tmp_path: Path) -> None:
    path = copy(pds / EFF, tmp_path)
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(Refused, match=r"2n292280938effb100p0703l0m1\.img"):
        load(path)


def edited(pds: Path, tmp_path: Path, old: bytes, new: bytes) -> Path:
    """Return a copy of the EFF product with a change in its label of the same length."""
    path = copy(pds / EFF, tmp_path)
    content = path.read_bytes()
    assert len(old) == len(new)
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'= "MER2"', b'= "VIKI"', "spacecraft VIKI"),
        (b"= CAHVOR", b"= CAMERA", "camera model in the label"),
        (b"(0.454993,0.141198,-1.23312)", b'("NA","NA","NA")            ', "Component C"),
        (
            b"(0.994261,-0.095668,-0.0233068,0.0418276)",
            b"(0.0,0.0,0.0,0.0)                        ",
            "rover attitude",
        ),
    ],
)
def test_labels_that_make_no_sense(
    pds: Path, tmp_path: Path, old: bytes, new: bytes, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        load(edited(pds, tmp_path, old, new))


def test_no_sol_and_no_time(pds: Path, tmp_path: Path) -> None:
    path = edited(pds, tmp_path, b"= 2009-04-06T08:48:13.468", b'= "UNK"                  ')
    product = load(path)
    assert product.start_time is None
    assert product.sol == 1869


def test_a_camera_model_in_another_frame_is_not_used(pds: Path, tmp_path: Path) -> None:
    path = edited(
        pds,
        tmp_path,
        b"REFERENCE_COORD_SYSTEM_NAME     = ROVER_FRAME",
        b"REFERENCE_COORD_SYSTEM_NAME     = SITE_FRAME ",
    )
    assert load(path).camera_model is None


def test_a_label_of_another_file(pds: Path, tmp_path: Path) -> None:
    copy(pds / "msl" / "navcam-edr" / f"{MSL_ID}.IMG", tmp_path)
    other = pds / "msl" / "navcam-edr" / "NLB_516721703EDR_F0540992CCAM15900M1.LBL"
    copy(other, tmp_path, f"{MSL_ID}.LBL")
    with pytest.raises(Refused, match="describes another file, NLB_516721703"):
        load(tmp_path)


def test_a_nameless_product_is_called_as_its_file(pds: Path, tmp_path: Path) -> None:
    path = edited(
        pds, tmp_path, b'= "2N292280938EFFB100P0703L0M1"', b'= "../../etc/passwd"           '
    )
    assert load(path).product_id == "2n292280938effb100p0703l0m1"


def test_label_and_data_that_disagree_in_size(pds: Path, tmp_path: Path) -> None:
    path = copy(pds / EFF, tmp_path)
    path.write_bytes(path.read_bytes() + bytes(2048))
    with pytest.raises(Refused, match=r"disagree in size: the label gives 2,138,112 bytes"):
        load(tmp_path)


def test_an_image_larger_than_its_file_should_be(pds: Path, tmp_path: Path) -> None:
    path = edited(
        pds,
        tmp_path,
        b"FILE_RECORDS                      = 1044",
        b"FILE_RECORDS                      = 1000",
    )
    with pytest.raises(Refused, match=r"disagree in size"):
        load(path)


def test_a_pointer_past_the_end_of_the_file(pds: Path, tmp_path: Path) -> None:
    path = edited(
        pds,
        tmp_path,
        b"^IMAGE                            = 21",
        b"^IMAGE                         = 99999",
    )
    with pytest.raises(
        Refused, match=r"places the image at byte 204,795,904, past the end of the file"
    ):
        load(path)


def test_a_size_that_is_no_number(pds: Path, tmp_path: Path) -> None:
    path = edited(
        pds,
        tmp_path,
        b"  LINE_SAMPLES                    = 1024\r\n  SAMPLE",
        b"  LINE_SAMPLES                    = MANY\r\n  SAMPLE",
    )
    with pytest.raises(Refused, match=r"does not give the size"):
        load(path)


@pytest.mark.parametrize(
    ("name", "camera"),
    [("1F483288473EFFCMUFP1214L0M1.IMG", "hazcam"), ("2p295043688fflb1dnp2380l2m1.img", "pancam")],
)
def test_a_campaign_may_allow_other_cameras(pds: Path, name: str, camera: str) -> None:
    source = open_source(pds / "negative" / name)
    (candidate,) = source.candidates()
    with pytest.raises(Refused, match=f"allow {camera} in the campaign"):
        source.load(candidate)
    product = source.load(candidate, allow={camera})
    assert product.camera.startswith(camera)
    assert product.eye == "left"
    assert product.nominal is None
    with pytest.raises(Refused):
        source.load(candidate, allow={"microscopic-imager"})


def test_microscopic_imager_and_thumbnails_are_refused(tmp_path: Path) -> None:
    dark = np.zeros((1024, 1024), dtype=np.int16)
    words = {"host": "MER2", "instrument": "MI", "detached": False}
    write_frame(tmp_path, "2M292280938EFFB100P0703M0M1", dark, None, **words)
    with pytest.raises(Refused, match=r"from the camera MI, .* allow microscopic-imager"):
        load(tmp_path)
    (folder := tmp_path / "thumbnail").mkdir()
    write_frame(folder, MSL_ID, dark, None, image_type="THUMBNAIL")
    with pytest.raises(Refused, match="is a thumbnail"):
        load(folder)
    (folder := tmp_path / "small").mkdir()
    write_frame(folder, MSL_ID.replace("EDR_F", "EDR_T"), dark[:64, :64], None)
    with pytest.raises(Refused, match="64 x 64 pixels: downsampled, cropped or a thumbnail"):
        load(folder)
    (folder := tmp_path / "letter").mkdir()
    write_frame(folder, MSL_ID.replace("EDR_F", "EDR_D"), dark, None)
    with pytest.raises(Refused, match="is downsampled or a thumbnail"):
        load(folder)


def test_one_folder_of_several_cameras(pds: Path, tmp_path: Path) -> None:
    copy(pds / EFF, tmp_path)
    rgb = np.zeros((300, 400, 3), dtype=np.uint8)
    write_mastcam(tmp_path, "0174MR0009370000105185E01_DRCL", rgb, None)
    source = open_source(tmp_path)
    cameras = [source.load(candidate).camera for candidate in source.candidates()]
    assert cameras == ["mastcam-right", "navcam-left"]


def test_folders_are_walked_and_sorted(pds: Path, tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    copy(pds / EFF, tmp_path / "b" / "deep")
    shutil.copyfile(pds / EFF, tmp_path / "a" / "2N999999999EFFB100P0703L0M1.IMG")
    source = open_source(tmp_path)
    assert isinstance(source, PdsProducts)
    ids = [c.product_id for c in source.candidates()]
    assert ids == ["2N999999999EFFB100P0703L0M1", "2n292280938effb100p0703l0m1"]
    assert source.load(source.candidates()[1]).source_path.startswith("b/deep/")


@pytest.mark.parametrize(
    ("product_id", "site", "drive"),
    [
        ("1N491020376ILFCNY9P0706L0M1", 195, 973),
        ("2n292280938effb100p0703l0m1", 137, 0),
        ("1n129697839eff0338p1931l0m1", 3, 38),
        ("1N129697839EFF####P1931L0M1", None, None),
        ("NLB_516721703EDR_F0540992CCAM15900M1", 54, 992),
        ("NLB_516721703EDR_F054A001CCAM15900M1", 54, None),
    ],
)
def test_site_and_drive_of_an_id(product_id: str, site: int | None, drive: int | None) -> None:
    parts = parse_navcam_id(product_id)
    assert parts is not None
    assert (parts.site, parts.drive) == (site, drive)


def test_every_released_id_is_understood(real_data: Path) -> None:
    lines = (real_data / "ai4mars/metadata/msl_navcam_product_ids.csv").read_text().split()
    parts = [parse_navcam_id(line.split(",")[0]) for line in lines[1:]]
    assert len(parts) > 18_000
    assert all(p is not None and p.product_type == "EDR" and p.is_full_frame for p in parts)
