"""Viewing and measuring on the drawing page, over a scene of known geometry."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect

from simulation.scenes.scene import Scene, make_scene
from tests.e2e.drawing import DrawingPage, Point
from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import open_page
from tests.labeling.images.ingest.pds_writer import write_frame, write_map
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SLUG = "seeing"
EDR = "NLB_500000905EDR_F0310000NCAM00200M1"
TOLERANCE = 0.03


def import_scene(site: ServedSite, folder: Path) -> tuple[Scene, str]:
    """Import a simulated frame and its range as mission products; return the drawing page's URL."""
    scene = make_scene(5)
    folder.mkdir()
    frame = scene.dn.astype(np.int16)
    write_frame(folder, EDR, frame, scene.camera, geometry="LINEARIZED")
    name = EDR.replace("EDR_", "RNG_")
    write_map(folder, name, scene.range_m, scene.camera, geometry="LINEARIZED", sources=(EDR,))
    site.manage("import_images", str(folder), "--campaign", SLUG)
    return scene, f"{site.url.rstrip('/')}/c/{SLUG}/draw/"


def place_of(scene: Scene, point: Point) -> np.ndarray[Any, Any]:
    """Return the position of an image point in the scene, meters."""
    center, ray = scene.camera.pixel_to_ray(*point)
    range_m = float(scene.range_m[int(point[1]), int(point[0])])
    found: np.ndarray[Any, Any] = np.asarray(center) + range_m * np.asarray(ray)
    return found


def smooth_point(scene: Scene, column: int, near: float) -> Point:
    """Return a point of a column at about this distance, where the ground has no step."""
    for row in range(scene.range_m.shape[0] - 60, 200, -1):
        patch = scene.range_m[row - 8 : row + 9, column - 8 : column + 9]
        if patch.min() > near and patch.max() < 1.08 * patch.min():
            return column + 0.5, row + 0.5
    raise AssertionError(f"No flat place at {near} m in column {column}.")


def meters(words: str) -> float:
    """Return the length, in meters, in a sentence with cm or m."""
    number, unit = re.search(r"([\d.,]+) (cm|m)\b", words).groups()  # type: ignore[union-attr]
    return float(number.replace(",", "")) / (100 if unit == "cm" else 1)


def hover(drawing: DrawingPage, point: Point) -> Point:
    """Move the mouse to a point of the image; return the actual point."""
    place = drawing.on_page(point)
    drawing.page.mouse.move(place[0] - 3, place[1])
    drawing.page.mouse.move(*place)
    return drawing.on_image(place)


def shot(drawing: DrawingPage, point: Point) -> bytes:
    """Return the image around a point, with the mouse elsewhere."""
    x, y = drawing.on_page(point)
    drawing.page.mouse.move(5, 5)
    drawing.page.wait_for_timeout(300)
    clip = {"x": x - 20, "y": y - 20, "width": 40, "height": 40}
    return bytes(drawing.page.screenshot(clip=clip))


def pixels(drawing: DrawingPage, point: Point) -> np.ndarray[Any, Any]:
    """The red, green and blue about a point, with the mouse elsewhere."""
    with Pillow.open(io.BytesIO(shot(drawing, point))) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


def test_the_middle_of_a_shape_shows_the_ground(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    """A class's pattern is along the border. Picture settings spread it, or take it away."""
    address = import_pictures(served_site, "patterns", tmp_path)
    drawing = open_page(browser_page.context, address)
    page = drawing.page
    left, top, right, bottom = 80.0, 120.0, 430.0, 480.0
    middle, border = (255.0, 300.0), (right - 19, 300.0)
    bare = {point: pixels(drawing, point) for point in (middle, border)}
    drawing.draw(2, [(left, top), (right, top), (right, bottom), (left, bottom)])

    def patterned(point: Point) -> float:
        """How far the colors are from the ground's under an even color, 0 to 255."""
        now, before = pixels(drawing, point), bare[point]
        shift = now - 0.74 * before
        return float(np.abs(shift - np.median(shift, axis=(0, 1))).mean())

    def reach(percent: int) -> None:
        page.keyboard.press("l")
        page.locator("#look-pattern").fill(str(percent))
        page.keyboard.press("Escape")

    assert patterned(middle) < 0.6
    assert patterned(border) > 1.2
    reach(100)
    assert patterned(middle) > 2.5
    reach(0)
    assert patterned(border) < 0.6
    page.reload()
    drawing.wait_for_picture()
    expect(page.locator("#look-pattern")).to_have_value("0")


def test_seeing_and_measuring(served_site: ServedSite, browser_page: Any, tmp_path: Path) -> None:
    scene, address = import_scene(served_site, tmp_path / "pds")
    context = browser_page.context
    drawing = open_page(context, address)
    page = drawing.page
    expect(page.locator("#map")).to_have_attribute("data-measured", "false")
    # The bar of the picture's own rover.
    expect(page.locator("#bar-rule")).to_have_text(
        "Smaller than the white bar (50 cm): no need to label."
    )

    # The distance under the pointer is that of the range map.
    near, far = smooth_point(scene, 300, 4.0), smooth_point(scene, 620, 6.0)
    for point in (near, far):
        x, y = hover(drawing, point)
        true = scene.range_m[int(y), int(x)]
        expect(page.locator("#distance")).to_contain_text("m away")
        assert meters(page.text_content("#distance")) == pytest.approx(true, rel=TOLERANCE)

    # The ruler measures between two places of the scene.
    page.keyboard.press("r")
    start = hover(drawing, near)
    page.mouse.down()
    page.mouse.move(*drawing.on_page(((near[0] + far[0]) / 2, (near[1] + far[1]) / 2)))
    end = hover(drawing, far)
    page.mouse.up()
    true = float(np.linalg.norm(place_of(scene, start) - place_of(scene, end)))
    assert meters(page.text_content("#ruler-note")) == pytest.approx(true, rel=TOLERANCE)
    # The length stands beside the line.
    note = page.locator("#ruler-note").bounding_box()
    middle = drawing.on_page(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    beside = (note["x"] + note["width"] / 2, note["y"] + note["height"] / 2)
    assert 10 < np.hypot(*np.subtract(middle, beside)) < 100
    page.keyboard.press("Escape")
    assert drawing.regions() == 0, "the ruler draws nothing"

    # How it looks is changed, and put back.
    bare = shot(drawing, near)
    page.keyboard.press("l")
    page.locator("#look-brightness").fill("200")
    assert shot(drawing, near) != bare
    page.get_by_role("button", name="Reset").click()
    page.keyboard.press("Escape")
    assert shot(drawing, near) == bare

    # A shape is gone as long as Q is held, and its class with Shift and its number.
    x, y = near
    drawing.draw(2, [(x - 70, y - 50), (x + 70, y - 50), (x + 70, y + 45), (x - 70, y + 45)])
    covered = shot(drawing, near)
    assert covered != bare
    for keys in (("q",), ("Shift", "3")):
        for key in keys:
            page.keyboard.down(key)
        assert shot(drawing, near) == bare
        for key in reversed(keys):
            page.keyboard.up(key)
        assert shot(drawing, near) == covered

    # Beyond the limit nothing is drawn, and the page says why.
    page.mouse.move(*drawing.on_page((200, 20)))
    page.mouse.down()
    for point in ((400, 25), (400, 80), (210, 75), (200, 22)):
        page.mouse.move(*drawing.on_page(point), steps=4)
    page.mouse.up()
    expect(page.locator("#status")).to_contain_text("Farther than 30 m: no need to label.")
    assert drawing.regions() == 1
