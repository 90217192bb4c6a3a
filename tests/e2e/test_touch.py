"""The whole task by touch and by pen, on an emulated phone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from shapely.geometry import Polygon

from tests.e2e.drawing import DrawingPage, Point
from tests.e2e.hands import Hand, between, phone
from tests.e2e.pictures import SIZE, import_pictures, stored_polygons
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SLUG = "touch"
SQUARE: list[Point] = [(100, 300), (220, 300), (220, 420), (100, 420)]


def circle(middle: Point, radius: float, points: int = 60) -> list[Point]:
    turns = [2 * math.pi * step / points for step in range(points + 1)]
    return [(middle[0] + radius * math.cos(t), middle[1] + radius * math.sin(t)) for t in turns]


@pytest.fixture
def on_phone(
    served_site: ServedSite, browser: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[DrawingPage, Hand, str]]:
    """Return the drawing page on a phone, with an image; the touches; and the campaign's slug."""
    slug = f"touch-{abs(hash(request.node.name)) % 10**8}"
    address = import_pictures(served_site, slug, tmp_path)
    with phone(browser) as page:
        page.goto(address)
        page.evaluate("document.querySelector('#start').submit()")
        drawing = DrawingPage(page)
        drawing.wait_for_picture()
        yield drawing, Hand(page), slug


def regions(drawing: DrawingPage, count: int) -> None:
    expect(drawing.page.locator("#annotate")).to_have_attribute("data-regions", str(count))


def assert_corners(ring: Any, corners: list[Point]) -> None:
    assert len(ring) == len(corners)
    for corner in corners:
        assert min(np.hypot(*np.subtract(corner, each)) for each in ring) < 0.04


def likeness(ring: Any, outline: list[Point]) -> float:
    """Return the intersection over union of a stored ring and a drawn outline."""
    a, b = Polygon(ring), Polygon(outline)
    return float(a.intersection(b).area / a.union(b).area)


def test_the_whole_task_by_touch(served_site: ServedSite, browser: Any, tmp_path: Path) -> None:
    import_pictures(served_site, SLUG, tmp_path)
    with phone(browser) as page:
        drawing = DrawingPage(page)
        hand = Hand(page)
        page.goto(served_site.url)
        page.locator(f'a[href="/c/{SLUG}/draw/"]').last.tap()
        page.wait_for_url(re.compile("/tutorial/"))
        while not page.get_by_role("button", name="Start drawing").is_visible():
            page.locator("[data-next]").tap()
        page.locator("#start button").tap()
        drawing.wait_for_picture()

        # One region corner by corner, closed on the first corner.
        page.locator('#classes [data-class-code="2"]').tap()
        places = [drawing.on_page(corner) for corner in SQUARE]
        for place in [*places, places[0]]:
            hand.tap(place)
        regions(drawing, 1)
        corners = [drawing.on_image(place) for place in places]

        # One freehand, in one stroke.
        page.locator('#classes [data-class-code="0"]').tap()
        stroke = [drawing.on_page(point) for point in circle((360, 360), 70)]
        hand.drag(stroke)
        regions(drawing, 2)
        outline = [drawing.on_image(place) for place in stroke]

        page.locator("#undo").tap()
        regions(drawing, 1)
        page.locator("#redo").tap()
        regions(drawing, 2)

        # A corner of the first is dragged elsewhere.
        page.locator("#tool-edit").tap()
        hand.tap(drawing.on_page((160, 360)))
        expect(page.locator("#delete")).to_be_enabled()
        target = drawing.on_page((80, 270))
        hand.drag([between(places[0], target, step / 8) for step in range(9)])
        page.locator("#send").tap()
        expect(page.locator("#labels-sent")).to_have_text("1")

    (polygons,) = stored_polygons(served_site, SLUG)
    assert [polygon["class"] for polygon in polygons] == [2, 0]
    square: Any = polygons[0]["rings"][0]  # type: ignore[index]
    kept = corners[1:]
    for corner in kept:
        assert min(np.hypot(*np.subtract(corner, each)) for each in square) < 0.04
    assert len(square) == 4
    assert min(np.hypot(x - 80, y - 270) for x, y in square) < 3
    assert likeness(polygons[1]["rings"][0], outline) > 0.98  # type: ignore[index]


def test_the_whole_task_by_pen(
    on_phone: tuple[DrawingPage, Hand, str], served_site: ServedSite
) -> None:
    drawing, hand, slug = on_phone
    page = drawing.page

    page.locator('#classes [data-class-code="1"]').tap()
    places = [drawing.on_page(corner) for corner in SQUARE]
    for place in [*places, places[0]]:
        hand.pen_tap(place)
    regions(drawing, 1)
    page.locator('#classes [data-class-code="3"]').tap()
    stroke = [drawing.on_page(point) for point in circle((360, 330), 60)]
    hand.pen_drag(stroke)
    regions(drawing, 2)

    # From now on a palm on the glass draws nothing; fingers move the picture.
    corners = [drawing.on_image(place) for place in places]
    outline = [drawing.on_image(place) for place in stroke]
    view = page.get_attribute("#map", "data-view")
    hand.drag([(200, 500), (200, 480), (180, 440), (160, 420)])
    hand.tap((120, 520))
    regions(drawing, 2)
    expect(page.locator("#sketch-bar")).to_be_hidden()
    expect(page.locator("#map")).not_to_have_attribute("data-view", view)

    page.locator("#send").tap()
    expect(page.locator("#labels-sent")).to_have_text("1")
    (polygons,) = stored_polygons(served_site, slug)
    assert [polygon["class"] for polygon in polygons] == [1, 3]
    assert_corners(polygons[0]["rings"][0], corners)  # type: ignore[index]
    assert likeness(polygons[1]["rings"][0], outline) > 0.98  # type: ignore[index]


