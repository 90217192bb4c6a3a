"""Messages of the drawing page: each ends with the next action of its kind. Hints fit the task."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import open_page
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SQUARE = [(100.0, 200.0), (260.0, 200.0), (260.0, 360.0), (100.0, 360.0)]
OTHER = [(300.0, 200.0), (440.0, 200.0), (440.0, 360.0)]
SOIL, SAND = 0, 2
#: Messages end by themselves only after 8 s.
AT_ONCE_MS = 2_000


@pytest.fixture(scope="module")
def address(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> str:
    return import_pictures(served_site, "messages", tmp_path_factory.mktemp("messages"), count=3)


def test_messages_end_with_the_next_action_of_their_kind(address: str, browser_page: Any) -> None:
    drawing = open_page(browser_page.context, address)
    page = drawing.page
    status = page.locator("#status")

    # About a command, until the next command that draws; looking is no such command.
    page.keyboard.press("m")
    expect(status).to_contain_text("Choose a shape first")
    page.keyboard.press("+")
    drawing.wait_for_rest()
    expect(status).to_contain_text("Choose a shape first")
    page.keyboard.press("2")
    expect(status).to_be_empty(timeout=AT_ONCE_MS)

    # About the ruler, until a point is set.
    page.keyboard.press("0")
    drawing.wait_for_rest()
    page.keyboard.press("r")
    expect(status).to_contain_text("ruler")
    drawing.tap(SQUARE[0])
    expect(status).to_be_empty(timeout=AT_ONCE_MS)
    page.keyboard.press("Escape")

    # A skip is confirmed at once, or is asked for again.
    drawing.draw(SAND, SQUARE)
    page.click("#skip")
    expect(status).to_contain_text("Press Skip again")
    drawing.draw(SOIL, OTHER)
    expect(status).to_be_empty(timeout=AT_ONCE_MS)
    page.click("#skip")
    expect(status).to_contain_text("Press Skip again")
    drawing.has_regions(2)

    # "Sent" stays over the first point on the next picture, and ends with the first shape.
    image = page.get_attribute("#annotate", "data-image-id")
    drawing.send()
    drawing.wait_for_picture(other_than=str(image))
    expect(status).to_contain_text("Sent")
    drawing.tap(SQUARE[0])
    expect(status).to_contain_text("Sent")
    drawing.tap(*SQUARE[1:], SQUARE[0])
    drawing.has_regions(1)
    expect(status).to_be_empty(timeout=AT_ONCE_MS)


def test_hints_of_a_correction_are_about_correcting(address: str, browser_page: Any) -> None:
    drawing = open_page(browser_page.context, address)
    page = drawing.page
    drawing.draw(SAND, SQUARE)
    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("1")
    page.click("#labels-sent")
    page.wait_for_url("**/drawings/")
    page.click(".drawings a")
    page.get_by_role("link", name="Correct my drawing").click()

    drawing = DrawingPage(page)
    drawing.wait_for_picture()
    hint = page.locator("#hint")
    expect(hint).to_contain_text("This is the drawing that you sent.")
    drawing.draw(SOIL, OTHER)
    expect(hint).to_contain_text("press Send the correction")
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("Delete")
    drawing.has_regions(0)
    expect(page.locator("#send-why")).to_contain_text("A correction needs at least one shape")
    page.keyboard.press("d")
    expect(hint).to_contain_text("A correction needs at least one shape")


def view(drawing: DrawingPage) -> str:
    drawing.wait_for_rest()
    return str(drawing.page.get_attribute("#map", "data-view"))


def test_the_list_highlights_a_shape_and_zooms_to_it(address: str, browser_page: Any) -> None:
    drawing = open_page(browser_page.context, address)
    page = drawing.page
    drawing.draw(SAND, SQUARE)
    drawing.draw(SOIL, OTHER)
    whole = view(drawing)
    looked_at = page.locator("#map[data-highlight]")
    rows = page.locator("#region-list .region-name")

    # The mouse on a row; the picture returns when the mouse leaves the list.
    rows.first.hover()
    expect(looked_at).to_be_visible()
    near = view(drawing)
    assert float(near.split(",")[2]) > 1.3 * float(whole.split(",")[2])
    middle = drawing.on_page((180, 280))
    box = page.locator("#map").bounding_box()
    assert abs(middle[0] - box["x"] - box["width"] / 2) < 4
    rows.last.hover()
    assert view(drawing) not in (near, whole)
    page.locator("#guidance").hover()
    expect(looked_at).to_have_count(0)
    assert view(drawing) == whole

    # The keyboard on a row; the picture stays where it is chosen.
    rows.first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(rows.first).to_be_focused()
    expect(looked_at).to_be_visible()
    assert view(drawing) == near
    page.keyboard.press("Enter")
    expect(rows.first).to_have_attribute("aria-current", "true")
    page.evaluate("document.activeElement.blur()")
    assert view(drawing) == near
