"""Tone, range limit, scale bar, display image, and the derived files."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from labeling.images.ingest.products import Product
from labeling.images.preparation.image_files import Parameters, beyond_limit, prepare
from labeling.images.preparation.pictures import (
    jpeg_bytes,
    png_bytes,
    read_mask,
    read_range_png,
    sizes,
)
from terrain.camera import CameraModel
from terrain.display.display import display_image
from terrain.display.range_limit import (
    cut_row,
    cut_row_mask,
    estimated_cut_row,
    flat_ground_image,
    per_pixel_mask,
    rows_beyond,
)
from terrain.display.reduced_range import reduce_range
from terrain.display.scale_bar import (
    CURIOSITY_NAVCAM,
    MER_NAVCAM,
    ScaleBar,
    ground_to_label,
    scale_bar,
)
from terrain.display.tone import linear, luminance, stretch

# A level camera like Curiosity's, 1.9 m up, looking down by 15 degrees
DOWN = math.radians(15.0)
AXIS = (math.cos(DOWN), 0.0, math.sin(DOWN))
BELOW = (-math.sin(DOWN), 0.0, math.cos(DOWN))
CAMERA = CameraModel(
    "CAHV",
    c=(0.0, 0.0, -1.9),
    a=AXIS,
    h=(511.5 * AXIS[0], 1225.0, 511.5 * AXIS[2]),
    v=tuple(1225.0 * below + 511.5 * a for below, a in zip(BELOW, AXIS, strict=True)),
)


class TestLinear:
    @pytest.mark.parametrize(
        ("dn", "bits", "gray"),
        [
            (0, 12, 0),
            (15, 12, 0),  # shifted, not rounded
            (16, 12, 1),
            (4095, 12, 255),
            (5000, 12, 255),  # beyond the bits: saturated, not wrapped
            (-3, 12, 0),
            (32766, 15, 255),
            (5828, 15, 45),
            (200, 8, 200),
        ],
    )
    def test_upper_eight_bits(self, dn: int, bits: int, gray: int) -> None:
        assert linear(np.array([[dn]], dtype=np.int16), bits).tolist() == [[gray]]

    def test_fewer_bits_than_a_byte(self) -> None:
        with pytest.raises(ValueError, match="at least 8 bits"):
            linear(np.zeros((1, 1), dtype=np.uint8), 7)


class TestStretch:
    def test_terrain_fills_the_scale_and_ignores_the_excluded(self) -> None:
        terrain = np.linspace(300, 900, 100 * 100).reshape(100, 100).astype(np.uint16)
        sky = np.full((100, 100), 4000, dtype=np.uint16)
        frame = np.vstack([sky, terrain])
        exclude = rows_beyond(100, 200, 100)
        gray = stretch(frame, exclude)
        assert gray[100:].min() == 0
        assert gray[100:].max() == 255
        assert 110 < np.median(gray[100:]) < 145
        np.testing.assert_array_equal(gray[100:], stretch(terrain))
        assert np.ptp(stretch(frame)[100:]) < 130

    @pytest.mark.parametrize("value", [0, 17, 255])
    def test_a_constant_byte_frame_keeps_its_gray(self, value: int) -> None:
        assert (stretch(np.full((4, 4), value, dtype=np.uint8)) == value).all()

    def test_constant_deep_frames(self) -> None:
        assert (stretch(np.zeros((4, 4), dtype=np.uint16)) == 0).all()
        assert (stretch(np.full((4, 4), 4095, dtype=np.uint16)) == 255).all()
        assert (stretch(np.full((4, 4), 32767, dtype=np.uint16)) == 255).all()

    def test_everything_excluded_counts_everything(self) -> None:
        frame = np.arange(1, 401, dtype=np.uint16).reshape(20, 20)
        everything = np.ones((20, 20), dtype=np.bool_)
        np.testing.assert_array_equal(stretch(frame, everything), stretch(frame))

    def test_missing_edges_do_not_set_the_tone(self) -> None:
        frame = np.linspace(800, 1200, 2500).reshape(50, 50).astype(np.uint16)
        edged = np.pad(frame, 20)
        np.testing.assert_array_equal(stretch(edged)[20:70, 20:70], stretch(frame))

    def test_dusk_is_not_blown_up_to_noise(self) -> None:
        gray = stretch(np.tile([6, 7], (50, 25)).astype(np.uint8))
        assert np.ptp(gray) < 60

    def test_empty_and_wrong_shape(self) -> None:
        assert stretch(np.zeros((0, 4), dtype=np.uint8)).shape == (0, 4)
        with pytest.raises(ValueError, match="mask"):
            stretch(np.zeros((2, 2), dtype=np.uint8), np.zeros((3, 2), dtype=np.bool_))

    @given(
        hnp.arrays(
            st.sampled_from([np.dtype(np.uint8), np.dtype(np.int16), np.dtype(np.uint16)]), (7, 9)
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_brighter_never_becomes_darker(self, frame: np.ndarray) -> None:
        order = np.argsort(frame.ravel(), kind="stable")
        gray = stretch(frame).ravel()[order].astype(int)
        assert (np.diff(gray) >= 0).all()


class TestColor:
    def test_luminance(self) -> None:
        colors = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]])
        assert luminance(colors.astype(np.uint8)).tolist() == [[255, 76, 149, 28]]
        assert luminance((colors * 257).astype(np.uint16))[0, 0] == 65535
        gray = np.arange(4).reshape(2, 2)
        assert luminance(gray) is gray

    def test_three_equal_channels_are_stretched_as_one(self) -> None:
        gray = np.linspace(20, 140, 400).reshape(20, 20).astype(np.uint8)
        colored = stretch(np.dstack([gray] * 3))
        np.testing.assert_array_equal(colored, np.dstack([stretch(gray)] * 3))

    def test_one_table_for_all_channels(self) -> None:
        """Stretching each channel separately would turn red sand gray."""
        rng = np.random.default_rng(4)
        sand = rng.integers(40, 80, (30, 30, 1)) * np.array([1.5, 1.0, 0.6])
        shown = stretch(sand.astype(np.uint8)).astype(int)
        red, green, blue = shown.reshape(-1, 3).mean(axis=0)
        assert red > green + 40 > blue + 80

    def test_color_of_12_bits(self) -> None:
        frame = np.dstack([np.linspace(100, 900, 400).reshape(20, 20).astype(np.uint16)] * 3)
        assert np.ptp(stretch(frame)) == 255

    def test_display_darkens_and_draws_in_all_channels(self) -> None:
        rng = np.random.default_rng(1)
        frame = rng.integers(50, 150, (100, 100, 3)).astype(np.uint8)
        ring = ((29.0, 66.0), (71.0, 66.0), (71.0, 74.0), (29.0, 74.0))
        bar = ScaleBar(50.0, 70.0, 42.0, 42.0, 42.0, ring, 0.5, 14.0, True)
        image = display_image(frame, rows_beyond(40, 100, 100), None, bar)
        assert image.shape == (100, 100, 3)
        assert image[:40].max() <= 102
        assert (image[66:74, 29:71] == 255).all()
        assert (image[64:66, 29:71] < 32).all()

    def test_a_mask_of_another_shape(self) -> None:
        with pytest.raises(ValueError, match="mask"):
            stretch(np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((4, 3), dtype=np.bool_))


class TestRangeLimit:
    def test_rows_are_whole(self) -> None:
        ranges = np.array(
            [
                [90.0, 80.0, 70.0, 60.0],
                [45.0, 20.0, 40.0, 35.0],  # a near boulder does not keep the row
                [25.0, 28.0, 31.0, 26.0],  # a far hole does not mask the row
                [10.0, 11.0, 12.0, 10.0],
            ]
        )
        assert cut_row(ranges, 30.0) == 2
        assert cut_row_mask(ranges, 30.0).tolist() == [[True] * 4] * 2 + [[False] * 4] * 2
        assert per_pixel_mask(ranges, 30.0).astype(int).tolist() == [
            [1, 1, 1, 1],
            [1, 0, 1, 1],
            [0, 0, 1, 0],
            [0, 0, 0, 0],
        ]

    @pytest.mark.parametrize("nothing", [0.0, -1.0, math.nan])
    def test_no_range_is_neither_near_nor_far(self, nothing: float) -> None:
        ranges = np.array(
            [
                [nothing, nothing, nothing],  # above the cut row: beyond
                [50.0, nothing, 50.0],
                [20.0, nothing, 20.0],  # below it: as the nearest
                [10.0, 10.0, 10.0],
            ]
        )
        assert cut_row(ranges, 30.0) == 2
        assert per_pixel_mask(ranges, 30.0).tolist() == cut_row_mask(ranges, 30.0).tolist()

    @pytest.mark.parametrize("nothing", [0.0, math.nan])
    def test_no_range_anywhere_masks_nothing(self, nothing: float) -> None:
        ranges = np.full((5, 5), nothing)
        assert cut_row(ranges, 30.0) == 0
        assert not per_pixel_mask(ranges, 30.0).any()

    def test_the_limit_itself_is_not_beyond(self) -> None:
        assert not per_pixel_mask(np.full((3, 3), 30.0), 30.0).any()
        assert per_pixel_mask(np.full((3, 3), np.inf), 30.0).all()

    def test_stereo_that_ends_before_the_limit_is_extrapolated(self) -> None:
        whole = flat_ground_image(CAMERA, 1024, 64)
        seen = np.where(whole < 12.0, whole, 0.0)  # stereo found nothing farther than 12 m
        cut = cut_row(whole, 30.0)
        assert cut > 150
        assert cut_row(seen, 30.0) == pytest.approx(cut, abs=6)

    def test_a_look_down_at_the_rover_keeps_everything(self) -> None:
        steep = np.tile(np.linspace(3.0, 1.5, 200)[:, None], (1, 50))
        steep[:20] = 0.0
        assert cut_row(steep, 30.0) == 0

    @given(
        hnp.arrays(
            np.float64,
            st.tuples(st.integers(1, 8), st.integers(1, 8)),
            elements=st.sampled_from([0.0, math.nan, 5.0, 29.0, 30.0, 31.0, 80.0, math.inf]),
        )
    )
    @settings(max_examples=80, deadline=None)
    def test_no_other_cut_agrees_better(self, ranges: np.ndarray) -> None:
        has_range = ranges > 0.0
        far = has_range & (ranges > 30.0)

        def wrong(cut: int) -> int:
            return int(((rows_beyond(cut, *ranges.shape) != far) & has_range).sum())

        best = min(wrong(cut) for cut in range(ranges.shape[0] + 1))
        assert wrong(cut_row(ranges, 30.0)) == best
        per_pixel = per_pixel_mask(ranges, 30.0)
        np.testing.assert_array_equal(per_pixel[has_range], far[has_range])

    @given(
        hnp.arrays(
            np.float64,
            st.tuples(st.integers(1, 12), st.integers(1, 12)),
            elements=st.sampled_from([0.0, 0.0, 0.0, 10.0, 80.0]),
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_a_hole_is_decided_by_its_nearest_pixel_with_range(self, ranges: np.ndarray) -> None:
        mask, cut = per_pixel_mask(ranges, 30.0), cut_row(ranges, 30.0)
        known = np.argwhere(ranges > 0.0)
        for row, column in np.argwhere(ranges == 0.0):
            if not len(known) or row < cut:
                assert mask[row, column] == bool(len(known))
                continue
            distance = ((known - (row, column)) ** 2).sum(axis=1)
            nearest = known[distance == distance.min()]
            assert mask[row, column] in {ranges[y, x] > 30.0 for y, x in nearest}

    def test_many_holes_and_few_are_filled_alike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(6)
        ranges = np.where(rng.random((80, 80)) < 0.5, rng.choice([10.0, 60.0], (80, 80)), 0.0)
        ranges[40:, :40] = 0.0
        few = per_pixel_mask(ranges, 30.0)
        monkeypatch.setattr("terrain.display.range_limit._MOST_HOLES", 0)
        many = per_pixel_mask(ranges, 30.0)
        # of equally near pixels the one may take this, the other that
        assert (few != many).mean() < 0.05

    def test_estimated_cut_row_is_where_flat_ground_reaches_the_limit(self) -> None:
        cut = estimated_cut_row(CAMERA, 1024, 1024, 30.0)
        column = flat_ground_image(CAMERA, 1024, 1024)[:, 512]
        assert column[cut - 4] > 30.0 > column[cut + 4]
        # depression asin(1.9 / 30) below the horizon, which is 15 degrees above the axis
        expected = 512.0 + 1225.0 * math.tan(math.asin(1.9 / 30.0) - DOWN)
        assert cut == pytest.approx(expected, abs=3)


class TestScaleBar:
    def test_width_from_a_range_product(self) -> None:
        bar = scale_bar(
            0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, range_m=np.full((1024, 1024), 10.0)
        )
        assert bar is not None
        assert bar.width_px == pytest.approx(61.25)  # science: 61 px for 50 cm at 10 m
        assert (bar.x, bar.y, bar.range_m, bar.estimated) == (512.0, 512.0, 10.0, False)
        assert bar.top_width_px < bar.width_px < bar.bottom_width_px
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = bar.polygon
        assert y0 == y1 < 512.0 < y2 == y3
        assert x3 < x0 < x1 < x2

    def test_a_hole_in_the_range_product_looks_around(self) -> None:
        ranges = np.full((1024, 1024), 8.0)
        ranges[480:544, 480:544] = 0.0
        bar = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, range_m=ranges)
        assert bar is not None
        assert (bar.range_m, bar.estimated) == (8.0, False)

    def test_flat_ground_from_the_camera(self) -> None:
        bar = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, camera=CAMERA)
        assert bar is not None
        assert bar.estimated
        assert bar.range_m == pytest.approx(1.9 / math.sin(DOWN))

    def test_the_edges_are_what_the_camera_sees_of_flat_ground(self) -> None:
        bar = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, camera=CAMERA)
        assert bar is not None
        for (left, y), (right, _) in (bar.polygon[:2], bar.polygon[:1:-1]):
            origin, rays = CAMERA.pixel_to_ray([left, right], y)
            ground = origin - rays * (origin[2] / rays[:, 2:])
            assert np.linalg.norm(ground[1] - ground[0]) == pytest.approx(0.5, rel=0.002)

    def test_a_cut_row_and_the_nominal_camera_agree_with_the_camera_model(self) -> None:
        cut = estimated_cut_row(CAMERA, 1024, 1024, 30.0)
        known = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, camera=CAMERA)
        guess = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, cut=cut)
        assert known is not None
        assert guess is not None
        assert guess.estimated
        assert guess.width_px == pytest.approx(known.width_px, rel=0.02)

    def test_a_middle_beyond_the_limit_moves_the_bar_down(self) -> None:
        bar = scale_bar(0.2, 1024, 1024, MER_NAVCAM, limit_m=30.0, cut=700)
        assert bar is not None
        assert bar.y == 862.0
        assert bar.range_m < 30.0

    @pytest.mark.parametrize("cut", [None, 0, 1024])
    def test_nothing_known_no_bar(self, cut: int | None) -> None:
        assert scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, cut=cut) is None

    def test_wider_than_the_frame_no_bar(self) -> None:
        near = np.full((64, 64), 1.0)
        assert scale_bar(0.5, 64, 64, CURIOSITY_NAVCAM, limit_m=30.0, range_m=near) is None

    def test_a_bar_in_the_middle_stays_there_on_ground(self) -> None:
        ground = ground_to_label(1024, 1024, limit_m=30.0, beyond=rows_beyond(300, 1024, 1024))
        bare = scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, cut=300)
        assert bare == scale_bar(
            0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, cut=300, ground=ground
        )

    @pytest.mark.parametrize("source", ["ranges", "camera", "cut row"])
    def test_a_bar_is_never_on_the_rover_or_beyond_the_limit(self, source: str) -> None:
        rover = np.zeros((1024, 1024), dtype=np.bool_)
        rover[400:, 300:] = True
        beyond = rows_beyond(estimated_cut_row(CAMERA, 1024, 1024, 30.0), 1024, 1024)
        ranges = flat_ground_image(CAMERA, 1024, 1024) if source == "ranges" else None
        bar = scale_bar(
            0.5,
            1024,
            1024,
            CURIOSITY_NAVCAM,
            limit_m=30.0,
            camera=CAMERA if source != "cut row" else None,
            range_m=ranges,
            cut=int(beyond[:, 0].sum()),
            ground=ground_to_label(
                1024, 1024, limit_m=30.0, rover=rover, beyond=beyond, range_m=ranges
            ),
        )
        assert bar is not None
        x, y = np.rint(np.array(bar.polygon)).astype(int).T
        covered = np.s_[y.min() - 2 : y.max() + 2, x.min() - 2 : x.max() + 2]
        assert not (rover | beyond)[covered].any()
        assert math.hypot(bar.x - 512, bar.y - 512) < 300

    def test_a_bar_is_not_in_the_sky_of_a_tilted_horizon(self) -> None:
        ranges = np.full((1024, 1024), 10.0)
        for column in range(1024):
            ranges[: int(0.9 * column), column] = 0.0
        ranges[0, :40] = 10.0
        ground = ground_to_label(1024, 1024, limit_m=30.0, range_m=ranges)
        assert not ground[100, 600]
        ranges[800:820, 100:120] = 0.0  # a hole among ranges is ground
        assert ground_to_label(1024, 1024, limit_m=30.0, range_m=ranges)[810, 110]
        tilted = scale_bar(
            0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, range_m=ranges, cut=0, ground=ground
        )
        assert tilted is not None
        for x, y in tilted.polygon:
            assert y > 0.9 * x

    def test_no_room_on_the_ground_no_bar(self) -> None:
        ground = np.zeros((1024, 1024), dtype=np.bool_)
        ground[::40] = True
        assert (
            scale_bar(0.5, 1024, 1024, CURIOSITY_NAVCAM, limit_m=30.0, camera=CAMERA, ground=ground)
            is None
        )

    def test_json(self) -> None:
        bar = scale_bar(0.2, 1024, 1024, MER_NAVCAM, limit_m=30.0, cut=200)
        assert bar is not None
        document = bar.to_json()
        assert document["estimated"] is True
        assert len(document["polygon"]) == 4  # type: ignore[arg-type]
        assert document["width_m"] == 0.2


class TestDisplayImage:
    def test_beyond_is_darker_and_not_black(self) -> None:
        rng = np.random.default_rng(1)
        frame = rng.integers(500, 1500, (100, 100)).astype(np.uint16)
        beyond = rows_beyond(40, 100, 100)
        image = display_image(frame, beyond)
        assert image[:40].max() <= 102
        assert 20 < image[:40].mean() < image[40:].mean() / 2
        assert np.ptp(image[:40]) > 60

    def test_the_bar_is_white_with_a_dark_outline_on_white_sand(self) -> None:
        sand = np.full((60, 100), 255, dtype=np.uint8)
        ring = ((29.0, 26.0), (71.0, 26.0), (71.0, 34.0), (29.0, 34.0))
        bar = ScaleBar(50.0, 30.0, 42.0, 42.0, 42.0, ring, 0.5, 14.0, True)
        image = display_image(sand, scale_bar=bar)
        row = image[30]
        assert (row == 255).sum() == 100 - 4  # two pixels of outline on either side, outside
        assert row[:50].argmin() == 27
        assert (image[26:34, 50] == 255).all()
        assert (image[24:26, 50] < 32).all()
        assert image.dtype == np.uint8

    def test_the_rover_sets_no_tone_and_is_not_darkened(self) -> None:
        frame = np.full((50, 50), 60, dtype=np.uint8)
        frame[::2] = 100
        frame[:, :10] = 250
        rover = np.zeros((50, 50), dtype=np.bool_)
        rover[:, :10] = True
        image = display_image(frame, rover_mask=rover)
        assert image[0, 20] == 255
        assert (image[:, :10] == 255).all()

    def test_a_wrong_mask_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="mask"):
            display_image(np.zeros((4, 4), dtype=np.uint8), np.zeros((4, 5), dtype=np.bool_))

    def test_a_bar_at_the_very_edge_of_the_frame(self) -> None:
        ring = ((-3.0, 0.0), (9.0, 0.0), (9.0, 3.0), (-3.0, 3.0))
        bar = ScaleBar(3.0, 1.0, 12.0, 12.0, 12.0, ring, 0.5, 14.0, True)
        image = display_image(np.full((20, 20), 90, dtype=np.uint8), scale_bar=bar)
        assert (image[:3, :9] == 255).all()
        assert (image[3:5, :9] < 32).all()
        assert (image[5:] == 90).all()


class TestPictures:
    @pytest.mark.parametrize(
        ("shape", "widths"),
        [
            ((1024, 1024), [(320, 320), (640, 640)]),
            ((1200, 1344, 3), [(320, 286), (640, 571), (1280, 1143)]),
            ((256, 320), []),  # not a copy of the same width
            ((3, 321), [(320, 3)]),
            ((1, 1281), [(320, 1), (640, 1), (1280, 1)]),
        ],
    )
    def test_sizes(self, shape: tuple[int, ...], widths: list[tuple[int, int]]) -> None:
        copies = sizes(np.full(shape, 77, dtype=np.uint8))
        assert list(copies) == [width for width, _ in widths]
        for (width, height), copy in zip(widths, copies.values(), strict=True):
            assert copy.shape == (height, width, *shape[2:])
            assert (copy == 77).all()

    def test_a_color_jpeg(self) -> None:
        frame = np.zeros((32, 32, 3), dtype=np.uint8)
        frame[..., 0] = 200
        with Pillow.open(io.BytesIO(jpeg_bytes(frame))) as picture:
            assert picture.mode == "RGB"
            red, green, blue = np.asarray(picture)[16, 16].tolist()
        assert red > 190
        assert max(green, blue) < 10

    @given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
    @settings(max_examples=30, deadline=None)
    def test_a_mask_comes_back(self, mask: np.ndarray) -> None:
        np.testing.assert_array_equal(read_mask(io.BytesIO(png_bytes(mask))), mask)


def product(**more: object) -> Product:
    """Return a textured frame of the level camera; `more` sets other fields."""
    pixels = np.random.default_rng(8).integers(400, 1600, (1024, 1024)).astype(np.uint16)
    frame = linear(pixels)
    plain = Product(
        product_id="NLB_0",
        rover="curiosity",
        camera="navcam-left",
        eye="left",
        sol=1,
        start_time=None,
        site=1,
        drive=1,
        sequence="",
        linear=frame,
        original_jpeg=jpeg_bytes(frame),
        pixels=pixels,
        source_path="",
        source_sha256="",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


class TestPrepare:
    PARAMETERS = Parameters(range_limit_m=30.0, scale_bar_m=0.5)
    FLAT = flat_ground_image(CAMERA, 1024, 1024).astype(np.float32)

    def test_with_a_range_product(self) -> None:
        ranges = np.where(np.isinf(self.FLAT), 0.0, self.FLAT).astype(np.float32)
        rover = np.zeros((1024, 1024), dtype=np.bool_)
        rover[900:] = True
        prepared = prepare(
            product(range_m=ranges, rover_mask=rover, camera_model=CAMERA), self.PARAMETERS
        )
        assert (prepared.range_source, prepared.range_map_source) == ("product", "product")
        assert prepared.range_mask is not None
        assert prepared.rover_mask is not None
        assert prepared.range_map is not None
        cut = cut_row(ranges, 30.0)
        mask = read_mask(io.BytesIO(prepared.range_mask))
        np.testing.assert_array_equal(mask, rows_beyond(cut, 1024, 1024))
        np.testing.assert_array_equal(read_mask(io.BytesIO(prepared.rover_mask)), rover)
        np.testing.assert_array_equal(
            read_range_png(io.BytesIO(prepared.range_map)), reduce_range(ranges)
        )
        assert prepared.scale_bar is not None
        assert not prepared.scale_bar.estimated
        assert list(prepared.copies) == [320, 640]
        assert prepared.quality.terrain_share == pytest.approx((900 - cut) / 1024)
        with Pillow.open(io.BytesIO(prepared.display)) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (1024, 1024))
        with Pillow.open(io.BytesIO(prepared.thumbnail)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (320, 320))

    @pytest.mark.parametrize("empty", [0.0, -1.0, math.nan])
    def test_a_range_product_without_range_tells_nothing(self, empty: float) -> None:
        nothing = np.full((1024, 1024), empty, dtype=np.float32)
        prepared = prepare(product(range_m=nothing), self.PARAMETERS)
        assert prepared.range_source == prepared.range_map_source == "none"
        assert prepared.range_mask is None
        assert prepared.range_map is None
        assert prepared.scale_bar is None
        estimated = prepare(product(range_m=nothing, camera_model=CAMERA), self.PARAMETERS)
        assert estimated.range_source == estimated.range_map_source == "estimated"

    def test_an_estimate_from_the_camera_model(self) -> None:
        prepared = prepare(product(camera_model=CAMERA), self.PARAMETERS)
        assert (prepared.range_source, prepared.range_map_source) == ("estimated", "estimated")
        assert prepared.scale_bar is not None
        assert prepared.scale_bar.estimated
        assert prepared.range_map is not None
        reduced = read_range_png(io.BytesIO(prepared.range_map))
        np.testing.assert_allclose(reduced[128:] / 100, self.FLAT[2::4, 2::4][128:], rtol=0.01)

    def test_a_released_mask_goes_first(self) -> None:
        released = rows_beyond(300, 1024, 1024)
        prepared = prepare(product(range_mask=released, rover="lab-rover"), self.PARAMETERS)
        assert (prepared.range_source, prepared.range_map_source) == ("released", "none")
        assert prepared.estimated_camera is None

    def test_the_edge_of_a_released_mask_tells_where_the_camera_looks(self) -> None:
        cut = cut_row(self.FLAT, 30.0)
        released = rows_beyond(cut, 1024, 1024)
        prepared = prepare(product(range_mask=released), self.PARAMETERS)
        assert (prepared.range_source, prepared.range_map_source) == ("released", "estimated")
        assert prepared.estimated_camera is not None
        assert prepared.range_map is not None
        reduced = read_range_png(io.BytesIO(prepared.range_map)) / 100
        below = -(-cut // 4) + 1
        np.testing.assert_allclose(reduced[below:], self.FLAT[2::4, 2::4][below:], rtol=0.1)
        # The bar and the map say the same of its place.
        bar = prepared.scale_bar
        assert bar is not None
        assert bar.estimated
        assert reduced[int(bar.y) // 4, int(bar.x) // 4] == pytest.approx(bar.range_m, rel=0.02)

    @pytest.mark.parametrize("rows", [0, 1024])
    def test_a_released_mask_of_nothing_or_all_tells_nothing(self, rows: int) -> None:
        released = rows_beyond(rows, 1024, 1024)
        prepared = prepare(product(range_mask=released), self.PARAMETERS)
        assert (prepared.range_map_source, prepared.estimated_camera) == ("none", None)

    def test_a_camera_model_is_not_replaced(self) -> None:
        released = rows_beyond(300, 1024, 1024)
        prepared = prepare(product(range_mask=released, camera_model=CAMERA), self.PARAMETERS)
        assert prepared.estimated_camera is None

    def test_a_frame_that_lies_beyond_as_a_whole_has_no_bar(self) -> None:
        everything = np.ones((1024, 1024), dtype=np.bool_)
        prepared = prepare(product(range_mask=everything, camera_model=CAMERA), self.PARAMETERS)
        assert prepared.scale_bar is None
        assert prepared.quality.terrain_share == 0.0

    def test_the_rule_is_the_campaigns(self) -> None:
        ranges = self.FLAT.copy()
        ranges[800, 500] = 99.0
        frame = product(range_m=ranges)
        per_pixel = replace(self.PARAMETERS, range_rule="per-pixel")
        for parameters, beyond in ((self.PARAMETERS, False), (per_pixel, True)):
            mask, _ = beyond_limit(frame, parameters)
            assert mask is not None
            assert mask[800, 500] == beyond

    def test_the_ground_of_an_unknown_rover_is_not_guessed(self) -> None:
        prepared = prepare(product(rover="lab-rover", camera_model=CAMERA), self.PARAMETERS)
        assert prepared.range_source == "none"
        assert prepared.scale_bar is None

    def test_a_color_frame(self) -> None:
        pixels = np.random.default_rng(9).integers(30, 200, (300, 400, 3)).astype(np.uint8)
        frame = product(linear=pixels, pixels=pixels, original_jpeg=jpeg_bytes(pixels))
        prepared = prepare(frame, self.PARAMETERS)
        with Pillow.open(io.BytesIO(prepared.display)) as picture:
            assert (picture.mode, picture.size) == ("RGB", (400, 300))
        assert list(prepared.copies) == [320]
        assert prepared.original == frame.original_jpeg
