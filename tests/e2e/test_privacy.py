"""A guest signs up: the drawings come along, and the privacy page is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import open_page
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

SAND = 2
SHAPE = [(100.0, 250.0), (260.0, 250.0), (260.0, 400.0)]


def test_a_guest_signs_up_and_reads_what_is_kept(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    address = import_pictures(served_site, "privacy", tmp_path, count=2)
    context = browser_page.context
    browser_page.close()
    drawing = open_page(context, address)
    page = drawing.page
    page.set_default_timeout(60_000)
    first = drawing.wait_for_picture()
    drawing.draw(SAND, SHAPE)
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    drawing.draw(SAND, SHAPE)
    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("2")

    page.goto(served_site.url)
    page.locator("footer").get_by_role("link", name="Privacy").click()
    expect(page.get_by_role("heading", name="Privacy")).to_be_visible()
    page.get_by_role("banner").get_by_role("link", name="Sign up").click()
    expect(page.get_by_text("Your 2 drawings come with you.")).to_be_visible()
    page.locator("main").get_by_role("link", name="privacy").click()
    expect(page.get_by_role("heading", name="Who sees it")).to_be_visible()

    page.go_back()
    page.fill("[name=username]", "petra-of-the-privacy-test")
    page.fill("[name=password1]", "a-long-walk-on-mars")
    page.fill("[name=password2]", "a-long-walk-on-mars")
    page.locator("main").get_by_role("button", name="Sign up").click()
    page.wait_for_url(served_site.url)
    page.goto(f"{served_site.url}drawings/")
    expect(page.locator(".drawings li")).to_have_count(2)