def test_a_second_finger_ends_the_stroke_without_a_trace(
    on_phone: tuple[DrawingPage, Hand, str],
) -> None:
    drawing, hand, _ = on_phone
    page = drawing.page
    path = [drawing.on_page(point) for point in circle((250, 300), 90)[:40]]

    hand.interrupted_drag(path, (60, 600))

    regions(drawing, 0)
    expect(page.locator("#sketch-bar")).to_be_hidden()
    assert page.locator("#undo").is_disabled()


def test_two_fingers_zoom_the_picture_and_never_the_page(
    on_phone: tuple[DrawingPage, Hand, str],
) -> None:
    drawing, hand, _ = on_phone
    page = drawing.page
    before = float(page.get_attribute("#map", "data-view").split(",")[2])

    hand.pinch(((180, 400), (220, 440)), ((100, 320), (300, 520)))
    drawing.wait_for_rest()

    assert float(page.get_attribute("#map", "data-view").split(",")[2]) > 1.5 * before
    regions(drawing, 0)
    expect(page.locator("#sketch-bar")).to_be_hidden()
    assert page.evaluate("[visualViewport.scale, scrollX, scrollY]") == [1, 0, 0]


def test_a_long_press_opens_no_menu_and_selects_no_text(
    on_phone: tuple[DrawingPage, Hand, str],
) -> None:
    drawing, hand, _ = on_phone
    page = drawing.page
    page.evaluate(
        "window.menus = [];"
        "addEventListener('contextmenu', event => menus.push(event.defaultPrevented))"
    )

    hand.tap(drawing.on_page((SIZE / 2, SIZE / 2)), hold_ms=900)

    assert page.evaluate("menus.every(Boolean)")
    assert page.evaluate("getSelection().toString()") == ""
    hand.drag([(100, 400), (150, 400), (200, 380)])
    assert page.evaluate("getSelection().toString()") == ""
    assert page.evaluate("[visualViewport.scale, scrollX, scrollY]") == [1, 0, 0]


def test_a_new_picture_is_drawn_on_whatever_tool_was_on(
    served_site: ServedSite, browser: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, "next", tmp_path, count=2)
    with phone(browser) as page:
        page.goto(address)
        page.evaluate("document.querySelector('#start').submit()")
        drawing = DrawingPage(page)
        hand = Hand(page)
        image = drawing.wait_for_picture()
        hand.drag([drawing.on_page(place) for place in circle((160, 300), 60)])
        regions(drawing, 1)
        page.locator("#tool-edit").tap()
        expect(page.locator("#annotate")).to_have_attribute("data-tool", "edit")
        page.locator("#send").tap()
        drawing.wait_for_picture(other_than=image)

        expect(page.locator("#annotate")).to_have_attribute("data-tool", "draw")


#: The share of the screen on which the picture is on top.
FREE = """() => {
  const map = document.querySelector('#map');
  const hint = document.querySelector('#hint').getBoundingClientRect();
  let all = 0, free = 0;
  for (let y = 1; y < innerHeight; y += 3) for (let x = 1; x < innerWidth; x += 3) {
    all += 1;
    const under_hint = x > hint.left && x < hint.right && y > hint.top && y < hint.bottom;
    if (!under_hint && map.contains(document.elementFromPoint(x, y))) free += 1;
  }
  return free / all;
}"""


#: Controls that can be seen and are smaller than a finger can hit.
TOO_SMALL = """() => [...document.querySelectorAll('button, a, select, input')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.width && !each.matches('.skip-link') && Math.min(box.width, box.height) < 24;
}).map(each => each.id || each.outerHTML)"""


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (820, 1180)])
def test_the_picture_has_three_quarters_of_the_screen(
    served_site: ServedSite, browser: Any, tmp_path: Path, width: int, height: int, locale: str
) -> None:
    slug = f"room-{width}-{locale}"
    address = import_pictures(served_site, slug, tmp_path)
    with phone(browser, width, height, locale) as page:
        page.goto(address)
        page.evaluate("document.querySelector('#start').submit()")
        drawing = DrawingPage(page)
        drawing.wait_for_picture()

        assert page.evaluate(FREE) >= 0.75
        # And what is around it can be hit.
        assert page.evaluate(TOO_SMALL) == []
        assert page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
            " && document.documentElement.scrollHeight <= innerHeight"
        )
