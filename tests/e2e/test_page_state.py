"""What was set on the drawing page stays set when the page is left and opened again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import (
    expect_sent,
    log_in,
    new_account,
    notice,
    open_page,
    stored,
    wait_until_saved_after,
)
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SOIL, BEDROCK, SAND = 0, 1, 2
LEFT = [(60, 200), (200, 200), (200, 330)]
RIGHT = [(280, 200), (430, 210), (420, 330)]
BELOW = [(90, 380), (300, 380), (300, 460)]
OVER_LEFT = [(100, 180), (180, 180), (180, 400)]


def reload(drawing: DrawingPage) -> None:
    drawing.page.reload()


def leave_and_return(drawing: DrawingPage) -> None:
    page = drawing.page
    page.goto(page.url.split("/c/")[0] + "/accounts/login/")
    page.go_back()


def switch_language(drawing: DrawingPage) -> None:
    drawing.page.locator(".bar [name=language][value=es]").click()
    expect(drawing.page.locator("html")).to_have_attribute("lang", "es")


LEAVING = [reload, leave_and_return, switch_language]
leaving = pytest.mark.parametrize("leave", LEAVING, ids=[each.__name__ for each in LEAVING])


def chosen_class(page: Any) -> Any:
    return page.locator("#classes [aria-checked=true]")


@leaving
def test_an_unfinished_shape_keeps_its_class_and_whether_it_paints_over(
    served_site: ServedSite,
    device: Callable[[], Any],
    tmp_path: Path,
    leave: Callable[[DrawingPage], None],
) -> None:
    slug = f"class-{leave.__name__}".replace("_", "-")
    address = import_pictures(served_site, slug, tmp_path)
    drawing = open_page(device(), address)
    page = drawing.page
    drawing.draw(SOIL, LEFT)
    page.keyboard.press("3")
    page.keyboard.press("o")
    drawing.tap(*OVER_LEFT)

    leave(drawing)
    drawing.wait_for_picture()
    expect(chosen_class(page)).to_have_attribute("data-class-code", str(SAND))
    expect(page.locator("#paint-over")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    drawing.has_regions(3)  # the new shape cuts the old one in two
    drawing.send()
    expect_sent(page, 1)
    [classes] = stored(served_site, slug).values()
    assert sorted(classes) == [SOIL, SOIL, SAND]


def test_an_unfinished_shape_is_the_same_on_another_device(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "class-devices"
    address = import_pictures(served_site, slug, tmp_path)
    new_account(served_site, "clara")
    laptop, phone = device(), device()
    for context in (laptop, phone):
        log_in(context, served_site.url.rstrip("/"), "clara")
    one = open_page(laptop, address)
    one.draw(SOIL, LEFT)
    one.page.keyboard.press("3")
    wait_until_saved_after(one.page, lambda: one.tap(*RIGHT))
    # The class is changed in the middle of the shape, and nothing else.
    wait_until_saved_after(one.page, lambda: one.page.keyboard.press("2"))

    two = open_page(phone, address)
    notice(two.page, "restored")
    expect(chosen_class(two.page)).to_have_attribute("data-class-code", str(BEDROCK))
    two.page.keyboard.press("Escape")
    two.page.keyboard.press("c")
    wait_until_saved_after(two.page, lambda: two.tap(*OVER_LEFT))

    # Not a new shape, but a piece that is cut out.
    one.page.close()
    one = open_page(laptop, address)
    expect(one.page.locator("#tool-cut")).to_have_attribute("aria-pressed", "true")
    one.page.keyboard.press("Enter")
    one.has_regions(2)
    one.send()
    expect_sent(one.page, 1)
    [classes] = stored(served_site, slug).values()
    assert classes == [SOIL, SOIL]


def test_undo_of_a_finished_shape_brings_back_its_class(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    address = import_pictures(served_site, "class-undo", tmp_path)
    drawing = open_page(device(), address)
    page = drawing.page
    page.keyboard.press("3")
    drawing.tap(*LEFT)
    page.keyboard.press("Enter")
    drawing.has_regions(1)
    page.keyboard.press("1")
    page.keyboard.press("Control+z")
    drawing.has_regions(0)
    expect(chosen_class(page)).to_have_attribute("data-class-code", str(SAND))
    expect(page.locator("#sketch-bar")).to_be_visible()
    # A new class is the class of all its points: undo removes a point only.
    page.keyboard.press("2")
    page.keyboard.press("Control+z")
    expect(chosen_class(page)).to_have_attribute("data-class-code", str(BEDROCK))
    expect(page.locator("#hint")).to_have_text(re.compile("Continue"))


@leaving
def test_history_place_tools_and_settings_outlive_the_page(
    served_site: ServedSite,
    device: Callable[[], Any],
    tmp_path: Path,
    leave: Callable[[DrawingPage], None],
) -> None:
    slug = f"left-{leave.__name__}".replace("_", "-")
    address = import_pictures(served_site, slug, tmp_path, count=2)
    drawing = open_page(device(), address)
    page = drawing.page
    first = drawing.wait_for_picture()
    drawing.draw(SOIL, LEFT)
    drawing.draw(BEDROCK, RIGHT)
    page.keyboard.press("f")
    drawing.has_regions(3)
    page.keyboard.press("Control+z")
    drawing.has_regions(2)
    page.keyboard.press("n")
    page.keyboard.press("2")
    page.keyboard.press("e")
    page.mouse.click(*drawing.on_page((180, 230)))
    expect(page.locator("#region-list [aria-current]")).to_have_count(1)
    page.mouse.move(*drawing.on_page((150, 250)))
    page.mouse.wheel(0, -400)
    drawing.wait_for_rest()
    page.keyboard.press("l")
    page.locator("#look-classes [data-code='1']").click()
    page.locator("#look-magnifier").check()
    view = page.get_attribute("#map", "data-view")

    leave(drawing)
    assert drawing.wait_for_picture() == first
    drawing.wait_for_rest()
    assert numbers(page.get_attribute("#map", "data-view")) == pytest.approx(
        numbers(view), abs=0.01
    )
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#tool-edit")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#region-list [aria-current]")).to_have_count(1)
    expect(page.locator("#snap")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#look")).to_be_visible()
    expect(page.locator("#look-magnifier")).to_be_checked()
    expect(page.locator("#look-classes [data-code='1']")).to_have_attribute("aria-pressed", "false")
    # One step forward, and all steps back to the empty picture.
    page.click("#redo")
    drawing.has_regions(3)
    for _ in range(40):
        if page.locator("#undo").is_disabled():
            break
        page.click("#undo")
    drawing.has_regions(0)

    # Of another picture nothing but the person's own settings stays.
    page.keyboard.press("d")
    page.click("#look-close")
    page.click("#zoom-fit")
    drawing.wait_for_rest()
    drawing.draw(BEDROCK, BELOW)
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    page.reload()
    drawing.wait_for_picture(other_than=first)
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#tool-draw")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#snap")).to_have_attribute("aria-pressed", "false")
    expect(chosen_class(page)).to_have_attribute("data-class-code", str(BEDROCK))
    expect(page.locator("#look-classes [data-code='1']")).to_have_attribute("aria-pressed", "true")


def numbers(view: str | None) -> list[float]:
    return [float(each) for each in str(view).split(",")]
