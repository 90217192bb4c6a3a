"""The tutorial's pictures are drawn as described, and all served pictures are present."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulation.lessons.canvas import HEIGHT, WIDTH, Frame
from simulation.lessons.tutorial_pictures import class_example, tutorial_pictures
from simulation.scenes.ground import BEDROCK

SERVED = Path(__file__).resolve().parents[3] / "static" / "img"


def test_an_example_is_gray_but_for_the_outlined_class() -> None:
    picture = class_example(BEDROCK, Frame(seed=23, left=15, top=82, width=225, size=256))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture.dtype == np.uint8
    bluish = picture[..., 2].astype(int) - picture[..., 0]
    assert 0.05 < (bluish > 15).mean() < 0.9
    assert (bluish == 0).mean() > 0.05


@pytest.mark.parametrize("name", tutorial_pictures())
def test_every_lesson_has_its_small_picture(name: str) -> None:
    path = SERVED / "tutorial" / f"{name}.webp"
    assert path.stat().st_size < 45_000
    with Image.open(path) as picture:
        assert picture.size == (WIDTH, HEIGHT)


def test_the_landing_page_has_its_picture() -> None:
    path = SERVED / "hero.webp"
    assert path.stat().st_size < 140_000
    with Image.open(path) as picture:
        assert picture.size == (1600, 700)
