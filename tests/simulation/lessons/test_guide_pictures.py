"""The field guide's pictures are drawn, small, and all present."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeling.campaigns.presets.missions import PRESETS
from labeling.training.presets.field_guide import SHIPPED_PICTURES
from simulation.lessons.canvas import HEIGHT, WIDTH, Canvas, Frame
from simulation.lessons.guide_pictures import CLOSE_HEIGHT, CLOSE_WIDTH, guide_pictures

STATIC = Path(__file__).resolve().parents[3] / "static"


@pytest.mark.parametrize("name", guide_pictures())
def test_every_entry_has_its_small_picture(name: str) -> None:
    path = STATIC / "img" / "guide" / f"{name}.webp"
    assert path.stat().st_size < 52_000
    with Image.open(path) as picture:
        expected = (CLOSE_WIDTH, CLOSE_HEIGHT) if name.startswith("alike") else (WIDTH, HEIGHT)
        assert picture.size == expected


def test_every_picture_that_is_offered_is_shipped() -> None:
    assert [name for name in SHIPPED_PICTURES if not (STATIC / name).is_file()] == []
    shipped = {
        str(path.relative_to(STATIC))
        for folder in ("tutorial", "guide")
        for path in (STATIC / "img" / folder).iterdir()
    }
    assert shipped == set(SHIPPED_PICTURES)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_name_pictures_that_are_shipped(preset) -> None:
    named = {each.picture for each in (*preset.classes, *preset.steps, *preset.guide)}
    named |= {each.other[1] for each in preset.guide if each.other}
    assert named - {""} <= set(SHIPPED_PICTURES)


def test_an_arrow_is_drawn_to_its_tip_and_a_verdict_in_its_color() -> None:
    plain, marked = (Canvas(Frame(3, 0, 100, 256, 256), 320, 210) for _ in range(2))
    marked.arrow((40, 40), (200, 150))
    marked.verdict(True, (280, 180), 20)
    changed = np.abs(plain.finish().astype(int) - marked.finish()).max(axis=2) > 20
    assert changed[140:155, 190:206].any()
    assert not changed[:20].any()
    red, green, blue = marked.finish()[180, 264].astype(int)
    assert green > red + 60
    assert green > blue
