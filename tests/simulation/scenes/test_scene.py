"""Synthetic scenes: reproducible, and consistent with their own camera and classes."""

import re

import numpy as np
import pytest

from simulation.scenes.ground import BIG_ROCK, RECIPES
from simulation.scenes.scene import CAMERA_HEIGHT_M, FOCAL_LENGTH_PX, Scene, make_scene
from terrain.masks import NO_LABEL

SIZE = 256


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(seed, SIZE) for seed in range(20)]


def test_same_seed_gives_the_same_bytes(scenes: list[Scene]) -> None:
    again = make_scene(3, SIZE)
    assert again.product_id == scenes[3].product_id
    assert again.camera == scenes[3].camera
    for name in ("dn", "range_m", "rover_mask", "truth"):
        assert getattr(again, name).tobytes() == getattr(scenes[3], name).tobytes()


def test_another_seed_is_another_scene(scenes: list[Scene]) -> None:
    assert len({scene.product_id for scene in scenes}) == len(scenes)
    assert len({scene.dn.tobytes() for scene in scenes}) == len(scenes)


def test_arrays_have_the_promised_types(scenes: list[Scene]) -> None:
    for scene in scenes:
        kinds = [a.dtype for a in (scene.dn, scene.range_m, scene.rover_mask, scene.truth)]
        assert kinds == [np.uint16, np.float32, np.bool_, np.uint8]
        assert {a.shape for a in (scene.dn, scene.range_m, scene.truth)} == {(SIZE, SIZE)}
        assert re.fullmatch(r"NLB_\d{9}EDR_F\d{7}NCAM\d{5}M1", scene.product_id)
        assert f"_F{scene.site:03d}{scene.drive:04d}NCAM" in scene.product_id
        assert np.linalg.norm(scene.sun) == pytest.approx(1.0)
        assert scene.sun[2] < 0, "the sun stands above the ground"


def test_frames_are_dark_like_raw_ones(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.dn.max() <= 4095
        assert 500 < scene.dn.mean() < 1500
        assert scene.dn.std() > 100


def test_camera_is_that_of_curiosity(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.camera.focal_length_px == pytest.approx(FOCAL_LENGTH_PX * SIZE / 1024)
        assert scene.camera.c[2] == -CAMERA_HEIGHT_M


def test_range_leads_along_the_ray_to_the_ground_and_back(scenes: list[Scene]) -> None:
    for scene in scenes:
        known = scene.range_m > 0
        rows, cols = np.nonzero(known)
        x, y = cols + 0.5, rows + 0.5
        origin, ray = scene.camera.pixel_to_ray(x, y)
        place = origin + ray * scene.range_m[known][:, None].astype(np.float64)
        np.testing.assert_allclose(scene.camera.project(place), np.stack([x, y], 1), atol=1e-3)
        near = scene.range_m[known] < 8.0
        assert np.abs(np.median(place[near, 2])) < 0.8, "z = 0 is where the wheels stand"


def test_range_grows_up_the_image(scenes: list[Scene]) -> None:
    for scene in scenes:
        rows = [r[r > 0] for r in scene.range_m]
        medians = [float(np.median(r)) for r in rows if r.size > SIZE // 2]
        assert medians[0] > 1.5 * medians[-1]


def test_sky_and_rover_have_no_range_and_no_class(scenes: list[Scene]) -> None:
    for scene in scenes:
        outside = scene.truth == NO_LABEL
        assert (scene.range_m[outside] == 0).all()
        assert outside[scene.rover_mask].all()
        holes = (scene.range_m == 0) & ~outside
        assert 0 < holes.mean() < 0.2, "stereo leaves holes, but few"


def test_most_scenes_hold_several_classes(scenes: list[Scene]) -> None:
    shares = np.array([[(s.truth == c).mean() for c in range(4)] for s in scenes])
    assert (((shares > 0.03).sum(axis=1)) >= 2).all()
    assert (shares[:, :3].mean(axis=0) > 0.12).all()
    assert ((shares[:, BIG_ROCK] > 0.002).mean()) > 0.4
    assert set(np.unique(np.concatenate([np.unique(s.truth) for s in scenes]))) <= {0, 1, 2, 3, 255}


def test_some_frames_show_the_rover_and_some_the_sky(scenes: list[Scene]) -> None:
    rover = [scene.rover_mask.any() for scene in scenes]
    sky = [((scene.truth == NO_LABEL) & ~scene.rover_mask)[0].mean() > 0.5 for scene in scenes]
    assert 3 < sum(rover) < 18
    assert 3 < sum(sky) < 18


def test_terrain_classes_come_in_turn_and_can_be_chosen(scenes: list[Scene]) -> None:
    assert {scene.terrain_class for scene in scenes} == set(RECIPES)
    assert make_scene(1, 64, "Sand Dunes").terrain_class == "Sand Dunes"
    with pytest.raises(KeyError):
        make_scene(1, 64, "Swamp")
