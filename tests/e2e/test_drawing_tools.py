"""All drawing tools used by mouse, and what is stored from them."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image as Pillow
from playwright.sync_api import expect

from simulation.scenes.scene import make_scene
from terrain.display.tone import linear
from tests.e2e.drawing import DrawingPage, Point
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

SIZE = 512
SLUG = "tools"
SOIL, BEDROCK, SAND, ROCK = 0, 1, 2, 3
# Stored on a grid of 0.01 px; the mouse is aimed at whole pixels of the screen.
GRID = 0.02

STORED = f"""
import json
from labeling.models import Label
print(json.dumps(Label.objects.get(image__campaign__slug="{SLUG}").polygons))
"""


@pytest.fixture
def drawing(served_site: ServedSite, browser_page: Any, tmp_path: Path) -> DrawingPage:
    """Return the drawing page with an image of 512 x 512 pixels without masks."""
    folder = tmp_path / "tree" / "msl" / "images" / "edr"
    folder.mkdir(parents=True)
    frame = Pillow.fromarray(linear(make_scene(7, SIZE).dn))
    frame.save(folder / "NLB_500000007EDR_F0540992NCAM00007M1.JPG")
    served_site.manage("import_images", str(tmp_path / "tree"), "--campaign", SLUG)
    page = browser_page
    page.goto(f"{served_site.url.rstrip('/')}/c/{SLUG}/draw/")
    page.wait_for_url(re.compile("/tutorial/"))
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Start drawing").click()
    hand = DrawingPage(page)
    hand.wait_for_picture()
    return hand


def shape_of(polygon: dict[str, Any]) -> shapely.Polygon:
    outline, *holes = polygon["rings"]
    return shapely.Polygon(outline, holes)


def corners_of(polygon: dict[str, Any]) -> set[Point]:
    return {(x, y) for ring in polygon["rings"] for x, y in ring}


def nearest(corners: set[Point], point: Point) -> Point:
    """Return the corner nearest to the mouse's position, which is less than a pixel away."""
    found = min(corners, key=lambda corner: math.dist(corner, point))
    assert math.dist(found, point) < 1
    return found


