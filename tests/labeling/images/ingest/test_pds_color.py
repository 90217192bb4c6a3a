"""Color cameras: Mastcam (PDS3), Navcam and Mastcam-Z of Mars 2020 (PDS4).

The products are SYNTHETIC, because no real ones of these cameras are available. Labels follow real
ones (a Mastcam DRCL label, the label of the Navcam ECM of sol 629); the pixels are synthetic.
"""

from __future__ import annotations

import io
import pickle
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest.pds import PdsProducts
from labeling.images.ingest.places import Folder
from labeling.images.ingest.product_ids import parse_product_id, without_version
from labeling.images.ingest.products import Product, Refused
from terrain.camera import CameraModel
from tests.labeling.images.ingest.pds_writer import (
    Pose,
    camera_looking_down,
    plane_range,
    write_m2020,
    write_mastcam,
)

MASTCAM = "0174ML0009370000105185E01_DRCL"
NAVCAM = "NLF_0629_0722782785_631ECM_N0301344NCAM00427_06_095J01"
ZCAM = "ZL0_0053_0671648413_931EBY_N0031950ZCAM08042_110085J01"

# The camera model of the real Navcam label: a fisheye, lens type 2
FISHEYE = CameraModel(
    "CAHVORE",
    (0.955584, 0.764515, -1.95254),
    (-0.35631, 0.916392, 0.182443),
    (-3229.43, 141.993, 229.563),
    (-168.067, 400.716, 3088.89),
    (-0.357624, 0.915861, 0.182539),
    (1.736e-06, 0.0501396, -0.0171254),
    (-8.0e-09, 1.0e-08, -2.9e-08),
    linearity=0.0,
)


def source_of(folder: Path) -> PdsProducts:
    source = PdsProducts.find(Folder(folder))
    assert source is not None
    return source


def load(folder: Path) -> Product:
    source = source_of(folder)
    (candidate,) = source.candidates()
    return source.load(candidate)


def picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.indices((height, width))
    return np.stack([rows % 256, columns % 256, (rows + columns) // 8 % 256], -1).astype(np.uint8)


def test_mastcam(tmp_path: Path) -> None:
    rgb = picture(1200, 1344)
    write_mastcam(tmp_path, MASTCAM, rgb, camera_looking_down(4600.0, 1.97, 12.0))
    product = load(tmp_path)
    assert product.product_id == MASTCAM
    assert (product.rover, product.camera, product.eye) == ("curiosity", "mastcam-left", "left")
    assert (product.width, product.height, product.is_color) == (1344, 1200, True)
    np.testing.assert_array_equal(product.pixels, rgb)
    np.testing.assert_array_equal(product.linear, rgb)
    assert (product.sol, product.site, product.drive) == (610, 31, 1330)
    assert product.sequence == "MCAM00937"
    assert product.camera_model is not None
    assert product.camera_model.focal_length_px == pytest.approx(4600.0)
    assert product.range_m is None
    with Pillow.open(io.BytesIO(product.original_jpeg)) as jpeg:
        assert (jpeg.mode, jpeg.size) == ("RGB", (1344, 1200))


@pytest.mark.parametrize("name", [MASTCAM.replace("E01", "I01"), MASTCAM.replace("E01", "G01")])
def test_mastcam_thumbnail(tmp_path: Path, name: str) -> None:
    write_mastcam(tmp_path, name, picture(1200, 1344), None)
    with pytest.raises(Refused, match=rf"{name}.IMG is downsampled or a thumbnail"):
        load(tmp_path)


def test_a_small_mastcam_picture_is_a_thumbnail(tmp_path: Path) -> None:
    write_mastcam(tmp_path, MASTCAM, picture(144, 168), None)
    with pytest.raises(Refused, match="168 x 144 pixels: a thumbnail"):
        load(tmp_path)


def test_mars_2020_navcam(tmp_path: Path) -> None:
    rgb = picture(976, 1296)
    pose = Pose((94.6281, -118.938, -7.51133), (0.174493, 0.034765, 0.0422949, -0.983135))
    path = write_m2020(tmp_path, NAVCAM, np.moveaxis(rgb, -1, 0), FISHEYE, pose=pose)
    assert path.stat().st_size == 46_656 + 3 * 976 * 1296  # that of the real product
    product = load(tmp_path)
    assert product.product_id == NAVCAM[:-2]  # as the release names it, without the version
    assert (product.rover, product.camera, product.eye) == ("perseverance", "navcam-left", "left")
    assert product.sol == 629
    assert product.start_time == datetime(2022, 11, 27, 1, 8, 36, 219000, tzinfo=UTC)
    assert product.spacecraft_clock == "722782785.631"
    assert product.local_true_solar_time == "12:33:33"
    # the final counters, not those of the initial state
    assert dict(product.motion_counter) == {"SITE": 30, "DRIVE": 1344, "POSE": 4, "RSM": 2}
    assert (product.site, product.drive, product.sequence) == (30, 1344, "NCAM00427")
    assert product.camera_model == FISHEYE
    assert product.camera_frame == "ROVER_NAV_FRAME"
    assert product.pose is not None
    assert product.pose.frame == "SITE_FRAME"
    assert (product.pose.offset, product.pose.quaternion) == (pose.offset, pose.quaternion)
    assert product.pointing == (110.554, -10.0659)
    assert product.field_of_view == (24.7326, 18.6047)
    assert product.geometry == "raw"
    np.testing.assert_array_equal(product.linear, rgb)


def test_mars_2020_mastcam_z_of_11_bits_in_16(tmp_path: Path) -> None:
    dn = (picture(1200, 1648).astype(np.int16) * 8) % 2048
    camera = camera_looking_down(14_800.0, 1.95, 10.0)
    write_m2020(
        tmp_path,
        ZCAM,
        np.moveaxis(dn, -1, 0),
        camera,
        instrument="MCZ_LEFT",
        bit_mask="0000011111111111",
    )
    product = load(tmp_path)
    assert product.camera == "mastcam-z-left"
    assert product.pixels.dtype == np.uint16
    np.testing.assert_array_equal(product.pixels, dn)
    np.testing.assert_array_equal(product.linear, dn >> 3)


def test_mars_2020_range_of_a_linearised_frame(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.95, 20.0)
    ranges = plane_range(camera, (0.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    frame = NAVCAM.replace("ECM_", "RADL")
    gray = np.zeros((1024, 1024), dtype=np.int16)
    write_m2020(tmp_path, frame, gray, camera, geometry="Linearized", bit_mask="0111111111111111")
    other = NAVCAM.replace("ECM_", "RNGL").replace("NLF", "NLM").replace("095J01", "0LUJ02")
    write_m2020(tmp_path, other, ranges, camera, geometry="Linearized", derived="RANGE_MAP")
    product = load(tmp_path)
    assert product.geometry == "linearised"
    np.testing.assert_array_equal(product.range_m, ranges)


def test_the_newest_version_comes_first(tmp_path: Path) -> None:
    rgb = np.moveaxis(picture(240, 320), -1, 0)
    for version in ("01", "03", "02"):
        write_m2020(tmp_path, NAVCAM[:-2] + version, rgb, FISHEYE)
    found = source_of(tmp_path).candidates()
    assert [candidate.name[-6:-4] for candidate in found] == ["03", "02", "01"]
    assert {candidate.product_id for candidate in found} == {NAVCAM[:-2]}


def test_a_source_can_be_sent_to_a_worker(tmp_path: Path) -> None:
    write_m2020(tmp_path, NAVCAM, np.moveaxis(picture(240, 320), -1, 0), FISHEYE)
    source = pickle.loads(pickle.dumps(source_of(tmp_path)))
    assert source.load(source.candidates()[0]).product_id == NAVCAM[:-2]


def changed(folder: Path, old: str, new: str) -> None:
    """Return a small Navcam product with a change in its label."""
    path = write_m2020(folder, NAVCAM, np.moveaxis(picture(240, 320), -1, 0), FISHEYE)
    label = path.with_suffix(".xml")
    text = label.read_text(encoding="utf-8")
    assert old in text
    label.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("NAVCAM_LEFT", "FRONT_HAZCAM_LEFT_A", "from the camera FRONT_HAZCAM_LEFT_A"),
        ("NAVCAM_LEFT", "SHERLOC_WATSON", "from the camera SHERLOC_WATSON"),
        (">REGULAR<", ">THUMBNAIL<", "is a thumbnail"),
        ("<elements>320<", "<elements>32000<", "is truncated: it has"),
        ("<elements>3<", "<elements>4<", "has 4 bands"),
        ("<elements>3<", "<elements>2<", "has 2 bands"),
        ('<offset unit="byte">46656<', '<offset unit="byte">99999999<', "past the end of the file"),
        ("<elements>320<", "<elements>many<", "does not give the size"),
        ("UnsignedByte", "UTF8_String", "which no camera writes"),
        ("Array_3D_Image>", "Array_9D_Image>", "describes no image|cannot be read"),
        (f"{NAVCAM}.IMG", "../../../etc/passwd", "describes another file"),
        ("</Product_Observational>", "", "cannot be read"),
        ("<Product_Obs", '<!DOCTYPE x [<!ENTITY a "a">]><Product_Obs', "declares XML entities"),
        ("CAHVORE</geom:model_type>", "PSPH</geom:model_type>", "camera model in the label"),
        ("<geom:qcos>1<", "<geom:qcos>0<", "rover attitude"),
        ("urn:nasa:pds:mars2020_", "urn:nasa:pds:moon2030_", "from the spacecraft Mars2020"),
    ],
)
def test_mars_2020_refusals(tmp_path: Path, old: str, new: str, reason: str) -> None:
    changed(tmp_path, old, new)
    with pytest.raises(Refused, match=reason) as refused:
        load(tmp_path)
    assert NAVCAM in str(refused.value)


def test_a_campaign_may_allow_other_cameras(tmp_path: Path) -> None:
    changed(tmp_path, "NAVCAM_LEFT", "FRONT_HAZCAM_LEFT_A")
    source = source_of(tmp_path)
    product = source.load(source.candidates()[0], allow={"hazcam"})
    assert product.camera == "hazcam-left"


@pytest.mark.parametrize(
    ("name", "family", "kind", "full"),
    [
        (NAVCAM, "navcam", "ECM", True),
        (NAVCAM[:-2].lower(), "navcam", "ECM", True),
        ("NLF_0013_0668099436_428ECM_T0030016NCAM00112_01_295J", "navcam", "ECM", False),
        (ZCAM, "mastcam-z", "EBY", True),
        (MASTCAM, "mastcam", "DRCL", True),
        (MASTCAM.replace("E01", "H01").lower(), "mastcam", "DRCL", False),
    ],
)
def test_names(name: str, family: str, kind: str, full: bool) -> None:
    parts = parse_product_id(name)
    assert parts is not None
    assert (parts.family, parts.product_type, parts.is_full_frame) == (family, kind, full)
    assert parts.camera == f"{family}-left"


def test_released_names_are_understood(real_data: Path) -> None:
    table = (real_data / "ai4mars/metadata/v0.6_train_examples_all_missions.csv").read_text()
    names = re.findall(r"m2020/images/ncam/(\w+)\.jpeg|msl/mcam/images/(\w+)\.JPG", table)
    found = [first or second for first, second in names]
    assert found
    for name in found:
        assert parse_product_id(name) is not None, name
        assert without_version(name) == name
