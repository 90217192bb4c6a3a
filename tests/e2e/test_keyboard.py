"""The whole task by keyboard: from the front page to a label on the server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawingPage, Point
from tests.e2e.pictures import import_pictures, stored_polygons
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SLUG = "keys"


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the selected element has the focus, and visibly so.

    One round of the page is enough; its length depends on the campaigns of other tests.
    """
    for _ in range(page.locator("a, button, input, select, textarea, summary, [tabindex]").count()):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "selector => document.activeElement.matches(selector)"
            " && document.activeElement.matches(':focus-visible')",
            selector,
        )
        if focused:
            return
    raise AssertionError(f"Tab never reaches {selector}")


def cross(page: Any) -> Point:
    x, y = map(float, page.get_attribute("#map", "data-cross").split(","))
    return x, y


def walk_to(page: Any, target: Point) -> Point:
    """Move the crosshair to a point of the image: in large steps, then pixel by pixel."""
    page.keyboard.press("ArrowRight")
    for axis, (less, more) in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
        for held in ("Shift", "Alt"):
            for _ in range(80):
                before = cross(page)
                away = target[axis] - before[axis]
                page.keyboard.press(f"{held}+{more if away > 0 else less}")
                if (target[axis] - cross(page)[axis]) * away <= 0:
                    break
    assert np.hypot(*np.subtract(cross(page), target)) <= 2
    return cross(page)


def draw(page: Any, corners: list[Point]) -> list[Point]:
    """Set the corners by keyboard, and finish at the last one; return their positions."""
    before = int(page.get_attribute("#annotate", "data-regions"))
    placed = []
    for corner in corners:
        placed.append(walk_to(page, corner))
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#annotate")).to_have_attribute("data-regions", str(before + 1))
    return placed


def spoken(page: Any, words: str) -> None:
    expect(page.locator("#spoken")).to_contain_text(words)


def assert_corners(ring: Any, corners: list[Point]) -> None:
    """Check that the ring has these corners, in either direction and from any start."""
    assert len(ring) == len(corners)
    for corner in corners:
        assert min(np.hypot(*np.subtract(corner, each)) for each in ring) < 0.02


def test_the_whole_task(served_site: ServedSite, browser_page: Any, tmp_path: Path) -> None:
    import_pictures(served_site, SLUG, tmp_path)
    page = browser_page
    keys = page.keyboard
    drawing = DrawingPage(page)

    page.goto(served_site.url)
    tab_to(page, f'a[href="/c/{SLUG}/draw/"]')
    keys.press("Enter")
    page.wait_for_url(re.compile("/tutorial/"))
    while not page.get_by_role("button", name="Start drawing").is_visible():
        tab_to(page, "[data-next]")
        keys.press("Enter")
    tab_to(page, "#start button")
    keys.press("Enter")
    drawing.wait_for_picture()

    # Two regions with different classes.
    keys.press("3")
    first = draw(page, [(120, 300), (260, 300), (260, 420), (120, 420)])
    spoken(page, "Sand: shape added. Shapes: 1.")
    keys.press("1")
    second = draw(page, [(320, 310), (430, 310), (420, 420)])
    spoken(page, "Soil: shape added. Shapes: 2.")

    # Undo and redo, in the middle of a shape too.
    walk_to(page, (60, 60))
    keys.press("Enter")
    spoken(page, "Point 1.")
    keys.press("Control+z")
    spoken(page, "No points left.")
    keys.press("Control+z")
    spoken(page, "Undone. Soil: the shape is gone. Shapes: 1.")
    expect(page.locator("#annotate")).to_have_attribute("data-regions", "1")
    keys.press("Control+y")
    expect(page.locator("#annotate")).to_have_attribute("data-regions", "2")

    # One corner of the first region is moved, by one press more than it is taken back.
    keys.press("j")
    spoken(page, "Shape 1 of 2: Sand")
    expect(page.locator('#region-list [aria-current="true"]')).to_contain_text("Sand")
    keys.press(".")
    chosen = cross(page)
    assert min(np.hypot(*np.subtract(chosen, corner)) for corner in first) < 0.02
    keys.press("Alt+ArrowLeft")
    keys.press("Alt+ArrowUp")
    keys.press("Alt+ArrowUp")
    moved = cross(page)
    assert np.subtract(moved, chosen).tolist() == [-1, -2]
    # Many presses, one step back.
    keys.press("Control+z")
    keys.press("Control+y")
    spoken(page, "Redone. Sand: shape changed.")

    # The second region becomes bedrock.
    keys.press("j")
    spoken(page, "Shape 2 of 2: Soil")
    keys.press("2")
    spoken(page, "The shape is Bedrock now.")
    keys.press("Control+Enter")
    expect(page.locator("#labels-sent")).to_have_text("1")

    (polygons,) = stored_polygons(served_site, SLUG)
    assert [polygon["class"] for polygon in polygons] == [2, 1]
    expected = [moved if corner == chosen else corner for corner in first]
    assert_corners(polygons[0]["rings"][0], expected)  # type: ignore[index]
    assert_corners(polygons[1]["rings"][0], second)  # type: ignore[index]


