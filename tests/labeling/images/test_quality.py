"""Measures of a frame's quality, and near-duplicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy import ndimage

from terrain.display.quality import FrameKey, Quality, measure_quality, near_duplicates


def textured(seed: int = 1, size: int = 256, mean: float = 100.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    broad = ndimage.gaussian_filter(rng.normal(size=(size, size)), size / 16) * size * 3
    fine = ndimage.gaussian_filter(rng.normal(size=(size, size)), 0.7) * 12
    return np.clip(mean + broad + fine, 10, 240).astype(np.uint8)


def bits_apart(a: np.ndarray, b: np.ndarray) -> int:
    return (measure_quality(a).fingerprint ^ measure_quality(b).fingerprint).bit_count()


class TestMeasure:
    def test_black(self) -> None:
        quality = measure_quality(np.zeros((64, 64), dtype=np.uint8))
        assert quality == Quality(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0)

    def test_saturated(self) -> None:
        quality = measure_quality(np.full((64, 64), 255, dtype=np.uint8))
        assert (quality.dark_share, quality.saturated_share, quality.sharpness) == (0.0, 1.0, 0.0)

    def test_shares_are_of_the_usable_terrain(self) -> None:
        frame = np.full((40, 40), 100, dtype=np.uint8)
        frame[:8] = 255  # sky
        frame[32:] = 0  # rover in shadow
        frame[20:32, :20] = 2
        beyond = np.zeros((40, 40), dtype=np.bool_)
        beyond[:8] = True
        rover = np.zeros((40, 40), dtype=np.bool_)
        rover[32:] = True
        quality = measure_quality(frame, rover, beyond)
        assert quality.saturated_share == 0.0
        assert quality.dark_share == 0.25
        assert quality.rover_share == 0.2
        assert quality.terrain_share == 0.6

    def test_without_terrain_the_whole_frame_is_measured(self) -> None:
        rover = np.ones((16, 16), dtype=np.bool_)
        quality = measure_quality(np.full((16, 16), 255, dtype=np.uint8), rover)
        assert (quality.terrain_share, quality.rover_share) == (0.0, 1.0)
        assert quality.saturated_share == 1.0

    def test_contrast_is_blind_to_a_hot_pixel(self) -> None:
        frame = np.full((40, 40), 100, dtype=np.uint8)
        frame[:, 20:] = 151
        frame[0, 0] = 255
        assert measure_quality(frame).contrast == pytest.approx(51 / 255)

    def test_a_blur_is_less_sharp_however_bright(self) -> None:
        frame = textured()
        blurred = ndimage.gaussian_filter(frame, 2)
        assert measure_quality(blurred).sharpness < 0.25 < 0.4 < measure_quality(frame).sharpness
        dim = (frame // 2).astype(np.uint8)
        assert measure_quality(dim).sharpness == pytest.approx(
            measure_quality(frame).sharpness, abs=0.05
        )

    def test_a_ramp_has_no_detail_and_noise_nothing_else(self) -> None:
        ramp = np.tile(np.arange(128, dtype=np.uint8), (32, 1))
        assert measure_quality(ramp).sharpness == 0.0
        noise = np.random.default_rng(3).integers(0, 255, (128, 128)).astype(np.uint8)
        assert measure_quality(noise).sharpness > 0.95

    def test_color_is_measured_by_its_luminance(self) -> None:
        gray = textured()
        assert measure_quality(np.dstack([gray] * 3)) == measure_quality(gray)

    @pytest.mark.parametrize("size", [(1, 1), (3, 2), (31, 33), (5, 900)])
    def test_any_size(self, size: tuple[int, int]) -> None:
        quality = measure_quality(np.full(size, 7, dtype=np.uint8))
        assert 0 <= quality.fingerprint < 2**64

    def test_empty_or_with_another_mask(self) -> None:
        with pytest.raises(ValueError, match="empty"):
            measure_quality(np.zeros((0, 3), dtype=np.uint8))
        with pytest.raises(ValueError, match="mask"):
            measure_quality(np.zeros((4, 4), dtype=np.uint8), np.zeros((4, 5), dtype=np.bool_))

    def test_json(self) -> None:
        quality = measure_quality(textured())
        document = quality.to_json()
        assert document["fingerprint"] == f"{quality.fingerprint:016x}"
        again = Quality.from_json(document)
        assert again.fingerprint == quality.fingerprint
        assert again.sharpness == pytest.approx(quality.sharpness, abs=5e-5)


class TestRealFrames:
    """By eye, 397586928 is black, 397586934 is saturated, and 397681801 shows mostly the rover."""

    @pytest.fixture
    def measured(self, real_data: Path) -> dict[str, Quality]:
        images = real_data / "ai4mars/v0.1-sample/msl/images"
        found = {}
        for path in sorted((images / "edr").glob("*.JPG")):
            masks = []
            for folder, kind in (("mxy", "MXY"), ("rng-30m", "RNG")):
                mask = images / folder / f"{path.stem.replace('EDR', kind)}.png"
                masks.append(np.asarray(Pillow.open(mask)).astype(np.bool_))
            found[path.stem[4:13]] = measure_quality(np.asarray(Pillow.open(path)), *masks)
        return found

    def test_the_useless_frames_stand_out(self, measured: dict[str, Quality]) -> None:
        assert {name for name, q in measured.items() if q.dark_share > 0.5} == {"397586928"}
        assert {name for name, q in measured.items() if q.saturated_share > 0.5} == {"397586934"}
        assert {name for name, q in measured.items() if q.rover_share > 0.6} == {"397681801"}
        assert measured["397681801"].terrain_share < 0.1

    def test_no_two_are_near_duplicates(self, measured: dict[str, Quality]) -> None:
        frames = [
            FrameKey(number, quality.fingerprint, 0.0, 2, 0)
            for number, quality in enumerate(measured.values())
        ]
        assert near_duplicates(frames) == {}


class TestFingerprint:
    def test_exposure_noise_and_a_small_shift_hardly_change_it(self) -> None:
        frame = textured(size=512)
        noise = np.random.default_rng(5).normal(0, 3, frame.shape)
        assert bits_apart(frame, (frame // 2).astype(np.uint8)) <= 2
        assert bits_apart(frame, np.clip(frame + noise, 0, 255).astype(np.uint8)) <= 2
        assert bits_apart(frame, np.roll(frame, 2, axis=1)) <= 6

    def test_another_scene_is_far_away(self) -> None:
        apart = [bits_apart(textured(1), textured(seed)) for seed in range(2, 12)]
        assert min(apart) > 10


def key(number: int, fingerprint: int = 0, seconds: float | None = 0.0, **more: object) -> FrameKey:
    place = {"site": 5, "drive": 10} | more
    return FrameKey(number, fingerprint, seconds, **place)  # type: ignore[arg-type]


class TestNearDuplicates:
    @pytest.mark.parametrize(
        ("other", "same", "why"),
        [
            (key(2), True, "everything is equal"),
            (key(2, 0b111111), True, "6 bits"),
            (key(2, 0b1111111), False, "7 bits"),
            (key(2, 0b111111 << 58), True, "6 bits at the other end"),
            (key(2, drive=11), False, "the rover had moved on"),
            (key(2, site=6), False, "another site"),
            (key(2, rover="spirit"), False, "another rover"),
            (key(2, seconds=600.0), True, "ten minutes"),
            (key(2, seconds=601.0), False, "later than that"),
            (key(2, seconds=None), False, "times cannot be compared"),
            (key(2, seconds=None, clock=0.0), False, "nor can clock and calendar"),
        ],
    )
    def test_pairs(self, other: FrameKey, same: bool, why: str) -> None:
        assert near_duplicates([key(1), other]) == ({2: 1} if same else {}), why

    @pytest.mark.parametrize(
        ("one", "two", "same"),
        [
            ((10.0, -15.0), (10.9, -15.9), True),
            ((10.0, -15.0), (11.1, -15.0), False),
            ((10.0, -15.0), (10.0, -16.1), False),
            ((359.6, 0.0), (0.4, 0.0), True),
            (None, (0.4, 0.0), True),
        ],
    )
    def test_pointing(
        self, one: tuple[float, float] | None, two: tuple[float, float], same: bool
    ) -> None:
        found = near_duplicates([key(1, pointing=one), key(2, pointing=two)])
        assert found == ({2: 1} if same else {})

    def test_without_place_or_time_it_takes_more_likeness(self) -> None:
        nowhere = {"site": None, "drive": None}
        frames = [key(1, 0, None, **nowhere), key(2, 0b11, None, **nowhere)]
        assert near_duplicates(frames) == {2: 1}
        assert near_duplicates([key(1, 0, None), key(2, 0b111, None)]) == {}
        assert near_duplicates([key(1, 0, 5.0, **nowhere), key(2, 0b111, 6.0, **nowhere)]) == {}

    def test_products_of_one_exposure_show_the_same_whatever_their_fingerprints(self) -> None:
        """Linearization changes the fingerprint of a frame."""
        far = (1 << 64) - 1
        frames = [key(1), key(2, far, exposure="e"), key(3, exposure="e"), key(4, far // 3)]
        assert near_duplicates(frames) == {3: 2} | near_duplicates([key(1), key(4, far // 3)])
        assert near_duplicates([key(1), key(2, exposure="e"), key(3, far, exposure="e")]) == {
            2: 1,
            3: 1,
        }, "the frame that stays for the exposure"
        other = key(3, far, exposure="e", rover="spirit")
        assert near_duplicates([key(2, exposure="e"), other]) == {}

    def test_the_earliest_stays_whatever_the_order(self) -> None:
        frames = [key(7, seconds=30.0), key(3, seconds=20.0), key(9, seconds=10.0)]
        assert near_duplicates(frames) == {3: 9, 7: 9}
        assert near_duplicates(frames[::-1]) == {3: 9, 7: 9}

    def test_of_equal_times_the_smaller_id_stays(self) -> None:
        assert near_duplicates([key(4), key(2)]) == {4: 2}

    def test_a_chain_does_not_tie_what_is_far_apart(self) -> None:
        steps = [0, 0b11111, 0b1111111111]
        frames = [key(number, bits, 10.0 * number) for number, bits in enumerate(steps)]
        assert near_duplicates(frames) == {1: 0}

    def test_none_and_one(self) -> None:
        assert near_duplicates([]) == {}
        assert near_duplicates([key(1)]) == {}

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2**64 - 1) | st.integers(0, 255) | st.just(0b10101 << 40),
                st.sampled_from([0.0, 300.0, 900.0, 1200.0, None]),
                st.sampled_from([None, 4]),
            ),
            max_size=14,
        )
    )
    @settings(max_examples=80, deadline=None)
    def test_as_one_would_write_it_first(
        self, rows: list[tuple[int, float | None, int | None]]
    ) -> None:
        frames = [
            key(number, bits, seconds, site=site)
            for number, (bits, seconds, site) in enumerate(rows)
        ]
        stays: list[FrameKey] = []
        expected = {}
        for frame in sorted(
            frames, key=lambda f: (f.start_time is not None, f.start_time or 0, f.id)
        ):
            most = 6 if frame.start_time is not None and frame.site is not None else 2
            for other in stays:
                if (
                    other.site == frame.site
                    and (other.start_time is None) == (frame.start_time is None)
                    and (frame.start_time or 0) - (other.start_time or 0) <= 600
                    and (other.fingerprint ^ frame.fingerprint).bit_count() <= most
                ):
                    expected[frame.id] = other.id
                    break
            else:
                stays.append(frame)
        assert near_duplicates(frames) == expected

    @pytest.mark.parametrize("count", [1_000, 8_000])
    def test_the_work_grows_with_the_number_of_frames(self, count: int) -> None:
        """The worst case is a folder without place or time, half of it black.

        Each black frame is compared with the first of them, and others with hardly any; all pairs
        of 8,000 frames would be 32 million comparisons.
        """
        comparisons = 0

        class Fingerprint(int):
            def __xor__(self, other: int) -> int:
                nonlocal comparisons
                comparisons += 1
                return int(self) ^ int(other)

        bits = np.random.default_rng(2).integers(0, 2**64, count, dtype=np.uint64).tolist()
        frames = [
            FrameKey(number, Fingerprint(0 if number % 2 else bits[number]))
            for number in range(count)
        ]
        assert len(near_duplicates(frames)) == count // 2 - 1
        assert count // 2 - 1 <= comparisons <= count
