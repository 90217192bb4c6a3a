"""Skipped pictures come back after all others, if the person wants; other projects are offered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import open_page
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

SAND = 2
SHAPE = [(100.0, 250.0), (260.0, 250.0), (260.0, 400.0)]


def skip(drawing: DrawingPage) -> None:
    drawing.page.get_by_role("button", name="Skip", exact=True).click()


def test_skipped_pictures_are_offered_again_at_the_end(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    import_pictures(served_site, "skipped-other", tmp_path / "other")
    address = import_pictures(served_site, "skipped", tmp_path / "skipped", count=2)
    context = browser_page.context
    browser_page.close()
    drawing = open_page(context, address)
    page = drawing.page
    page.set_default_timeout(60_000)

    first = drawing.wait_for_picture()
    skip(drawing)
    drawing.wait_for_picture(other_than=first)
    skip(drawing)
    question = page.get_by_role("heading", name="You skipped 2 pictures. Try them again?")
    expect(question).to_be_visible()
    other = page.locator("#none-left").get_by_role("listitem").get_by_role("link").first
    expect(other).to_have_attribute("href", re.compile(r"^/c/(?!skipped/)[\w-]+/draw/$"))

    # The front page knows: it leads to another project, and back to the question.
    page.get_by_role("link", name="Back to the home page").click()
    start = page.get_by_role("link", name="Start drawing", exact=True)
    expect(start).not_to_have_attribute("href", "/c/skipped/draw/")
    card = page.locator("article", has=page.locator('a[href="/c/skipped/draw/"]'))
    expect(card).to_contain_text("No new pictures for you here. You skipped 2 pictures.")
    card.get_by_role("link", name="Try skipped pictures again").click()
    expect(question).to_be_visible()

    page.get_by_role("button", name="Try them again").click()
    second = drawing.wait_for_picture()
    drawing.draw(SAND, SHAPE)
    drawing.send()
    drawing.wait_for_picture(other_than=second)
    skip(drawing)
    expect(page.get_by_role("heading", name="You skipped one picture.")).to_be_visible()
    page.get_by_role("button", name="Try them again").click()
    drawing.wait_for_picture()
    drawing.draw(SAND, SHAPE)
    drawing.send()
    expect(page.get_by_role("heading", name="There are no more pictures for you")).to_be_visible()
    expect(question).to_be_hidden()
    page.goto(served_site.url)
    expect(page.locator('a[href="/c/skipped/draw/"]')).to_have_count(0)