def test_corners_come_and_go_by_keys(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, f"{SLUG}-corners", tmp_path)
    page = browser_page
    drawing = DrawingPage(page)
    page.goto(address)
    page.evaluate("document.querySelector('#start').submit()")
    drawing.wait_for_picture()
    keys = page.keyboard
    corners = draw(page, [(120, 300), (260, 300), (260, 420), (120, 420)])

    keys.press("j")
    keys.press(".")
    keys.press("i")
    for _ in range(20):
        keys.press("Alt+ArrowUp")
    new = cross(page)
    keys.press(",")
    keys.press("Delete")
    keys.press("Control+Enter")
    expect(page.locator("#labels-sent")).to_have_text("1")

    (polygons,) = stored_polygons(served_site, f"{SLUG}-corners")
    ring = polygons[0]["rings"][0]  # type: ignore[index]
    assert len(ring) == len(corners)
    assert min(np.hypot(*np.subtract(new, each)) for each in ring) < 0.02


def test_a_link_or_button_with_the_focus_keeps_the_cross_in_place(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, f"{SLUG}-still", tmp_path)
    page = browser_page
    page.goto(address)
    page.evaluate("document.querySelector('#start').submit()")
    DrawingPage(page).wait_for_picture()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    before = cross(page)

    for control in (".bar a", "#undo", "#help-open"):
        page.evaluate("id => { document.querySelector(id).disabled = false; }", control)
        page.focus(control)
        for chord in ("ArrowRight", "Shift+ArrowDown", "Control+ArrowRight", "Alt+ArrowDown"):
            page.keyboard.press(chord)
        assert cross(page) == before, control


def test_the_picture_follows_the_cross(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, f"{SLUG}-follow", tmp_path)
    page = browser_page
    drawing = DrawingPage(page)
    page.goto(address)
    page.evaluate("document.querySelector('#start').submit()")
    drawing.wait_for_picture()
    box = page.locator("#map").bounding_box()

    for _ in range(4):
        page.keyboard.press("+")
        drawing.wait_for_rest()
    walk_to(page, (20, 500))

    x, y = drawing.on_page(cross(page))
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]
    # Nearer about the cross: it stays where it is on the screen.
    page.keyboard.press("+")
    drawing.wait_for_rest()
    near_x, near_y = drawing.on_page(cross(page))
    assert np.hypot(near_x - x, near_y - y) <= 2


def test_the_help_lists_the_keys_and_gives_the_focus_back(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, f"{SLUG}-help", tmp_path)
    page = browser_page
    page.goto(address)
    page.evaluate("document.querySelector('#start').submit()")
    DrawingPage(page).wait_for_picture()

    tab_to(page, "#map")
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keys and gestures")
    expect(help_dialog).to_be_visible()
    expect(help_dialog.get_by_text("move the cross")).to_be_visible()
    page.keyboard.press("d")  # means nothing while it is open
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "map"
