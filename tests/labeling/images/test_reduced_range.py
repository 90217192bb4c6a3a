"""The reduced range: medians of cells, and encoding as an image that a browser can read."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from labeling.images.preparation.pictures import range_png, read_range_png
from terrain.camera import CameraModel, flat_ground_range
from terrain.display.reduced_range import (
    FARTHER,
    centimeters,
    estimated_reduced_range,
    meters,
    reduce_range,
)

# A camera 1.9 m up that looks down by 15 degrees, with the distortion of a raw NAVCAM
DOWN = math.radians(15.0)
AXIS = (math.cos(DOWN), 0.0, math.sin(DOWN))
BELOW = (-math.sin(DOWN), 0.0, math.cos(DOWN))
RAW_CAMERA = CameraModel(
    "CAHVOR",
    c=(0.0, 0.0, -1.9),
    a=AXIS,
    h=(511.5 * AXIS[0], 1225.0, 511.5 * AXIS[2]),
    v=tuple(1225.0 * below + 511.5 * a for below, a in zip(BELOW, AXIS, strict=True)),
    o=AXIS,
    r=(0.0001, 0.009, 0.018),
)

anything = hnp.arrays(
    np.float32,
    st.tuples(st.integers(0, 11), st.integers(0, 11)),
    elements=st.sampled_from([0.0, -2.0, math.nan, 0.001, 1.5, 7.25, 30.0, 655.0, 700.0, math.inf]),
)


class TestCentimeters:
    @pytest.mark.parametrize(
        ("range_m", "cm"),
        [
            (0.0, 0),
            (-3.0, 0),
            (math.nan, 0),
            (-math.inf, 0),
            (0.001, 1),  # near, and not "no range"
            (1.234, 123),
            (29.999, 3000),
            (655.34, 65534),
            (655.36, FARTHER),
            (5000.0, FARTHER),
            (math.inf, FARTHER),
        ],
    )
    @pytest.mark.parametrize("kind", [np.float32, np.float64])
    def test_values(self, range_m: float, cm: int, kind: type[np.floating]) -> None:
        assert centimeters(np.array([[range_m]], dtype=kind)).tolist() == [[cm]]

    def test_input_is_left_alone(self) -> None:
        ranges = np.array([[-1.0, 2.0]])
        centimeters(ranges)
        assert ranges.tolist() == [[-1.0, 2.0]]

    @given(hnp.arrays(np.uint16, st.tuples(st.integers(0, 5), st.integers(0, 5))))
    @settings(max_examples=50, deadline=None)
    def test_meters_and_back(self, reduced: np.ndarray) -> None:
        np.testing.assert_array_equal(centimeters(meters(reduced)), reduced)


class TestReduceRange:
    def test_the_median_of_what_is_valid(self) -> None:
        cell = np.array(
            [
                [0.0, 5.0, 1.0, math.nan],
                [0.0, 0.0, -1.0, 9.0],
                [2.0, 0.0, 0.0, 0.0],
                [0.0, 0.0, 0.0, 0.0],
            ]
        )
        # valid: 1, 2, 5, 9; of the two in the middle the nearer one
        assert reduce_range(cell).tolist() == [[200]]

    def test_an_edge_between_rock_and_plain_stays_an_edge(self) -> None:
        cell = np.full((4, 4), 40.0)
        cell[:2] = 6.0
        assert reduce_range(cell).tolist() == [[600]]

    def test_smaller_cells_at_the_lower_and_right_edge(self) -> None:
        ranges = np.full((5, 9), 3.0)
        ranges[4] = 2.0
        ranges[:, 8] = 0.0
        assert reduce_range(ranges).tolist() == [[300, 300, 0], [200, 200, 0]]

    def test_nothing(self) -> None:
        assert reduce_range(np.zeros((8, 8), dtype=np.float32)).tolist() == [[0, 0], [0, 0]]
        assert reduce_range(np.full((4, 4), math.nan)).tolist() == [[0]]
        assert reduce_range(np.zeros((0, 8))).shape == (0, 2)

    @given(anything)
    @settings(max_examples=100, deadline=None)
    def test_as_one_would_write_it_first(self, ranges: np.ndarray) -> None:
        reduced = reduce_range(ranges)
        height, width = ranges.shape
        assert reduced.shape == (math.ceil(height / 4), math.ceil(width / 4))
        assert reduced.dtype == np.uint16
        for (i, j), cm in np.ndenumerate(reduced):
            cell = centimeters(ranges[4 * i : 4 * i + 4, 4 * j : 4 * j + 4])
            valid = sorted(cell[cell > 0].tolist())
            assert cm == (valid[(len(valid) - 1) // 2] if valid else 0)


class TestEstimated:
    def test_it_is_the_range_of_flat_ground_at_the_middle_of_the_cells(self) -> None:
        reduced = estimated_reduced_range(RAW_CAMERA, 1024, 1022)
        assert reduced.shape == (256, 256)
        y, x = np.mgrid[0:256, 0:256] * 4 + 2.0
        exact = flat_ground_range(RAW_CAMERA, x, y)
        near = exact < 30.0
        assert near.mean() > 0.5
        np.testing.assert_allclose(meters(reduced)[near], exact[near], atol=0.02)

    def test_the_sky_is_far(self) -> None:
        reduced = estimated_reduced_range(RAW_CAMERA, 1024, 1024)
        assert (reduced[:40] == FARTHER).all()
        assert not (reduced == 0).any()

    @pytest.mark.parametrize("size", [(0, 0), (1, 1), (4, 5), (17, 64)])
    def test_small_frames(self, size: tuple[int, int]) -> None:
        height, width = size
        shape = (math.ceil(height / 4), math.ceil(width / 4))
        assert estimated_reduced_range(RAW_CAMERA, height, width).shape == shape


class TestPicture:
    def test_every_value_survives(self) -> None:
        every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        np.testing.assert_array_equal(read_range_png(io.BytesIO(range_png(every))), every)

    def test_a_canvas_reads_it_exactly(self) -> None:
        """The file has 8 bits per channel, no transparency, and nothing that triggers color
        conversion.
        """
        content = range_png(np.array([[0x1234, 0]], dtype=np.uint16))
        with Pillow.open(io.BytesIO(content)) as picture:
            assert picture.mode == "RGB"
            assert picture.getpixel((0, 0)) == (0x12, 0x34, 0)
            assert not {"gamma", "icc_profile", "chromaticity", "srgb"} & set(picture.info)
