"""The drawing page opens without a network, for the person who opened it before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.test_never_lose import (
    LEFT,
    RIGHT,
    SAND,
    SOIL,
    expect_sent,
    log_in,
    new_account,
    open_page,
    regions,
    stored,
)
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

#: Whether the page's own address and so many pictures are kept on the device.
IS_KEPT = """
async ([pictures, script]) => {
  const count = async (prefix, matches) => {
    const names = (await caches.keys()).filter((name) => name.startsWith(prefix));
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return kept.flat().filter(({ url }) => matches(url)).length;
  };
  return await count('ai4mars.page.', (url) => url === location.origin + location.pathname) === 1
    && await count('ai4mars.page.', (url) => url.endsWith(script)) === 1
    && await count('ai4mars.pictures.', (url) => url.endsWith('/display/')) >= pictures;
}
"""
#: Names of all that the device keeps for opening pages without a network.
KEPT = """
async () => [
  ...await caches.keys(),
  ...Object.keys(localStorage).filter((key) => key.startsWith('ai4mars.tasks.')),
]
"""
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('ai4mars.draft.')).length"


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A new browser; an error in a script of its pages fails the test."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    made.set_default_timeout(60_000)
    errors: list[str] = []
    made.on("weberror", lambda failed: errors.append(str(failed.error)))
    yield made
    made.close()
    assert not errors, f"Errors in the page's scripts: {errors}"


def wait_until_kept(page: Any, pictures: int, script: str = "annotate.js") -> None:
    page.wait_for_function(IS_KEPT, arg=[pictures, script])


def script_of(page: Any) -> str:
    return str(page.get_attribute("script[type=module]", "src"))


def expect_not_to_open(context: Any, address: str) -> None:
    """Without a network the address opens nothing."""
    context.set_offline(True)
    page = context.new_page()
    with pytest.raises(Error, match="net::ERR_"):
        page.goto(address)
    page.close()
    context.set_offline(False)


def test_it_opens_without_a_network_and_sends_later(
    served_site: ServedSite, context: Any, tmp_path: Path
) -> None:
    slug = "tunnel"
    address = import_pictures(served_site, slug, tmp_path, count=5)
    drawing = open_page(context, address)
    wait_until_kept(drawing.page, 3)
    drawing.draw(SAND, LEFT)
    image = drawing.wait_for_picture()
    drawing.page.close()

    context.set_offline(True)
    page = context.new_page()
    page.goto(address)
    drawing = DrawingPage(page)
    assert drawing.wait_for_picture() == image
    regions(page, 1)
    note = page.locator("#offline-note")
    expect(note).to_contain_text("You are offline. Drawings are saved on this device")
    expect(note).to_contain_text("More pictures here: 2.")
    # The field guide has its pictures.
    page.click("#guide-open")
    pictures = page.locator("#guide img")
    for place in range(pictures.count()):
        pictures.nth(place).scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('#guide img')].every((each) => each.naturalWidth > 0)"
    )
    page.click("#guide-close")

    drawing.send()
    for said in ("More pictures here: 1.", "This is the last picture here."):
        image = drawing.wait_for_picture(other_than=image)
        expect(note).to_contain_text(said)
        drawing.draw(SOIL, RIGHT)
        drawing.send()
    expect(page.locator("#error-reason")).to_contain_text("all pictures on this device are used up")
    expect(page.locator("#outbox-count")).to_have_text("3")
    page.reload()
    expect(page.locator("#error-reason")).to_contain_text("Connect to the internet")
    expect(page.locator("#outbox-count")).to_have_text("3")
    assert stored(served_site, slug) == {}

    # The token in the kept page is no longer valid.
    context.clear_cookies(name="csrftoken")
    context.set_offline(False)
    expect_sent(page, 3)
    drawing.wait_for_picture(other_than=image)
    expect(note).to_be_hidden()
    assert sorted(stored(served_site, slug).values()) == [[SOIL], [SOIL], [SAND]]


def test_a_new_version_replaces_the_old_one(
    served_site: ServedSite, context: Any, tmp_path: Path
) -> None:
    slug = "versions"
    address = import_pictures(served_site, slug, tmp_path, count=4)

    def deploy(version: int) -> None:
        """From now on the site has another version of the page, with another script."""

        def answer(route: Any) -> None:
            page = route.fetch()
            text = page.text().replace("/annotate.js", f"/annotate.js?{version}")
            route.fulfill(response=page, body=text)

        context.unroute_all()
        context.route("**/draw/", answer)

    drawing = open_page(context, address)
    page = drawing.page
    wait_until_kept(page, 3)

    # At the next load.
    deploy(2)
    page.goto(address)
    assert script_of(page).endswith("annotate.js?2")
    drawing.wait_for_picture()
    wait_until_kept(page, 3, "annotate.js?2")
    context.set_offline(True)
    page.reload()
    first = drawing.wait_for_picture()
    assert script_of(page).endswith("annotate.js?2")

    # A page that was opened without a network gives way when a picture is finished.
    deploy(3)
    with page.expect_response("**/draw/"):
        context.set_offline(False)
    drawing.draw(SAND, LEFT)
    assert script_of(page).endswith("annotate.js?2")
    drawing.send()
    expect(page.locator("script[type=module]")).to_have_attribute(
        "src", "/static/dist/annotate.js?3"
    )
    drawing.wait_for_picture(other_than=first)
    expect_sent(page, 1)
    assert list(stored(served_site, slug).values()) == [[SAND]]


def test_logging_out_and_another_person_clear_what_is_kept(
    served_site: ServedSite, context: Any, tmp_path: Path
) -> None:
    slug = "shared-tablet"
    address = import_pictures(served_site, slug, tmp_path, count=6)
    url = served_site.url.rstrip("/")
    for name in ("ada-offline", "ben-offline"):
        new_account(served_site, name)

    log_in(context, url, "ada-offline")
    page = open_page(context, address).page
    wait_until_kept(page, 3)
    DrawingPage(page).draw(SAND, LEFT)
    page.goto(f"{url}/accounts/logout/")
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{url}/")
    page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")
    # The drawing waits for its person.
    assert page.evaluate(DRAFTS) == 1
    expect_not_to_open(context, address)

    # A session that has ended without logging out, and another person.
    log_in(context, url, "ada-offline")
    page.goto(address)
    wait_until_kept(page, 3)
    context.clear_cookies(name="sessionid")
    log_in(context, url, "ben-offline")
    page.goto(url)
    page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")
    expect_not_to_open(context, address)
    drawing = open_page(context, address)
    wait_until_kept(drawing.page, 3)
    regions(drawing.page, 0)


def test_only_the_drawing_page_is_kept(
    served_site: ServedSite, context: Any, tmp_path: Path
) -> None:
    slug = "nothing-else"
    address = import_pictures(served_site, slug, tmp_path, count=3)
    page = open_page(context, address).page
    wait_until_kept(page, 3)
    tutorial, home = address.replace("/draw/", "/tutorial/"), served_site.url
    for other in (tutorial, home, f"{home.rstrip('/')}/drawings/"):
        page.goto(other)
    names = page.evaluate(KEPT)
    assert sorted(name.rpartition(".")[2] for name in names) == [f"/c/{slug}/draw/", slug, slug]
    for other in (tutorial, home):
        expect_not_to_open(context, other)
