"""The front page in a real browser, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served import ServedSite

pytestmark = pytest.mark.e2e


def test_a_visitor_sees_the_front_page(served_site: ServedSite, browser_page: Any) -> None:
    answer = browser_page.goto(served_site.url)

    assert answer.status == 200
    assert "AI4Mars" in browser_page.title()
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert browser_page.locator("html").get_attribute("lang") == "en"


def test_a_visitor_may_change_the_language(served_site: ServedSite, browser_page: Any) -> None:
    browser_page.goto(served_site.url)

    browser_page.get_by_role("button", name="Español").click()

    assert browser_page.locator("html").get_attribute("lang") == "es"
    browser_page.get_by_role("button", name="English").click()
    assert browser_page.locator("html").get_attribute("lang") == "en"
