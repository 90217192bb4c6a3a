"""What becomes of shapes that meet others on the drawing page: leftovers, offers, copies."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from shapely.geometry import Polygon

from tests.e2e.drawing import DrawingPage, Point
from tests.e2e.hands import Hand, phone
from tests.e2e.pictures import SIZE, import_pictures
from tests.e2e.test_never_lose import open_page
from tests.e2e.test_seeing import import_scene, smooth_point
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SOIL, BEDROCK, SAND, ROCK = 0, 1, 2, 3


def box(left: float, top: float, width: float, height: float) -> list[Point]:
    right, bottom = left + width, top + height
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def stroke(drawing: DrawingPage, code: int, corners: list[Point]) -> None:
    """Draw along the corners in one stroke, without sticking to borders."""
    drawing.choose(code)
    drawing.page.keyboard.down("Shift")
    drawing.drag(*corners)
    drawing.page.keyboard.up("Shift")


def rows(page: Any) -> list[str]:
    """Return the classes in the list of shapes."""
    names = page.locator("#region-list .region-name span:first-of-type").all_inner_texts()
    return list(names)


def test_filling_and_painting_over_leave_no_slivers(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    drawing = open_page(device(), import_pictures(served_site, "slivers", tmp_path))
    page = drawing.page
    status = page.locator("#status")

    # A hole that was cut is filled by the shape around it, and is no row of the list.
    drawing.choose(SOIL)
    page.keyboard.press("f")
    page.keyboard.press("c")
    stroke(drawing, SOIL, box(100, 100, 60, 60))
    page.keyboard.press("d")
    page.keyboard.press("f")
    assert rows(page) == ["Soil"]
    expect(page.locator("#region-list .region-share")).to_have_text("100%")

    # A rock painted over at its edges leaves no slivers.
    page.keyboard.press("o")
    stroke(drawing, ROCK, box(200, 200, 60, 60))
    drawing.has_regions(2)
    stroke(drawing, SAND, box(197, 201.5, 61.5, 100))
    expect(status).to_have_text("Tiny leftover pieces were dropped: 1. Undo brings them back.")
    assert rows(page) == ["Soil", "Sand"]
    page.keyboard.press("Control+z")
    assert rows(page) == ["Soil", "Big rock", "Sand"]
    page.keyboard.press("Control+z")
    assert rows(page) == ["Soil", "Big rock"]

    # A rock is not split in two by a stroke of its own class.
    stroke(drawing, ROCK, box(220, 180, 15, 120))
    assert rows(page) == ["Soil", "Big rock"]

    # Pieces that are too small are not filled.
    page.keyboard.press("o")
    page.keyboard.press("c")
    stroke(drawing, SOIL, box(50, 400, 12, 12))
    page.keyboard.press("d")
    drawing.choose(BEDROCK)
    page.keyboard.press("f")
    expect(status).to_have_text("Only tiny pieces are left, and they need no shape.")
    assert rows(page) == ["Soil", "Big rock"]


def test_a_shape_on_labeled_ground_can_be_painted_over(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    drawing = open_page(device(), import_pictures(served_site, "labeled-ground", tmp_path))
    page = drawing.page
    status = page.locator("#status")
    over = page.get_by_role("button", name="Paint over here")
    drawing.choose(SOIL)
    page.keyboard.press("f")
    drawing.has_regions(1)

    # One stroke and one press draw a rock on filled soil; nothing else is switched.
    stroke(drawing, ROCK, box(200, 200, 80, 60))
    expect(status).to_have_text("This spot already has a shape. Paint over it?")
    drawing.has_regions(1)
    over.click()
    assert rows(page) == ["Soil", "Big rock"]
    expect(page.locator("#paint-over")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#send")).to_be_visible()

    # By clicks, closed with a double click, and by keyboard.
    drawing.choose(SAND)
    drawing.tap((60, 60), (120, 60), (120, 120))
    page.mouse.dblclick(*drawing.on_page((60, 60)))
    expect(over).to_be_visible()
    drawing.has_regions(2)
    page.keyboard.press("Enter")
    assert rows(page) == ["Soil", "Big rock", "Sand"]
    expect(over).to_be_hidden()

    # The outline stays until the next shape begins; undo brings it back.
    stroke(drawing, BEDROCK, box(350, 350, 60, 60))
    expect(over).to_be_visible()
    stroke(drawing, BEDROCK, box(350, 60, 60, 60))
    expect(over).to_be_visible()
    drawing.has_regions(3)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(over).to_be_visible()
    over.click()
    drawing.has_regions(4)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#labels-sent")).to_have_text("1")
    places = [polygon["rings"][0][0] for polygon in drawing.sent[-1]["polygons"]]
    assert places[3][1] > 300


def test_a_shape_outside_the_picture_has_its_own_sentence(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    drawing = open_page(device(), import_pictures(served_site, "outside", tmp_path))
    page = drawing.page
    for _ in range(3):
        page.keyboard.press("-")
    drawing.wait_for_rest()
    stroke(drawing, SOIL, box(SIZE + 60, 100, 200, 200))
    expect(page.locator("#status")).to_have_text(
        "This shape lies outside the picture. Draw on the picture."
    )
    expect(page.locator("#sketch-bar")).to_be_hidden()
    drawing.has_regions(0)


def test_most_of_a_rock_on_soil(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    drawing = open_page(device(), import_pictures(served_site, "rock-on-soil", tmp_path))
    page = drawing.page
    stroke(drawing, SOIL, box(50, 200, 300, 200))
    stroke(drawing, ROCK, box(150, 170, 80, 90))
    drawing.has_regions(2)
    expect(page.locator("#offer")).to_contain_text("Most of it lies on another shape")
    page.get_by_role("button", name="Paint over here").click()
    expect(page.locator("#offer")).to_be_hidden()
    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("1")
    soil, rock = drawing.sent[-1]["polygons"]
    assert (soil["class"], rock["class"]) == (SOIL, ROCK)
    assert max(y for _, y in rock["rings"][0]) > 255


def swallowed(page: Any) -> list[str]:
    """Return what lies over the middle of the picture or the lower edge of it, besides controls."""
    found: list[str] = page.evaluate("""() => {
      const box = document.querySelector("#map").getBoundingClientRect();
      const over = [];
      for (let x = box.left + 70; x < box.right - 70; x += 15) {
        for (let y = box.top + 1; y < box.bottom; y += 7) {
          const at = document.elementFromPoint(x, y);
          if (!at.closest("#map")) over.push(at.id || at.className);
        }
      }
      return [...new Set(over)];
    }""")
    return found


def test_an_offer_never_takes_a_click_meant_for_the_picture(
    served_site: ServedSite, browser: Any, device: Callable[[], Any], tmp_path: Path
) -> None:
    scene, address = import_scene(served_site, tmp_path / "pds")
    x, y = smooth_point(scene, 300, 4.0)
    rock = box(x - 30, y - 12, 60, 24)
    offer = "Smaller than the white bar: you do not need it."
    drawing = open_page(device(), address)
    page = drawing.page
    expect(page.locator("#map")).to_have_attribute("data-measured", "false")
    for width in (833, 1024, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        drawing.wait_for_rest()
        page.keyboard.press("0")
        stroke(drawing, ROCK, rock)
        expect(page.locator("#offer p")).to_have_text(offer)
        assert not swallowed(page)
        assert page.locator("#offer p").evaluate("p => p.scrollHeight < p.clientHeight + 8")
        # The next point lands where the offer used to lie, and the offer stays.
        edge = page.locator("#map").bounding_box()
        page.mouse.click(edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] - 25)
        expect(page.locator("#sketch-bar")).to_be_visible()
        expect(page.locator("#offer")).to_be_visible()
        page.keyboard.press("Escape")
        page.locator("#offer").get_by_role("button", name="Remove it").click()
        drawing.has_regions(0)

    for width, height in ((320, 640), (390, 844), (820, 1180), (844, 390)):
        with phone(browser, width, height) as page:
            page.goto(address)
            page.evaluate("document.querySelector('#start').submit()")
            drawing, hand = DrawingPage(page), Hand(page)
            drawing.wait_for_picture()
            page.locator(f'#classes [data-class-code="{ROCK}"]').tap()
            hand.drag([drawing.on_page(corner) for corner in rock])
            expect(page.locator("#offer p")).to_have_text(offer)
            assert page.locator("#offer p").evaluate("p => p.scrollHeight < p.clientHeight + 8")
            edge = page.locator("#map").bounding_box()
            hand.tap((edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] - 25))
            expect(page.locator("#sketch-bar")).to_be_visible()
            assert not {"offer"} & set(swallowed(page))
            page.locator("#sketch-cancel").tap()
            page.locator("#offer").get_by_role("button", name="Keep it").tap()
            expect(page.locator("#offer")).to_be_hidden()
            drawing.has_regions(1)


def test_shapes_are_copied_pasted_and_duplicated(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    drawing = open_page(device(), import_pictures(served_site, "copies", tmp_path))
    page = drawing.page

    # Without a shape to copy, the page says what to do.
    page.keyboard.press("Control+d")
    expect(page.locator("#status")).to_have_text(
        "Choose a shape to copy first: press Change, then tap it."
    )
    stroke(drawing, ROCK, box(100, 100, 60, 60))
    drawing.has_regions(1)

    # Ctrl+V pastes at the mouse.
    page.keyboard.press("e")
    drawing.tap((130, 130))
    page.keyboard.press("Control+c")
    page.mouse.move(*drawing.on_page((300, 300)))
    page.keyboard.press("Control+v")
    drawing.has_regions(2)

    # Ctrl+D puts a copy beside the selected shape, in one undo step.
    page.keyboard.press("Control+d")
    drawing.has_regions(3)
    page.keyboard.press("Control+z")
    drawing.has_regions(2)
    page.keyboard.press("Control+y")
    drawing.has_regions(3)
    assert rows(page) == ["Big rock"] * 3

    with page.expect_request("**/api/labels/"):
        drawing.send()
    stored = drawing.sent[-1]["polygons"]
    first, pasted, beside = (Polygon(region["rings"][0]).centroid.coords[0] for region in stored)
    areas = [Polygon(region["rings"][0]).area for region in stored]
    assert all(region["class"] == ROCK for region in stored)
    assert max(areas) - min(areas) < 5
    assert first == pytest.approx((130, 130), abs=4)
    assert pasted == pytest.approx((300, 300), abs=4)
    assert math.dist(pasted, beside) == pytest.approx(64, abs=4), "side by side, with a gap"


def test_a_finger_copies_and_pastes(served_site: ServedSite, browser: Any, tmp_path: Path) -> None:
    address = import_pictures(served_site, "copies-by-touch", tmp_path)
    with phone(browser) as page:
        page.goto(address)
        page.evaluate("document.querySelector('#start').submit()")
        drawing = DrawingPage(page)
        drawing.wait_for_picture()
        hand = Hand(page)
        drawing.choose(SAND)
        hand.drag([drawing.on_page(point) for point in [*box(60, 200, 80, 80), (60, 200)]])
        drawing.has_regions(1)
        page.locator("#tool-edit").tap()
        hand.tap(drawing.on_page((100, 240)))
        for count, button in ((1, "copy"), (2, "paste"), (3, "duplicate")):
            if not page.locator(f"#{button}").is_visible():
                page.locator("#more-open").tap()
            page.locator(f"#{button}").tap()
            drawing.has_regions(count)
        # What is sent has both copies, with the class and size of the first shape.
        with page.expect_request("**/api/labels/"):
            page.locator("#send").tap()
        stored = drawing.sent[-1]["polygons"]
        assert [region["class"] for region in stored] == [SAND] * 3
        areas = [Polygon(region["rings"][0]).area for region in stored]
        assert max(areas) - min(areas) < 5
