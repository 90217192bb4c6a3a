"""Camera models against real labels, hand-made pinholes and their own inverses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from terrain.camera import (
    LEVEL_UP,
    CameraModel,
    InvalidCameraModel,
    flat_ground_range,
    up_from_quaternion,
)

# A level pinhole 2 m up, looking forward and down by 0.5 m for each meter: f = 1000 px, 1024 px
DOWN = math.atan(0.5)
AXIS = (math.cos(DOWN), 0.0, math.sin(DOWN))
BELOW = (-math.sin(DOWN), 0.0, math.cos(DOWN))
CENTER = 511.5  # sample and line of (x, y) = (512, 512)
PINHOLE = CameraModel(
    "CAHV",
    c=(0.0, 0.0, -2.0),
    a=AXIS,
    h=tuple(1000.0 * right + CENTER * a for right, a in zip((0.0, 1.0, 0.0), AXIS, strict=True)),
    v=tuple(1000.0 * below + CENTER * a for below, a in zip(BELOW, AXIS, strict=True)),
)
# From the label of NLB_517261274EDR_F0541610CCAM15900M1
CURIOSITY = CameraModel(
    "CAHVOR",
    c=(1.01896, 0.661369, -1.84556),
    a=(0.00266593, 0.687829, 0.725856),
    h=(-1223.35, 354.71, 366.976),
    v=(-3.66341, -543.599, 1207.04),
    o=(0.00266832, 0.687828, 0.725857),
    r=(0.0, 0.000116956, 0.00639388),
)
# From the label of 2N292280938EFFB100P0703L0M1: its O is far from its A
SPIRIT = CameraModel(
    "CAHVOR",
    c=(0.454993, 0.141198, -1.23312),
    a=(-0.69585, 0.571462, 0.435),
    h=(-1075.03, -654.572, 220.543),
    v=(50.6594, -19.3653, 1294.76),
    o=(-0.61985, 0.672629, 0.404174),
    r=(0.019876, -0.014281, 0.020876),
)


def fisheye(linearity: float) -> CameraModel:
    return CameraModel(
        "CAHVORE",
        c=SPIRIT.c,
        a=SPIRIT.a,
        h=SPIRIT.h,
        v=SPIRIT.v,
        o=SPIRIT.a,
        r=(0.0, -0.01, 0.002),
        e=(0.002, 0.004, -0.001),
        linearity=linearity,
    )


MODELS = {
    "CAHV": PINHOLE,
    "Curiosity": CURIOSITY,
    "Spirit": SPIRIT,
    "perspective CAHVORE": fisheye(1.0),
    "fisheye CAHVORE": fisheye(0.0),
    "general CAHVORE": fisheye(0.4),
    "negative CAHVORE": fisheye(-0.3),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
@given(x=st.floats(0.0, 1024.0), y=st.floats(0.0, 1024.0), distance=st.floats(0.5, 500.0))
@settings(max_examples=40, deadline=None)
def test_pixel_to_ray_to_pixel(model: CameraModel, x: float, y: float, distance: float) -> None:
    origin, direction = model.pixel_to_ray(x, y)
    assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(
        model.project(origin + distance * direction), [x, y], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_ray_through_a_point_meets_it(model: CameraModel) -> None:
    _, forward = model.pixel_to_ray(300.0, 700.0)
    point = np.array(model.c) + 12.0 * forward
    x, y = model.project(point)
    origin, direction = model.pixel_to_ray(x, y)
    along = (point - origin) @ direction
    np.testing.assert_allclose(origin + along * direction, point, atol=1e-6)


def test_pixel_centers_are_half_a_pixel_from_the_samples_of_the_model() -> None:
    # sample 0, line 0 of the model is the center of pixel [0, 0], (x, y) = (0.5, 0.5)
    a, h, v = (np.array(vector) for vector in (PINHOLE.a, PINHOLE.h, PINHOLE.v))
    _, ray = PINHOLE.pixel_to_ray(0.5, 0.5)
    assert ray @ h / (ray @ a) == pytest.approx(0.0, abs=1e-9)
    assert ray @ v / (ray @ a) == pytest.approx(0.0, abs=1e-9)


def test_directions_point_where_the_frame_says() -> None:
    _, middle = PINHOLE.pixel_to_ray(512.0, 512.0)
    np.testing.assert_allclose(middle, AXIS, atol=1e-12)
    _, right = PINHOLE.pixel_to_ray(1000.0, 512.0)
    assert right[1] > 0.4  # y is right
    _, low = PINHOLE.pixel_to_ray(512.0, 1000.0)
    assert low[2] > middle[2]  # z is down


def test_arrays_keep_their_shape_and_empty_stays_empty() -> None:
    origin, direction = CURIOSITY.pixel_to_ray(np.zeros((3, 1)), np.zeros((1, 4)))
    assert direction.shape == (3, 4, 3)
    assert origin.shape == (3,)
    origin, direction = fisheye(0.0).pixel_to_ray(np.zeros(5), 0.0)
    assert origin.shape == direction.shape == (5, 3)
    assert SPIRIT.pixel_to_ray([], [])[1].shape == (0, 3)
    assert SPIRIT.project(np.zeros((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("model", [PINHOLE, CURIOSITY], ids=["CAHV", "CAHVOR"])
def test_a_point_behind_the_camera_is_nowhere(model: CameraModel) -> None:
    assert np.isnan(model.project(np.array(model.c) - 3.0 * np.array(model.a))).all()


@pytest.mark.parametrize(
    ("model", "expected"),
    [(PINHOLE, 1000.0), (CURIOSITY, 1224.7), (SPIRIT, 1188.3)],
    ids=["pinhole", "Curiosity", "Spirit"],
)
def test_focal_length(model: CameraModel, expected: float) -> None:
    assert model.focal_length_px == pytest.approx(expected, abs=0.1)
    assert model.vertical_focal_length_px == pytest.approx(expected, abs=0.5)


def test_flat_ground_straight_ahead_and_above_the_horizon() -> None:
    # the middle looks down by 0.5 per meter: 2 m of height are 4 m of ground, sqrt(20) of range
    assert flat_ground_range(PINHOLE, 512.0, 512.0) == pytest.approx(math.sqrt(20.0))
    # ground half a meter below the frame's origin is 2.5 m below the camera
    assert flat_ground_range(PINHOLE, 512.0, 512.0, 0.5) == pytest.approx(math.sqrt(20.0) * 1.25)
    horizon = 512.0 - 1000.0 * math.tan(DOWN)
    ranges = flat_ground_range(PINHOLE, 512.0, [horizon - 1.0, horizon + 1.0, 1023.5])
    assert np.isinf(ranges[0])
    assert 1000.0 < ranges[1] < 3000.0
    assert 2.0 < ranges[2] < 3.0


def test_flat_ground_under_a_tilted_rover() -> None:
    # pitched down by 10 degrees, the same pixel looks more steeply down and meets ground sooner
    tilt = math.radians(10.0)
    up = (-math.sin(tilt), 0.0, -math.cos(tilt))
    height = 2.0 * math.cos(tilt)
    expected = height / math.sin(DOWN + tilt)
    assert flat_ground_range(PINHOLE, 512.0, 512.0, up=up) == pytest.approx(expected)


def test_no_ground_when_the_camera_is_below_it() -> None:
    assert np.isinf(flat_ground_range(PINHOLE, 512.0, 512.0, ground_z=-3.0))


def test_a_distant_pupil_changes_the_range_by_its_shift_only() -> None:
    with_pupil = flat_ground_range(fisheye(1.0), 700.0, 900.0)
    origin, direction = fisheye(1.0).pixel_to_ray(700.0, 900.0)
    ground = origin - direction * origin[2] / direction[2]
    assert with_pupil == pytest.approx(np.linalg.norm(ground - np.array(SPIRIT.c)))


@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_up_is_what_the_rotation_maps_to_level_up(parts: list[float]) -> None:
    s, i, j, k = parts
    if math.hypot(*parts) < 0.1:
        return
    level = Rotation.from_quat([i, j, k, s]).apply(up_from_quaternion((s, i, j, k)))
    np.testing.assert_allclose(level, LEVEL_UP, atol=1e-9)


def test_up_of_no_rotation_is_minus_z() -> None:
    assert up_from_quaternion((1.0, 0.0, 0.0, 0.0)) == LEVEL_UP
    with pytest.raises(InvalidCameraModel, match="quaternion"):
        up_from_quaternion((0.0, 0.0, 0.0, 0.0))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_json_round_trip(model: CameraModel) -> None:
    assert CameraModel.from_json(model.to_json()) == model


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "PINHOLE"}, "unknown"),
        ({"model_type": None}, "unknown"),
        ({"c": [0.0, 0.0]}, "Component C"),
        ({"h": None}, "Component H"),
        ({"r": ["N/A", "N/A", "N/A"]}, "Component R"),
        ({"v": [math.nan, 0.0, 0.0]}, "Component V"),
        ({"a": [0.0, 0.0, 0.0]}, "unit vector"),
        ({"o": [5.0, 0.0, 0.0]}, "unit vector"),
        ({"h": CURIOSITY.a}, "focal length"),
        ({"linearity": "high"}, "linearity"),
    ],
)
def test_a_bad_model_is_named(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidCameraModel, match=reason):
        CameraModel.from_json({**CURIOSITY.to_json(), **change})


def test_a_fisheye_needs_its_pupil() -> None:
    with pytest.raises(InvalidCameraModel, match="Component E"):
        CameraModel("CAHVORE", SPIRIT.c, SPIRIT.a, SPIRIT.h, SPIRIT.v, SPIRIT.o, SPIRIT.r)
