"""A Spanish reader: projects have Spanish names, and account pages say tú."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.pictures import import_pictures
from tests.served import ServedSite
from tests.usted import usted_in

pytestmark = pytest.mark.e2e


def test_pages_are_spanish_and_say_tu(
    served_site: ServedSite, browser: Any, tmp_path: Path
) -> None:
    import_pictures(served_site, "spanish", tmp_path)
    url = served_site.url
    context = browser.new_context(locale="es")
    page = context.new_page()
    page.set_default_timeout(60_000)

    page.goto(url)
    card = page.locator("article", has=page.locator('a[href="/c/spanish/draw/"]'))
    expect(card.get_by_role("heading")).to_contain_text("Fotos del suelo")
    expect(card).to_contain_text("¿Sobre qué se puede conducir?")
    page.goto(f"{url}c/spanish/tutorial/")
    expect(page.locator("main")).to_contain_text("Fotos del suelo")

    page.goto(f"{url}accounts/signup/")
    assert not usted_in(page.inner_text("main"))
    page.fill("[name=username]", "con espacio")
    page.fill("[name=password1]", "12345")
    page.fill("[name=password2]", "12346")
    page.locator("main form").evaluate("form => (form.noValidate = true, form.submit())")
    expect(page.locator(".errorlist").first).to_be_visible()
    assert not usted_in(page.inner_text("main"))
    for address in ("login", "password/reset", "password/reset/done", "privacy"):
        page.goto(f"{url}{'' if address == 'privacy' else 'accounts/'}{address}/")
        assert not usted_in(page.inner_text("main")), address
    context.close()