def test_every_tool(served_site: ServedSite, drawing: DrawingPage) -> None:
    page = drawing.page
    keys = page.keyboard

    # Freehand: one stroke, closed when the hand lifts.
    drawing.choose(SOIL)
    circle = drawing.drag(
        *[(90 + 55 * math.cos(a), 100 + 55 * math.sin(a)) for a in np.linspace(0, 6.2, 90)]
    )
    drawing.has_regions(1)

    # Corner by corner.
    drawing.choose(SAND)
    sand = drawing.tap((250, 60), (400, 60), (400, 200), (330, 240), (250, 200))
    drawing.tap((250, 60))
    drawing.has_regions(2)

    # The way home follows the neighbor's border: its corner (250, 200) is never clicked.
    drawing.choose(BEDROCK)
    left = drawing.tap((252, 62), (200, 60), (200, 260), (331, 243))
    page.mouse.move(*drawing.on_page((250, 60)))
    expect(page.locator("#turn")).to_be_visible()
    drawing.tap((250, 60))
    drawing.has_regions(3)

    # Between two corners the shorter way round is followed; T is the other way, and back.
    drawing.choose(SOIL)
    drawing.tap((400, 60), (330, 240))
    page.click("#turn")
    keys.press("t")
    right = drawing.tap((460, 240), (460, 60))
    drawing.tap((400, 60))
    drawing.has_regions(4)

    # Painting over makes a hole in what is there.
    drawing.choose(ROCK)
    keys.press("o")
    rock = drawing.tap((300, 100), (350, 100), (350, 150), (300, 150))
    drawing.tap((300, 100))
    keys.press("o")
    drawing.has_regions(5)

    # Cutting out trims all that the shape touches.
    keys.press("c")
    cut = drawing.tap((190, 100), (210, 100), (210, 120), (190, 120))
    drawing.tap((190, 100))
    drawing.has_regions(5)

    # Splitting ends by itself on the other side; joining undoes it.
    keys.press("s")
    drawing.tap((480, 150), (380, 150))
    drawing.has_regions(6)
    keys.press("Control+z")
    drawing.has_regions(5)
    keys.press("Escape")
    keys.press("e")
    drawing.tap((430, 200))
    keys.press("s")
    line = drawing.tap((480, 150), (380, 150))
    drawing.has_regions(6)
    keys.press("e")
    drawing.tap((430, 200))
    expect(page.locator("#merge-here")).to_be_visible()
    keys.press("m")
    drawing.has_regions(5)
    keys.press("Control+z")
    drawing.has_regions(6)

    # A corner that two regions share moves in both.
    drawing.tap((270, 180))
    drawing.drag((250, 200), (246, 204), (240, 210))
    moved = drawing.on_image(drawing.on_page((240, 210)))
    # A new corner on the border between them, too.
    drawing.drag((250, 130), (256, 130), (262, 130))
    inserted = drawing.on_image(drawing.on_page((262, 130)))

    # Another class, and back; then all that is left.
    drawing.tap((90, 100))
    drawing.choose(SAND)
    drawing.choose(SOIL)
    keys.press("Escape")
    keys.press("f")
    regions = 7
    drawing.has_regions(regions)

    # All the way back, and forth again.
    undo = page.locator("#undo")
    for _ in range(200):
        if undo.is_disabled():
            break
        keys.press("Control+z")
    drawing.has_regions(0)
    redo = page.locator("#redo")
    for _ in range(200):
        if redo.is_disabled():
            break
        keys.press("Control+y")
    drawing.has_regions(regions)

    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("1")
    sent = drawing.sent[-1]["polygons"]
    stored = json.loads(served_site.manage("shell", "-v", "0", "-c", STORED))

    # What is stored is what was sent, on the grid.
    assert [polygon["class"] for polygon in stored] == [polygon["class"] for polygon in sent]
    for kept, drawn in zip(stored, sent, strict=True):
        assert shape_of(kept).is_valid
        rounded = [[[round(x, 2), round(y, 2)] for x, y in ring] for ring in drawn["rings"]]
        on_grid = shape_of({**drawn, "rings": rounded}).buffer(0)
        assert shape_of(kept).symmetric_difference(on_grid).area < 3
        for ring, original in zip(kept["rings"], drawn["rings"], strict=True):
            for corner in ring:
                assert min(math.dist(corner, each) for each in original) < GRID

    of_class: dict[int, list[dict[str, Any]]] = {}
    for polygon in stored:
        of_class.setdefault(polygon["class"], []).append(polygon)
    bedrock, sandy, rocky = (of_class[code][0] for code in (BEDROCK, SAND, ROCK))
    blob, *halves, rest = of_class[SOIL]

    # Freehand: fewer points than the hand made, all of them on its path, the same area.
    path = shapely.LineString(circle)
    assert 8 < len(blob["rings"][0]) < len(circle)
    assert all(path.distance(shapely.Point(corner)) < 1 for corner in blob["rings"][0])
    assert shape_of(blob).symmetric_difference(shapely.Polygon(circle)).area < 0.02 * 9_500

    # Corners are where they were clicked; those that stuck are the neighbor's very own.
    for point in [*sand[:4], *rock, moved, inserted]:
        nearest(corners_of(sandy), point)
    for point in [*left[1:3], *cut[1:3]]:
        nearest(corners_of(bedrock), point)
    shared = corners_of(sandy) & corners_of(bedrock)
    for point in (sand[0], inserted, moved, sand[3]):
        nearest(shared, point)
    for point in rock:
        nearest(corners_of(sandy) & corners_of(rocky), point)
    east = corners_of(halves[0]) | corners_of(halves[1])
    for point in (sand[1], sand[2], sand[3]):
        nearest(corners_of(sandy) & east, point)
    for point in right:
        nearest(east, point)

    # Both halves share the ends of the line that split them.
    seam = corners_of(halves[0]) & corners_of(halves[1])
    assert len(seam) == 2
    assert all(abs(y - line[0][1]) < 1 for _, y in seam)

    # Filled: the whole picture is taken, once.
    shapes = [shape_of(polygon) for polygon in stored]
    assert sum(shape.area for shape in shapes) == pytest.approx(SIZE * SIZE, abs=2)
    assert shapely.union_all(shapes).area == pytest.approx(SIZE * SIZE, abs=2)
    assert shape_of(rest).area > SIZE * SIZE / 2
