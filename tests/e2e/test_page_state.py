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
    config_of,
    expect_sent,
    log_in,
    new_account,
    notice,
    open_page,
    stored,
    wait_for_pictures_ahead,
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


def saved(page: Any, words: str) -> None:
    """Expect the mark in the bar, and its words."""
    mark = page.locator("#saved")
    expect(mark.locator("svg")).to_be_visible()
    expect(mark).to_have_text(re.compile(words))
    expect(mark).to_have_attribute("title", words)


def test_where_the_drawing_is_saved_is_visible_at_all_times(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    address = import_pictures(served_site, "saved", tmp_path, count=2)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    first = drawing.wait_for_picture()
    saved(page, "Nothing drawn yet")
    context.set_offline(True)
    drawing.draw(SAND, LEFT)
    saved(page, "Saved on this device")
    context.set_offline(False)
    # The next stroke is on the device at once, and soon on the server.
    drawing.draw(SOIL, RIGHT)
    saved(page, "Saved on the server")
    page.reload()
    drawing.wait_for_picture()
    saved(page, "Saved on the server")
    page.set_viewport_size({"width": 390, "height": 844})
    saved(page, "Saved on the server")
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    saved(page, "Nothing drawn yet")


def test_a_drawing_that_the_server_does_not_take_is_told_and_kept(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    address = import_pictures(served_site, "shapes", tmp_path, count=2)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    first = drawing.wait_for_picture()
    page.evaluate(
        """([image, owner]) => {
          const corner = (n) => [8 + 10 * (n % 49), 8 + 10 * Math.floor(n / 49)];
          const polygons = Array.from({ length: 2001 }, (_, n) => {
            const [x, y] = corner(n);
            return { class: 0, rings: [[[x, y], [x + 6, y], [x, y + 6]]] };
          });
          localStorage.setItem(`ai4mars.draft.${owner}.${image}`,
            JSON.stringify({ format: 2, polygons, steps: [], started_at: "2024-01-01" }));
        }""",
        [first, config_of(page)["labeler"]["device_name"]],
    )
    page.reload()
    drawing.wait_for_picture()
    drawing.has_regions(2001)
    told = notice(page, "refused")
    expect(told).to_contain_text("2001 shapes")
    expect(told).to_contain_text("join shapes of the same kind or delete small ones")
    expect(told).to_contain_text("saved only on this device")
    saved(page, "Saved on this device")

    # Sent all the same, it waits in words, and can be opened again.
    drawing.send()
    second = drawing.wait_for_picture(other_than=first)
    expect(page.locator("#outbox-count")).to_have_text("1")
    page.click("#outbox-open")
    expect(page.locator("#outbox-list li")).to_contain_text("2001 shapes")
    page.get_by_role("button", name="Open the drawing").click()
    assert drawing.wait_for_picture(other_than=second) == first
    drawing.has_regions(2001)
    notice(page, "refused")

    # With one shape less everything is as always.
    page.keyboard.press("e")
    page.keyboard.press("Delete")
    drawing.has_regions(2000)
    expect(page.locator("#notice")).to_be_hidden()
    saved(page, "Saved on the server")
    drawing.send()
    expect_sent(page, 1)


def test_a_drawing_is_opened_again_right_after_it_was_sent(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "edit"
    address = import_pictures(served_site, slug, tmp_path, count=3)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    wait_for_pictures_ahead(page)
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    # The next picture does not wait for the server.
    held: list[Any] = []
    page.route("**/api/labels/", lambda route: held.append(route))
    drawing.send()
    second = drawing.wait_for_picture(other_than=first)
    drawing.draw(SOIL, BELOW)
    held.pop().continue_()
    page.unroute("**/api/labels/")

    message = page.locator("#status")
    expect(message).to_contain_text("Sent. Thank you!")
    message.get_by_role("button", name="Edit").click()
    assert drawing.wait_for_picture(other_than=second) == first
    drawing.has_regions(1)
    expect(page.locator("#correcting")).to_be_visible()
    expect(page.locator("#labels-sent")).to_have_text("1")
    drawing.draw(BEDROCK, RIGHT)
    page.get_by_role("button", name="Send the correction").click()

    # On with the picture that was open, as it was.
    assert drawing.wait_for_picture(other_than=first) == second
    drawing.has_regions(1)
    expect(page.locator("#correcting")).to_be_hidden()
    expect(page.locator("#undo")).to_be_enabled()
    expect(message).to_contain_text("Sent. Thank you!")
    expect(page.locator("#labels-sent")).to_have_text("1")
    assert list(stored(served_site, slug).values()) == [[SAND, BEDROCK]]
    drawing.send()
    third = drawing.wait_for_picture(other_than=second)
    expect_sent(page, 2)

    # A correction that is canceled leads back too.
    message.get_by_role("button", name="Edit").click()
    assert drawing.wait_for_picture(other_than=third) == second
    page.get_by_role("button", name="Cancel correction").click()
    expect(message).to_contain_text("again")
    page.get_by_role("button", name="Cancel correction").click()
    drawing.wait_for_picture(other_than=second)
    assert sorted(stored(served_site, slug).values()) == [[SOIL], [SAND, BEDROCK]]


def test_the_counter_counts_what_was_sent_also_while_correcting(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    address = import_pictures(served_site, "counter", tmp_path, count=2)
    drawing = open_page(device(), address)
    page = drawing.page
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    expect_sent(page, 1)
    page.goto(f"{address}?correct={drawing.sent[0]['id']}")
    drawing.wait_for_picture()
    expect(page.locator("#correcting")).to_be_visible()
    expect(page.locator("#labels-sent")).to_have_text("1")
