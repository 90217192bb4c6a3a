"""Range, points and rover masks of known geometry, in the real byte layout, through the reader."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from labeling.images.ingest.pds import PdsProducts
from labeling.images.ingest.pds.companions import center_in
from labeling.images.ingest.pds.pds3 import read
from labeling.images.ingest.places import Folder
from labeling.images.ingest.products import Product, Refused
from terrain.camera import CameraModel
from terrain.display.range_limit import cut_row_mask, per_pixel_mask
from terrain.display.scale_bar import scale_bar
from tests.labeling.images.ingest.pds_writer import (
    LABEL_BYTES,
    VICAR_BYTES,
    Pose,
    camera_looking_down,
    plane_range,
    write_frame,
    write_map,
)

EDR = "NLB_451649560EDR_F0311330NCAM12813M1"
LINEAR_EDR = "NLB_451649560EDRLF0311330NCAM12813M1"
RNG = "NLB_451649560RNGLF0311330NCAM12813M1"
MER = "2N292280938FFLB100P0703L0M1"
MER_RNG = "2N292280938RNLB100P0703L0M1"

UP = (0.0, 0.0, -1.0)
GROUND = (0.0, 0.0, 0.0)

# The camera model of the real range product's label
REAL = CameraModel(
    "CAHV",
    (0.733394, 0.781776, -1.98051),
    (-0.921673, 0.0942946, -0.376311),
    (-591.815, -1176.07, -191.985),
    (-929.662, 93.7434, 945.276),
)
REAL_POSE = Pose((-85.4875, -59.027, 1.74495), (0.883773, 0.0252917, 0.0771217, -0.460822))

# The raw camera model of a real EDR (sol 1349): CAHVOR, but for the lens
RAW = CameraModel(
    "CAHVOR",
    (1.01896, 0.661369, -1.84556),
    (0.00266593, 0.687829, 0.725856),
    (-1223.35, 354.71, 366.976),
    (-3.66341, -543.599, 1207.04),
    (0.00266832, 0.687828, 0.725857),
    # its own lens bends the corners by 2 px only: this is Spirit's, by 10 px
    (0.019876, -0.014281, 0.020876),
)


def load(folder: Path) -> Product:
    source = PdsProducts.find(Folder(folder))
    assert source is not None
    (candidate,) = source.candidates()
    return source.load(candidate)


def with_range(
    folder: Path, camera: CameraModel, ranges: np.ndarray, *, mer: bool = False, **words: object
) -> Product:
    """Return a linearized frame of zeros with its range product, after reading."""
    dark = np.zeros((1024, 1024), dtype=np.int16)
    host = {"host": "MER2", "instrument": "NAVCAM_LEFT", "frame": "ROVER_FRAME"} if mer else {}
    name = MER if mer else LINEAR_EDR
    write_frame(
        folder, name, dark, camera, detached=not mer, geometry="LINEARIZED", **host, **words
    )
    write_map(folder, MER_RNG if mer else RNG, ranges, camera, **host, **words)
    return load(folder)


def steepness(height_m: float, range_m: float) -> float:
    """Return the angle below the horizon, degrees, at which flat ground has a range."""
    return math.degrees(math.asin(height_m / range_m))


def test_the_real_byte_layout(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 20.0)
    ranges = plane_range(camera, GROUND, UP)
    path = write_map(tmp_path, RNG, ranges, camera)
    assert (LABEL_BYTES, VICAR_BYTES) == (8 * 4096, 20_480)
    assert path.stat().st_size == 4_247_552  # that of the real product
    content = path.read_bytes()
    assert content[LABEL_BYTES : LABEL_BYTES + 13] == b"LBLSIZE=20480"
    assert content[53_248:53_252] == np.float32(ranges[0, 0]).astype(">f4").tobytes()
    _, label = read(path)
    assert (label.offset, label.needed_bytes) == (53_248, 4_247_552)
    assert label.shape == (1, 1024, 1024)
    assert (label.derived, label.geometry) == ("RANGE_MAP", "linearised")


@pytest.mark.parametrize("mer", [False, True], ids=["MSL", "MER"])
@pytest.mark.parametrize("depression", [6.0, 25.0])
def test_flat_ground(tmp_path: Path, depression: float, mer: bool) -> None:
    camera = camera_looking_down(1200.0 if mer else 1225.0, 1.5 if mer else 1.9, depression)
    known = plane_range(camera, GROUND, UP)
    product = with_range(tmp_path, camera, known, mer=mer)
    assert product.range_m is not None
    np.testing.assert_array_equal(product.range_m, known)
    has_range = known > 0.0
    beyond = per_pixel_mask(product.range_m, 30.0)
    np.testing.assert_array_equal(beyond[has_range], known[has_range] > 30.0)
    np.testing.assert_array_equal(cut_row_mask(product.range_m, 30.0), best_cut(known, 30.0))


def test_a_slope_to_one_side(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 8.0)
    tilt = math.radians(7.0)
    known = plane_range(camera, GROUND, (0.0, math.sin(tilt), -math.cos(tilt)))
    product = with_range(tmp_path, camera, known)
    assert product.range_m is not None
    near = ((known > 0.0) & (known <= 30.0)).mean(axis=0)
    assert np.ptp(near) > 0.1  # the limit is no row here
    has_range = known > 0.0
    beyond = per_pixel_mask(product.range_m, 30.0)
    np.testing.assert_array_equal(beyond[has_range], known[has_range] > 30.0)
    np.testing.assert_array_equal(cut_row_mask(product.range_m, 30.0), best_cut(known, 30.0))


def best_cut(known: np.ndarray, limit_m: float) -> np.ndarray:
    """Return the cut row mask with the fewest wrong pixels, found by trying all rows."""
    near, far = (known > 0.0) & (known <= limit_m), known > limit_m
    wrong = [int(near[:cut].sum() + far[cut:].sum()) for cut in range(len(known) + 1)]
    mask = np.zeros(known.shape, dtype=np.bool_)
    mask[: int(np.argmin(wrong))] = True
    return mask


def test_what_is_no_range(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    known = plane_range(camera, GROUND, UP)
    holes = known.copy()
    for row, nothing in ((300, 0.0), (500, math.nan), (700, -3.0), (900, math.inf)):
        holes[row : row + 40, 400:440] = nothing
    product = with_range(tmp_path, camera, holes)
    assert product.range_m is not None
    for row in (300, 500, 700, 900):
        assert (product.range_m[row : row + 40, 400:440] == 0.0).all()
    # a hole is as what is around it: near here, neither near nor far by itself
    np.testing.assert_array_equal(per_pixel_mask(product.range_m, 30.0), known > 30.0)
    np.testing.assert_array_equal(cut_row_mask(product.range_m, 30.0), best_cut(known, 30.0))


@pytest.mark.parametrize("nothing", [0.0, math.nan, -1.0])
def test_a_range_product_without_any_range(tmp_path: Path, nothing: float) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    empty = np.full((1024, 1024), nothing, dtype=np.float32)
    assert with_range(tmp_path, camera, empty).range_m is None


@pytest.mark.parametrize("slope", [0.0, 10.0, -2.0], ids=["flat", "rising", "falling"])
@pytest.mark.parametrize("range_m", [5.0, 10.0, 25.0])
@pytest.mark.parametrize(
    ("mer", "focal_px", "height_m", "width_m"),
    [(False, 1225.0, 1.9, 0.5), (True, 1200.0, 1.5, 0.2)],
)
def test_width_of_the_scale_bar(
    tmp_path: Path,
    mer: bool,
    focal_px: float,
    height_m: float,
    width_m: float,
    range_m: float,
    slope: float,
) -> None:
    """Half a meter (MER: 20 cm) at 5, 10 and 25 m: within 1 px of the geometry."""
    camera = camera_looking_down(focal_px, height_m, steepness(height_m, range_m))
    axis = np.array(camera.a)
    middle = np.array(camera.c) + range_m * axis  # where the middle of the image looks
    tilt = math.radians(slope)
    normal = (-math.sin(tilt), 0.0, -math.cos(tilt))
    ranges = plane_range(camera, tuple(middle.tolist()), normal)
    product = with_range(tmp_path, camera, ranges, mer=mer)
    bar = scale_bar(
        width_m,
        1024,
        1024,
        product.nominal,
        limit_m=30.0,
        camera=product.camera_model,
        up=product.up,
        range_m=product.range_m,
    )
    assert bar is not None
    assert not bar.estimated
    assert (bar.x, bar.y) == (512.0, 512.0)
    assert bar.range_m == pytest.approx(range_m, rel=0.01)
    # two ends, half a bar left and right of the middle: sample = (p - c) . h / (p - c) . a
    ends = [
        middle + side * np.array([0.0, width_m / 2.0, 0.0]) - np.array(camera.c) for side in (-1, 1)
    ]
    left, right = (float(end @ np.array(camera.h) / (end @ axis)) for end in ends)
    assert bar.width_px == pytest.approx(right - left, abs=1.0)
    assert bar.top_width_px < bar.width_px < bar.bottom_width_px
    drawn = bar.polygon[1][0] - bar.polygon[0][0], bar.polygon[2][0] - bar.polygon[3][0]
    assert drawn == pytest.approx((bar.top_width_px, bar.bottom_width_px))


def test_the_camera_and_pose_of_the_real_label(tmp_path: Path) -> None:
    known = np.linspace(40.0, 3.0, 1 << 20, dtype=np.float32).reshape(1024, 1024)
    product = with_range(tmp_path, REAL, known, pose=REAL_POSE)
    np.testing.assert_array_equal(product.range_m, known)
    assert product.camera_model == REAL
    assert product.pose is not None
    assert (product.pose.offset, product.pose.quaternion) == (
        REAL_POSE.offset,
        REAL_POSE.quaternion,
    )


def test_range_origin_of_the_real_label(tmp_path: Path) -> None:
    """RANGE_ORIGIN_VECTOR of the real label is the camera center in the site frame."""
    points = np.zeros((3, 1024, 1024), dtype=np.float32)
    path = write_map(
        tmp_path,
        RNG.replace("RNG", "XYZ"),
        points,
        REAL,
        derived="XYZ_MAP",
        pose=REAL_POSE,
        data_frame="SITE_FRAME",
    )
    _, label = read(path)
    np.testing.assert_allclose(center_in(label), (-84.6583, -58.9435, -0.347153), rtol=0, atol=5e-5)


@pytest.mark.parametrize("data_frame", ["ROVER_NAV_FRAME", "SITE_FRAME", "LOCAL_LEVEL_FRAME"])
def test_range_from_points(tmp_path: Path, data_frame: str) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    known = plane_range(camera, GROUND, UP)
    points = points_of(camera, known)
    pose = Pose((12.0, -3.0, 0.5), (0.8, 0.1, -0.2, 0.5))
    points = in_frame(points, pose, data_frame)
    points[known == 0.0] = 0.0
    points[10:20, 10:20] = 0.0
    dark = np.zeros((1024, 1024), dtype=np.int16)
    write_frame(tmp_path, LINEAR_EDR, dark, camera, geometry="LINEARIZED", pose=pose)
    write_map(
        tmp_path,
        RNG.replace("RNG", "XYZ"),
        np.moveaxis(points, -1, 0),
        camera,
        derived="XYZ_MAP",
        pose=pose,
        data_frame=data_frame,
    )
    product = load(tmp_path)
    assert product.range_m is not None
    assert (product.range_m[10:20, 10:20] == 0.0).all()
    expected = known.copy()
    expected[10:20, 10:20] = 0.0
    np.testing.assert_allclose(product.range_m, expected, rtol=1e-5, atol=1e-5)


def points_of(camera: CameraModel, ranges: np.ndarray) -> np.ndarray:
    """Return points (H, W, 3) in the rover frame at a range along the rays of a CAHV camera."""
    inverse = np.linalg.inv(np.stack([camera.a, camera.h, camera.v]))
    line, sample = np.indices(ranges.shape, dtype=np.float64)
    rays = np.stack([np.ones_like(line), sample, line], axis=-1) @ inverse.T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return np.array(camera.c) + ranges[..., None] * rays


def in_frame(points: np.ndarray, pose: Pose, data_frame: str) -> np.ndarray:
    """Return points transformed from the rover frame to the level or site frame by a quaternion."""
    if data_frame == "ROVER_NAV_FRAME":
        return points
    s, i, j, k = np.array(pose.quaternion) / np.linalg.norm(pose.quaternion)
    matrix = np.array(
        [
            [1 - 2 * (j * j + k * k), 2 * (i * j - s * k), 2 * (i * k + s * j)],
            [2 * (i * j + s * k), 1 - 2 * (i * i + k * k), 2 * (j * k - s * i)],
            [2 * (i * k - s * j), 2 * (j * k + s * i), 1 - 2 * (i * i + j * j)],
        ]
    )
    turned = points @ matrix.T
    return turned + np.array(pose.offset) if data_frame == "SITE_FRAME" else turned


def test_points_in_an_unknown_frame_give_no_range(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    write_frame(
        tmp_path, LINEAR_EDR, np.zeros((1024, 1024), np.int16), camera, geometry="LINEARIZED"
    )
    points = np.ones((3, 1024, 1024), dtype=np.float32)
    name = RNG.replace("RNG", "XYZ")
    write_map(tmp_path, name, points, camera, derived="XYZ_MAP", data_frame="ORBITAL")
    assert load(tmp_path).range_m is None


def raw_and_linear(
    folder: Path, sources: tuple[str, ...], center: tuple[float, ...] = RAW.c
) -> None:
    """Return a raw frame, and the range of flat ground as its linearized camera sees it."""
    assert RAW.o is not None
    linear = CameraModel("CAHV", tuple(center), RAW.o, RAW.h, RAW.v)  # type: ignore[arg-type]
    write_frame(folder, EDR, np.zeros((1024, 1024), np.int16), RAW)
    write_map(folder, RNG, plane_range(linear, GROUND, UP), linear, sources=sources)


def test_a_linearised_range_is_resampled_for_the_raw_frame_it_names(tmp_path: Path) -> None:
    raw_and_linear(tmp_path, (EDR, EDR.replace("NLB", "NRB")))
    product = load(tmp_path)
    assert product.range_m is not None
    x, y = np.meshgrid(np.arange(1024) + 0.5, np.arange(1024) + 0.5)
    _, direction = RAW.pixel_to_ray(x, y)
    known = -RAW.c[2] / direction[..., 2]
    has_range = product.range_m > 0.0
    assert has_range.mean() > 0.9
    # the nearest pixel: half a pixel of range off at most, plus the float32
    error = np.abs(product.range_m / known - 1.0)[has_range]
    assert error.max() < 0.003
    # without resampling the corner of the image is off by more
    moved = np.abs(
        plane_range(CameraModel("CAHV", RAW.c, RAW.o, RAW.h, RAW.v), GROUND, UP) / known - 1
    )
    assert moved.max() > 0.003


@pytest.mark.parametrize(
    ("sources", "center"),
    [((), RAW.c), (("NLB_999999999EDR_F0311330NCAM12813M1",), RAW.c), ((EDR,), (1.1, 0.66, -1.8))],
    ids=["names no frame", "names another frame", "another camera center"],
)
def test_a_linearised_range_that_does_not_fit_is_passed_over(
    tmp_path: Path, sources: tuple[str, ...], center: tuple[float, ...]
) -> None:
    raw_and_linear(tmp_path, sources, center)
    product = load(tmp_path)
    assert product.range_m is None
    (note,) = product.notes
    assert note.startswith(f"{RNG}.IMG was not used: its geometry")


def test_what_was_not_used_is_noted(tmp_path: Path) -> None:
    for name in ("one", "three"):
        (tmp_path / name).mkdir()
    camera = camera_looking_down(1225.0, 2.0, 20.0)
    ranges = plane_range(camera, GROUND, UP)
    product = with_range(tmp_path / "one", camera, ranges)
    assert product.notes == ()

    shutil.copytree(tmp_path / "one", tmp_path / "two")
    points = RNG.replace("RNG", "XYZ")
    write_map(tmp_path / "two", points, np.ones((3, 1024, 1024), dtype=np.float32), camera)
    product = load(tmp_path / "two")
    assert product.range_m is not None
    assert product.notes == (f"{points}.IMG was not needed for its range.",)

    empty = with_range(tmp_path / "three", camera, np.zeros_like(ranges))
    assert empty.notes == (f"{RNG}.IMG was not used: it contains no range.",)


def test_the_range_of_the_own_geometry_goes_first(tmp_path: Path) -> None:
    raw_and_linear(tmp_path, (EDR,))
    own = np.full((1024, 1024), 7.0, dtype=np.float32)
    write_map(tmp_path, RNG.replace("RNGL", "RNG_"), own, RAW, geometry="RAW")
    product = load(tmp_path)
    assert product.range_m is not None
    assert (product.range_m == 7.0).all()


def test_a_companion_of_another_name_is_found_by_its_label(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    ranges = plane_range(camera, GROUND, UP)
    write_frame(tmp_path, EDR, np.zeros((1024, 1024), np.int16), camera)
    write_map(tmp_path, RNG, ranges, camera, geometry="RAW", sources=(EDR,), name="stereo.img")
    source = PdsProducts.find(Folder(tmp_path))
    assert source is not None
    frame = next(c for c in source.candidates() if c.product_id == EDR)
    product = source.load(frame)
    assert product.range_m is not None
    np.testing.assert_array_equal(product.range_m, ranges)
    other = next(c for c in source.candidates() if c.product_id == "stereo")
    with pytest.raises(Refused, match="RANGE_MAP product, not a frame"):
        source.load(other)


def test_rover_mask(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    rover = np.zeros((1024, 1024), dtype=np.uint8)
    rover[800:, :300] = 255
    write_frame(tmp_path, EDR, np.zeros((1024, 1024), np.int16), camera)
    write_map(tmp_path, EDR.replace("EDR", "MXY"), rover, camera, derived="MASK", geometry="RAW")
    product = load(tmp_path)
    assert product.rover_mask is not None
    assert product.rover_mask.dtype == np.bool_
    np.testing.assert_array_equal(product.rover_mask, rover == 255)


def test_companions_in_lower_case(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    ranges = plane_range(camera, GROUND, UP)
    dark = np.zeros((1024, 1024), np.int16)
    write_frame(tmp_path, EDR, dark, camera, detached=False, name=f"{EDR}.img".lower())
    name = f"{EDR.replace('EDR', 'RNG')}.img".lower()
    write_map(tmp_path, EDR.replace("EDR", "RNG"), ranges, camera, geometry="RAW", name=name)
    product = load(tmp_path)
    assert product.product_id == EDR.lower()
    np.testing.assert_array_equal(product.range_m, ranges)


def test_a_companion_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    points = np.zeros((3, 1024, 1024), dtype=np.float32)
    write_frame(tmp_path, EDR, np.zeros((1024, 1024), np.int16), camera)
    path = write_map(tmp_path, EDR.replace("EDR", "RNG"), points, camera, derived="XYZ_MAP")
    with pytest.raises(Refused, match=rf"{path.name} is not the range map of {EDR}"):
        load(tmp_path)


def test_a_truncated_range_product(tmp_path: Path) -> None:
    camera = camera_looking_down(1225.0, 1.9, 25.0)
    write_frame(tmp_path, EDR, np.zeros((1024, 1024), np.int16), camera)
    path = write_map(
        tmp_path, EDR.replace("EDR", "RNG"), plane_range(camera, GROUND, UP), camera, geometry="RAW"
    )
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(Refused, match=rf"{path.name} is truncated"):
        load(tmp_path)
