"""Frames of a released tree have no camera model: their distances are estimated from the mask."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect

from tests.e2e.test_never_lose import open_page
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

STEM = "NLA_397586934{}_F0010008AUT_04096M1"
CUT = 420


def write_tree(root: Path) -> None:
    """One frame of gray noise and its mask, whose first CUT rows are beyond 30 m."""
    images = root / "msl" / "images"
    noise = np.random.default_rng(13).integers(60, 160, (1024, 1024)).astype(np.uint8)
    mask = np.zeros((1024, 1024), dtype=np.uint8)
    mask[:CUT] = 1
    for folder, kind, suffix, pixels in (
        ("edr", "EDR", "JPG", noise),
        ("rng-30m", "RNG", "png", mask),
    ):
        (images / folder).mkdir(parents=True)
        path = images / folder / f"{STEM.format(kind)}.{suffix}"
        Pillow.fromarray(pixels).save(path, "JPEG" if suffix == "JPG" else "PNG")


def test_the_ruler_works_on_a_released_frame_and_says_about(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    write_tree(tmp_path)
    served_site.manage("import_images", str(tmp_path), "--campaign", "estimated")
    context = browser_page.context
    browser_page.close()
    drawing = open_page(context, f"{served_site.url}c/estimated/draw/")
    page = drawing.page
    page.set_default_timeout(60_000)

    expect(page.locator("#image-sol")).to_contain_text("distances estimated")
    expect(page.locator("#map")).to_have_attribute("data-measured", "true")
    page.click("#tool-ruler")
    drawing.drag((450.0, 800.0), (500.0, 800.0), (574.0, 800.0))
    note = page.locator("#ruler-note")
    expect(note).to_contain_text(re.compile(r"about .+ \(estimated\)"))
    # 124 pixels at row 800: the ray falls 0.063 + atan(92 / 1225) + atan(288 / 1225) = 0.37 rad
    # below the horizon, 1.9 m high: 5.3 m away, where a pixel is about 4.2 mm wide.
    length = re.search(r"about ([\d.]+) (cm|m)", note.text_content() or "")
    assert length is not None
    meters = float(length[1]) * (0.01 if length[2] == "cm" else 1.0)
    assert meters == pytest.approx(0.53, rel=0.1)
