"""Retiring images by keyboard: keys and buttons affect only the selected images."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.reviewing import PASSWORD, log_in, run
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

MAKE = f"""
from django.contrib.auth.models import User
from tests.factories import new_campaign, new_image
user, is_new = User.objects.get_or_create(username="ada", is_staff=True, is_superuser=True)
user.set_password({PASSWORD!r})
user.save()
campaign = new_campaign("to-retire")
for _ in range(3):
    new_image(campaign, width=64, height=48)
"""

RETIRED = """
from labeling.models import Image
print(Image.objects.filter(campaign__slug="to-retire").exclude(retired_at=None).count())
"""


@pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)
def test_keys_prune_only_what_is_selected(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    run(served_site, MAKE)
    log_in(page, served_site, "ada")
    page.goto(f"{served_site.url}manage/to-retire/pictures/")
    expect(page.locator("#grid [role=option]")).to_have_count(3)
    expect(page.locator("#selected")).to_have_text("None selected")

    for key in ("x", "r"):
        page.keyboard.press(key)
        expect(page.locator("#toast-text")).to_have_text(
            "Nothing is selected. Press Space or click to select an image first."
        )
    # A picture with the frame is not selected either: the arrows only move.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    assert run(served_site, RETIRED).strip() == "0"

    page.keyboard.press(" ")
    expect(page.locator("#selected")).to_have_text("1 selected")
    page.keyboard.press("x")
    expect(page.locator("#toast-text")).to_contain_text("retired")
    expect(page.locator("#undo")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    assert run(served_site, RETIRED).strip() == "1"
