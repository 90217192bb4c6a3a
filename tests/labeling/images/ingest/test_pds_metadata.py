"""Metadata of every real kind of product, field by field against the text of its label.

The test reads the label by regular expressions only, not by the code under test or its parser.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from labeling.images.ingest.pds import PdsProducts
from labeling.images.ingest.places import Folder
from labeling.images.ingest.products import Product

REAL = [
    "msl/navcam-edr/NLB_516721703EDR_F0540992CCAM15900M1.IMG",
    "msl/navcam-edr/NLB_517261274EDR_F0541610CCAM15900M1.IMG",
    "mer/spirit/2n292280938effb100p0703l0m1.img",
    "mer/spirit/2n292280938radb100p0703l0c1.img",
    "mer/spirit/2n292280938rslb100p0703l0m1.img",
    "mer/spirit/2n295043924fflb1dnp1979l0m1.img",
    "mer/opportunity/1N491020376ILFCNY9P0706L0M1.IMG",
    "mer/opportunity/1N546228391RADCYELP0684L0M1.IMG",
]

ROVERS = {"MSL": "curiosity", "MER1": "opportunity", "MER2": "spirit"}


class LabelText:
    """The text of a label, up to its END."""

    def __init__(self, path: Path) -> None:
        detached = path.with_suffix(".LBL")
        content = (detached if detached.exists() else path).read_bytes()[:60_000].decode("latin-1")
        self.text = re.split(r"\nEND\s*[\r\n]", content.replace("\r", ""))[0]
        self.outside = re.sub(
            r"(?s)^ *(GROUP|OBJECT) *= *(\w+).*?\n *END_\1[^\n]*", "", self.text, flags=re.M
        )

    def group(self, *names: str) -> str:
        for name in names:
            pattern = rf"(?ms)^ *(GROUP|OBJECT) *= *{name} *\n(.*?)^ *END_\1"
            if match := re.search(pattern, self.text):
                return match[2]
        raise AssertionError(f"no group {names}")

    @staticmethod
    def value(text: str, key: str) -> str:
        match = re.search(rf'(?ms)^ *{key} *= *(\(.*?\)|".*?"|[^\n]+)', text)
        assert match is not None, key
        return re.sub(r"\s+", " ", match[1]).strip().strip('"')

    def top(self, key: str) -> str:
        return self.value(self.outside, key)

    def numbers(self, text: str, key: str) -> tuple[float, ...]:
        found = self.value(text, key)
        return tuple(float(n) for n in re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", found))


@pytest.fixture(params=REAL, ids=lambda name: Path(name).stem[:19])
def real(request: pytest.FixtureRequest, real_data: Path) -> tuple[Product, LabelText, Path]:
    path = real_data / "pds" / request.param
    source = PdsProducts.find(Folder(path.parent), path.name)
    assert source is not None
    (candidate,) = source.candidates()
    return source.load(candidate), LabelText(path), path


def test_every_field(real: tuple[Product, LabelText, Path]) -> None:
    product, label, path = real
    assert product.product_id == path.stem
    assert product.product_id.upper() == label.top("PRODUCT_ID")
    assert product.rover == ROVERS[label.top("INSTRUMENT_HOST_ID")]
    instrument = label.top("INSTRUMENT_ID")
    assert product.eye == ("left" if "LEFT" in instrument else "right")
    assert product.camera == f"navcam-{product.eye}"
    assert product.sol == int(label.top("PLANET_DAY_NUMBER"))
    start = label.top("START_TIME").rstrip("Z")
    assert product.start_time == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert product.spacecraft_clock == label.top("SPACECRAFT_CLOCK_START_COUNT")
    assert product.local_true_solar_time == label.top("LOCAL_TRUE_SOLAR_TIME")
    assert product.sequence == label.top("SEQUENCE_ID").upper()
    counts = re.findall(r"\d+", label.top("ROVER_MOTION_COUNTER"))
    names = re.findall(r"\w+", label.top("ROVER_MOTION_COUNTER_NAME"))
    assert list(product.motion_counter.items()) == list(zip(names, map(int, counts), strict=True))
    assert (product.site, product.drive) == (int(counts[0]), int(counts[1]))
    projection = label.top("GEOMETRY_PROJECTION_TYPE")
    assert product.geometry == {"RAW": "raw", "LINEARIZED": "linearised"}[projection]
    image = label.group("IMAGE")
    assert product.height == int(label.value(image, "LINES"))
    assert product.width == int(label.value(image, "LINE_SAMPLES"))
    assert product.source_path == path.name
    assert product.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_camera_model_and_its_frame(real: tuple[Product, LabelText, Path]) -> None:
    product, label, _ = real
    group = label.group("GEOMETRIC_CAMERA_MODEL_PARMS", "GEOMETRIC_CAMERA_MODEL")
    model = product.camera_model
    assert model is not None
    assert model.model_type == label.value(group, "MODEL_TYPE")
    assert product.camera_frame == label.value(group, "REFERENCE_COORD_SYSTEM_NAME")
    for number, letter in enumerate(model.model_type.lower(), start=1):
        assert getattr(model, letter) == label.numbers(group, f"MODEL_COMPONENT_{number}")
    # linearised products are the ones without a lens
    assert (product.geometry == "linearised") == (model.model_type == "CAHV")


def test_pose_pointing_and_field_of_view(real: tuple[Product, LabelText, Path]) -> None:
    product, label, _ = real
    rover = label.group("ROVER_COORD_SYSTEM_PARMS", "ROVER_COORDINATE_SYSTEM")
    assert product.pose is not None
    assert product.pose.frame == label.value(rover, "REFERENCE_COORD_SYSTEM_NAME")
    assert product.pose.offset == label.numbers(rover, "ORIGIN_OFFSET_VECTOR")
    assert product.pose.quaternion == label.numbers(rover, "ORIGIN_ROTATION_QUATERNION")
    s, i, j, k = product.pose.quaternion
    down = np.array([2 * (i * k - s * j), 2 * (j * k + s * i), 1 - 2 * (i * i + j * j)])
    np.testing.assert_allclose(product.up, -down, atol=1e-5)
    derived = label.group("ROVER_DERIVED_GEOMETRY_PARMS")
    azimuth, elevation = (
        label.numbers(derived, f"INSTRUMENT_{key}")[0] for key in ("AZIMUTH", "ELEVATION")
    )
    assert product.pointing is not None
    assert product.pointing[0] == pytest.approx(azimuth % 360.0)
    assert abs(product.pointing[1]) == pytest.approx(abs(elevation))
    # the model's axis points there too: that of a NAVCAM is the mast's to a degree or two
    assert product.camera_model is not None
    x, y, z = product.camera_model.a
    assert product.pointing[1] == pytest.approx(np.degrees(np.arcsin(-z)), abs=2.0)
    turned = (np.degrees(np.arctan2(y, x)) - product.pointing[0] + 180.0) % 360.0 - 180.0
    assert abs(turned) < 3.0
    state = label.group("INSTRUMENT_STATE_PARMS")
    expected = (*label.numbers(state, "AZIMUTH_FOV"), *label.numbers(state, "ELEVATION_FOV"))
    assert product.field_of_view == expected


def test_details_are_json_and_complete(real: tuple[Product, LabelText, Path]) -> None:
    product, _, _ = real
    details = json.loads(json.dumps(product.details()))
    assert set(details) == {
        "spacecraft_clock",
        "local_true_solar_time",
        "motion_counter",
        "camera_frame",
        "geometry",
        "pose",
        "pointing",
        "field_of_view",
        "up",
    }
    assert list(details["motion_counter"]) == list(product.motion_counter)


def test_an_elevation_with_its_sign_turned(real_data: Path) -> None:
    """The radiometric product's label has the opposite sign of the frame's own label."""
    folder = real_data / "pds" / "mer" / "spirit"
    pointing = []
    for name in ("2n292280938effb100p0703l0m1.img", "2n292280938radb100p0703l0c1.img"):
        source = PdsProducts.find(Folder(folder), name)
        assert source is not None
        pointing.append(source.load(source.candidates()[0]).pointing)
    assert pointing[0] == pointing[1] == (141.994, -25.7423)


def test_a_grid_of_pixels_to_rays_and_back(real: tuple[Product, LabelText, Path]) -> None:
    """Pixels are recovered to 1e-6 px, with the camera models of real labels."""
    model = real[0].camera_model
    assert model is not None
    x, y = np.meshgrid(np.linspace(0.0, 1024.0, 33), np.linspace(0.0, 1024.0, 33))
    origin, direction = model.pixel_to_ray(x, y)
    for distance in (1.0, 30.0, 1000.0):
        seen = model.project(origin + distance * direction)
        np.testing.assert_allclose(seen, np.stack([x, y], axis=-1), rtol=0, atol=1e-6)


def test_focal_length_of_the_label(real: tuple[Product, LabelText, Path]) -> None:
    """|A x H| from the label is in the range of the camera's design."""
    product, label, _ = real
    group = label.group("GEOMETRIC_CAMERA_MODEL_PARMS", "GEOMETRIC_CAMERA_MODEL")
    a, h = (np.array(label.numbers(group, f"MODEL_COMPONENT_{n}")) for n in (2, 3))
    focal = float(np.linalg.norm(np.cross(a, h)))
    assert product.camera_model is not None
    assert product.camera_model.focal_length_px == pytest.approx(focal, rel=1e-9)
    low, high = (1224.0, 1226.0) if product.rover == "curiosity" else (1188.0, 1227.0)
    assert low <= focal <= high
