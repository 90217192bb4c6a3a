"""No drawing is ever lost: networks, crashes, tabs, devices, sessions, full storage."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

PASSWORD = "a-long-walk-on-mars"
SAND, SOIL = 2, 0
LEFT = [(60, 200), (200, 200), (200, 330)]
RIGHT = [(280, 200), (430, 210), (420, 330)]
BELOW = [(90, 380), (300, 380), (300, 460)]


def open_page(context: Any, address: str) -> DrawingPage:
    """Open the drawing page after the tutorial, with an image."""
    page = context.new_page()
    page.goto(address)
    if "/tutorial/" in page.url:
        while page.get_by_role("button", name="Next").is_visible():
            page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Start drawing").click()
    drawing = DrawingPage(page)
    drawing.wait_for_picture()
    return drawing


def config_of(page: Any) -> dict[str, Any]:
    """Return the page's configuration."""
    return dict(json.loads(page.text_content("#annotate-config")))


def wait_for_pictures_ahead(page: Any, pictures: int = 3) -> None:
    page.wait_for_function(
        "n => performance.getEntriesByType('resource')"
        ".filter(({name, responseEnd}) => name.includes('/display/') && responseEnd).length >= n",
        arg=pictures,
    )


def ask(site: ServedSite, expression: str) -> Any:
    """Return the value of a Python expression about the site's database, decoded from JSON."""
    code = (
        "import json; from labeling.models import *; from django.utils import timezone;"
        f" print(json.dumps({expression}))"
    )
    return json.loads(site.manage("shell", "-v0", "-c", code).strip().splitlines()[-1])


def stored(site: ServedSite, slug: str) -> dict[str, Any]:
    """Return the regions' classes of each label of a campaign, by the label's id."""
    labels = f"Label.objects.filter(image__campaign__slug='{slug}')"
    return ask(
        site, f"{{str(each.pk): [one['class'] for one in each.polygons] for each in {labels}}}"
    )


def classes_of(drawing: DrawingPage) -> dict[str, list[int]]:
    return {label["id"]: [one["class"] for one in label["polygons"]] for label in drawing.sent}


def expect_sent(page: Any, count: int) -> None:
    expect(page.locator("#labels-sent")).to_have_text(str(count), timeout=30_000)


def wait_until_saved_after(page: Any, act: Callable[[], object]) -> None:
    """Call `act`, and wait until the drawing is saved on the server."""
    with page.expect_response(
        lambda answer: "/draft/" in answer.url and answer.request.method == "PUT" and answer.ok
    ):
        act()


def notice(page: Any, name: str) -> Any:
    found = page.locator(f'#notice[data-notice="{name}"]')
    expect(found).to_be_visible()
    return found


def regions(page: Any, count: int) -> None:
    expect(page.locator("#annotate")).to_have_attribute("data-regions", str(count))


def log_in(context: Any, url: str, username: str) -> None:
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)
    page.close()


def new_account(site: ServedSite, username: str) -> None:
    site.manage(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth.models import User;"
        f"User.objects.create_user('{username}', password='{PASSWORD}')",
    )


def test_a_network_cut_a_page_killed_and_answers_lost_and_doubled(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "storm"
    address = import_pictures(served_site, slug, tmp_path, count=5)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    wait_for_pictures_ahead(page)

    # Without a network the volunteer goes on with what is loaded, and the page says what waits.
    context.set_offline(True)
    image = drawing.wait_for_picture()
    for number in (1, 2, 3):
        drawing.draw(SAND if number % 2 else SOIL, LEFT)
        drawing.send()
        if number < 3:
            image = drawing.wait_for_picture(other_than=image)
    expect(page.locator("#annotate")).to_have_attribute("data-state", "error")
    expect(page.locator("#error-reason")).to_contain_text("No network")
    expect(page.locator("#outbox-count")).to_have_text("3")
    page.click("#outbox-open")
    expect(page.locator("#outbox-list li")).to_have_count(3)
    expect(page.locator("#outbox-why")).to_contain_text("No network")
    page.click("#outbox-send")
    page.click("#outbox-close")
    assert stored(served_site, slug) == {}

    context.set_offline(False)
    expect_sent(page, 3)
    fourth = drawing.wait_for_picture(other_than=image)
    expect(page.locator("#outbox-open")).to_be_hidden()

    # Killed in the middle of a polygon.
    drawing.draw(SOIL, LEFT)
    drawing.choose(SAND)
    for corner in RIGHT[:2]:
        page.mouse.click(*drawing.on_page(corner))
    with contextlib.suppress(Error):
        page.goto("chrome://crash")
    again = open_page(context, address)
    page = again.page
    assert page.get_attribute("#annotate", "data-image-id") == fourth
    notice(page, "restored")
    regions(page, 1)
    again.choose(SAND)
    for corner in (RIGHT[2], RIGHT[0]):
        page.mouse.click(*again.on_page(corner))
    regions(page, 2)

    # The first answer is lost after the server has handled the label; then each comes twice.
    requests: list[str] = []

    def lose_and_double(route: Any) -> None:
        requests.append(route.request.post_data)
        answer = route.fetch()
        if len(requests) == 1:
            route.abort()
        else:
            route.fetch()
            route.fulfill(response=answer)

    page.route("**/api/labels/", lose_and_double)
    again.send()
    again.wait_for_picture(other_than=fourth)
    again.draw(SAND, BELOW)
    again.send()
    expect(page.locator("#annotate")).to_have_attribute("data-state", "empty")
    expect(page.locator("#outbox-open")).to_be_hidden(timeout=30_000)
    expect_sent(page, 5)

    assert len(requests) >= 3
    sent = {**classes_of(drawing), **classes_of(again)}
    assert len(sent) == 5
    assert stored(served_site, slug) == sent
    assert list(classes_of(again).values()) == [[SOIL, SAND], [SAND]]
    assert ask(served_site, f"Draft.objects.filter(image__campaign__slug='{slug}').count()") == 0


def test_a_site_in_trouble(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "trouble"
    address = import_pictures(served_site, slug, tmp_path, count=4)
    drawing = open_page(device(), address)
    page = drawing.page
    wait_for_pictures_ahead(page)
    troubles: list[dict[str, Any]] = [
        {"status": 500, "body": "oh no"},
        {"status": 503, "body": "<html>back soon</html>", "content_type": "text/html"},
        {"status": 429, "body": "{}", "content_type": "application/json"},
        {"status": 200, "body": "<html>Sign in to this hotel</html>", "content_type": "text/html"},
        {"status": 201, "body": '{"id": "cut o', "content_type": "application/json"},
    ]

    def answer(route: Any) -> None:
        if troubles:
            route.fulfill(**troubles.pop(0))
        else:
            route.continue_()

    page.route("**/api/labels/", answer)
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    drawing.send()
    # It goes on at once; the label is tried again, by itself and on a click.
    second = drawing.wait_for_picture(other_than=first)
    expect(page.locator("#outbox-note")).to_contain_text("1 drawing is saved here")
    page.click("#outbox-open")
    expect(page.locator("#outbox-why")).to_contain_text("has a problem")
    for _ in range(len(troubles) + 1):
        if page.locator("#outbox-send").is_visible():
            with page.expect_response("**/api/labels/"):
                page.click("#outbox-send")
    expect(page.locator("#outbox-none")).to_be_visible()
    page.click("#outbox-close")
    expect_sent(page, 1)

    # Too large: said in words, and made simpler on request.
    page.unroute("**/api/labels/")
    long = [(60 + 300 * step / 400, 200 + (step % 3)) for step in range(400)]
    sizes: list[int] = []

    def too_large(route: Any) -> None:
        sizes.append(len(route.request.post_data))
        if len(sizes) == 1:
            route.fulfill(status=413, body="<html>413</html>", content_type="text/html")
        else:
            route.continue_()

    page.route("**/api/labels/", too_large)
    drawing.choose(SAND)
    page.mouse.move(*drawing.on_page(long[0]))
    page.mouse.down()
    for point in [*long[::8], (360, 420), (60, 420)]:
        page.mouse.move(*drawing.on_page(point))
    page.mouse.up()
    regions(page, 1)
    drawing.send()
    drawing.wait_for_picture(other_than=second)
    page.click("#outbox-open")
    entry = page.locator(f'#outbox-list li[data-image="{second}"]')
    expect(entry).to_contain_text("too many points")
    entry.get_by_role("button", name="Simplify and send").click()
    expect(page.locator("#outbox-none")).to_be_visible()
    page.click("#outbox-close")
    expect_sent(page, 2)
    assert sizes[1] < sizes[0]
    assert stored(served_site, slug).keys() == {label["id"] for label in drawing.sent}


def test_two_tabs_on_the_same_picture(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "tabs"
    address = import_pictures(served_site, slug, tmp_path, count=2)
    context = device()
    first = open_page(context, address)
    first.draw(SAND, LEFT)
    second = open_page(context, address)
    regions(second.page, 1)
    second.draw(SOIL, RIGHT)

    # The first learns of it, still keeps what is drawn there, and asks.
    first.page.bring_to_front()
    asking = notice(first.page, "contested")
    first.draw(SOIL, BELOW)
    asking.get_by_role("button", name="Use that drawing").click()
    regions(first.page, 2)
    first.page.click("#undo")
    regions(first.page, 2)
    first.page.click("#undo")
    regions(first.page, 1)
    first.page.click("#redo")
    first.page.click("#redo")

    # Now the second has to choose, and keeps its own.
    second.page.bring_to_front()
    notice(second.page, "contested").get_by_role("button", name="Keep this one").click()
    regions(second.page, 2)
    first.page.bring_to_front()
    notice(first.page, "contested").get_by_role("button", name="Use that drawing").click()
    first.send()
    expect_sent(first.page, 1)
    second.page.bring_to_front()
    done = notice(second.page, "finished")
    old = second.wait_for_picture()
    done.get_by_role("button", name="Next picture").click()
    second.wait_for_picture(other_than=old)

    assert stored(served_site, slug) == {first.sent[0]["id"]: [SAND, SOIL]}


def test_another_device_with_the_same_account(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "devices"
    address = import_pictures(served_site, slug, tmp_path, count=2)
    new_account(served_site, "vera")
    url = served_site.url.rstrip("/")
    laptop, phone = device(), device()
    for context in (laptop, phone):
        log_in(context, url, "vera")
    one = open_page(laptop, address)
    wait_until_saved_after(one.page, lambda: one.draw(SAND, LEFT))

    two = open_page(phone, address)
    notice(two.page, "restored")
    regions(two.page, 1)
    wait_until_saved_after(two.page, lambda: two.draw(SOIL, RIGHT))

    # The laptop draws upon what is old by now: nothing is written over, and it learns of it.
    one.draw(SOIL, BELOW)
    asking = notice(one.page, "contested")
    drafts = (
        f"[d.polygons[-1]['class'] for d in Draft.objects.filter(image__campaign__slug='{slug}')]"
    )
    assert ask(served_site, drafts) == [SOIL]
    with one.page.expect_response(lambda each: "/draft/" in each.url and each.ok):
        asking.get_by_role("button", name="Keep this one").click()

    # Closed and opened again: still its own.
    one.page.close()
    one = open_page(laptop, address)
    regions(one.page, 2)
    two.draw(SAND, [(330, 380), (430, 380), (430, 460)])
    notice(two.page, "contested").get_by_role("button", name="Use that drawing").click()
    regions(two.page, 2)
    first = two.wait_for_picture()
    two.send()
    expect_sent(two.page, 1)

    # What was sent elsewhere needs no drawing here any more.
    one.draw(SAND, [(330, 380), (430, 380), (430, 460)])
    notice(one.page, "finished").get_by_role("button", name="Next picture").click()
    one.wait_for_picture(other_than=first)
    assert stored(served_site, slug) == {two.sent[0]["id"]: [SAND, SOIL]}


def test_a_picture_taken_out_while_it_is_drawn_on(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "retired"
    address = import_pictures(served_site, slug, tmp_path, count=4)
    drawing = open_page(device(), address)
    page = drawing.page
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)

    def retire(image: str) -> None:
        ask(served_site, f"Image.objects.filter(pk={image}).update(retired_at=timezone.now())")

    # Said at the next stroke; what was drawn stays on the device.
    retire(first)
    drawing.draw(SOIL, RIGHT)
    notice(page, "gone").get_by_role("button", name="Next picture").click()
    second = drawing.wait_for_picture(other_than=first)
    kept = page.evaluate(
        "image => Object.entries(localStorage)"
        ".filter(([key]) => key.startsWith('ai4mars.draft.') && key.endsWith('.' + image))"
        ".map(([, value]) => JSON.parse(value).polygons.length)",
        first,
    )
    assert kept == [2]

    # Or when it is sent: the label is turned down in words, and kept.
    drawing.draw(SAND, LEFT)
    retire(second)
    drawing.send()
    drawing.wait_for_picture(other_than=second)
    expect(page.locator("#outbox-count")).to_have_text("1")
    page.click("#outbox-open")
    expect(page.locator("#outbox-list li")).to_contain_text("removed from the project")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator("#outbox-none")).to_be_visible()
    page.click("#outbox-close")
    drawing.draw(SAND, LEFT)
    drawing.send()
    expect_sent(page, 1)
    assert stored(served_site, slug) == {drawing.sent[-1]["id"]: [SAND]}


def test_a_refusal_is_read_in_the_language_of_the_page(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    """The message comes from the server; the page has no table of its own."""
    slug = "rechazada"
    address = import_pictures(served_site, slug, tmp_path, count=2)
    context = device()
    drawing = open_page(context, address)
    context.add_cookies([{"name": "django_language", "value": "es", "url": served_site.url}])
    page = drawing.page
    page.reload()
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    ask(served_site, f"Image.objects.filter(pk={first}).update(retired_at=timezone.now())")
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    page.click("#outbox-open")
    expect(page.locator("#outbox-list li")).to_contain_text("Esta foto se retiró del proyecto")


def test_a_visitor_is_nobody_until_the_first_stroke_is_saved(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "visitor"
    address = import_pictures(served_site, slug, tmp_path, count=3)
    rows = "[Labeler.objects.count(), Assignment.objects.count(), Draft.objects.count()]"
    before = ask(served_site, rows)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    wait_for_pictures_ahead(page)
    first = drawing.wait_for_picture()
    page.reload()
    assert drawing.wait_for_picture() == first, "the same picture for the same visitor"
    assert config_of(page)["labeler"]["id"] is None

    assert ask(served_site, rows) == before

    # Left at once after the first stroke: the page's last breath makes the guest, or the device
    # has the drawing.
    drawing.draw(SAND, LEFT)
    page.reload()
    assert drawing.wait_for_picture() == first
    regions(page, 1)
    wait_until_saved_after(page, lambda: drawing.draw(SOIL, RIGHT))
    # As the guest that the visitor has become, on the same device and with the same drawing.
    page.reload()
    assert drawing.wait_for_picture() == first
    assert config_of(page)["labeler"]["id"] is not None
    regions(page, 2)
    drawing.send()
    second = drawing.wait_for_picture(other_than=first)
    expect_sent(page, 1)
    page.click("#skip")
    drawing.wait_for_picture(other_than=second)
    assert ask(served_site, rows)[0] == before[0] + 1
    assert stored(served_site, slug) == {drawing.sent[0]["id"]: [SAND, SOIL]}


def test_a_session_that_ended(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "session"
    address = import_pictures(served_site, slug, tmp_path, count=3)
    url = served_site.url.rstrip("/")

    # A guest is the same guest again, and learns nothing of it.
    context = device()
    guest = open_page(context, address)
    wait_until_saved_after(guest.page, lambda: guest.draw(SAND, LEFT))
    context.clear_cookies()
    guest.draw(SOIL, RIGHT)
    guest.send()
    expect_sent(guest.page, 1)
    owners = f"[each.labeler_id for each in Label.objects.filter(image__campaign__slug='{slug}')]"
    assert ask(served_site, f"len({owners})") == 1
    # The browser knows the guest again, too; and what was drawn without cookies is nobody else's.
    guest.page.reload()
    guest.wait_for_picture()
    assert ask(served_site, owners) == [config_of(guest.page)["labeler"]["id"]]
    expect_sent(guest.page, 1)

    # An account has to sign in: drawings wait, and drawing goes on.
    new_account(served_site, "sven")
    context = device()
    log_in(context, url, "sven")
    drawing = open_page(context, address)
    page = drawing.page
    wait_for_pictures_ahead(page)
    first = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    context.clear_cookies()
    drawing.send()
    second = drawing.wait_for_picture(other_than=first)
    asking = notice(page, "signed-out")
    expect(asking).to_contain_text("log in again")
    drawing.draw(SOIL, RIGHT)
    asking.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile("/accounts/login/"))
    page.fill("input[name=login]", "sven")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(f"/c/{slug}/draw/"))
    expect_sent(page, 1)
    assert drawing.wait_for_picture() == second
    regions(page, 1)
    drawing.send()
    expect_sent(page, 2)
    labels = stored(served_site, slug)
    assert {label["id"] for label in drawing.sent} < labels.keys()
    assert len(labels) == 3


FULL = """
const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  if (key.startsWith("ai4mars.")) throw new DOMException("full", "QuotaExceededError");
  set.call(this, key, value);
};
"""
FORBIDDEN = """
Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("denied", "SecurityError"); },
});
"""


@pytest.mark.parametrize(("script", "said"), [(FULL, "out of space"), (FORBIDDEN, "does not let")])
def test_a_device_that_keeps_nothing(
    served_site: ServedSite,
    device: Callable[[], Any],
    tmp_path: Path,
    script: str,
    said: str,
) -> None:
    slug = "full" if script is FULL else "forbidden"
    address = import_pictures(served_site, slug, tmp_path, count=2)
    context = device()
    context.add_init_script(script)
    drawing = open_page(context, address)
    page = drawing.page
    warned = page.locator("#status").filter(has_text=said)
    if script is FORBIDDEN:
        expect(warned).to_be_visible()
    wait_until_saved_after(page, lambda: drawing.draw(SAND, LEFT))
    if script is FULL:
        expect(warned).to_be_visible()

    # The site has it: the page comes back with it.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    first = drawing.wait_for_picture()
    regions(page, 1)
    drawing.draw(SOIL, RIGHT)
    drawing.send()
    drawing.wait_for_picture(other_than=first)
    expect_sent(page, 1)
    assert stored(served_site, slug) == {drawing.sent[0]["id"]: [SAND, SOIL]}


def test_a_drawing_of_an_older_page_and_one_that_nobody_can_read(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "formats"
    address = import_pictures(served_site, slug, tmp_path, count=1)
    context = device()
    drawing = open_page(context, address)
    page = drawing.page
    image = drawing.wait_for_picture()
    owner = config_of(page)["labeler"]["device_name"]
    key = f"ai4mars.draft.{owner}.{image}"
    ring = [[60, 200], [200, 200], [200, 330]]
    polygons = [{"class": SAND, "rings": [ring]}]
    old = {"polygons": polygons, "steps": [], "started_at": "2024-01-01"}
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [key, json.dumps(old)])
    page.reload()
    drawing.wait_for_picture()
    regions(page, 1)
    notice(page, "restored").get_by_role("button", name="Start over").click()
    regions(page, 0)
    page.click("#undo")
    regions(page, 1)

    # Of a page that is newer than this one, and never reached the server.
    strange = {"format": 99, "polygons": [*polygons, {"curve": 3}], "steps": []}
    page.goto(served_site.url)
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [key, json.dumps(strange)])
    ask(served_site, f"Draft.objects.filter(image={image}).delete()[0]")
    page.goto(address)
    drawing.wait_for_picture()
    notice(page, "damaged")
    aside = page.evaluate(
        "Object.entries(localStorage).filter(([key]) => key.startsWith('ai4mars.unreadable.'))"
        ".map(([, value]) => JSON.parse(value))"
    )
    assert strange in aside


def test_a_campaign_that_is_closed_meanwhile(
    served_site: ServedSite, device: Callable[[], Any], tmp_path: Path
) -> None:
    slug = "closing"
    address = import_pictures(served_site, slug, tmp_path, count=2)
    context = device()
    drawing = open_page(context, address)
    wait_for_pictures_ahead(drawing.page, 2)
    context.set_offline(True)
    image = drawing.wait_for_picture()
    drawing.draw(SAND, LEFT)
    drawing.send()
    drawing.wait_for_picture(other_than=image)
    expect(drawing.page.locator("#outbox-count")).to_have_text("1")
    drawing.page.close()
    ask(served_site, f"Campaign.objects.filter(slug='{slug}').update(is_open=False)")
    context.set_offline(False)

    page = context.new_page()
    page.route("**/api/labels/", lambda route: route.abort())
    page.goto(address)
    said = page.locator("[data-outbox]")
    expect(said).to_contain_text("They will be sent")
    page.unroute("**/api/labels/")
    page.reload()

    expect(said).to_contain_text("have been sent")
    [classes] = stored(served_site, slug).values()
    assert classes == [SAND]
    page.reload()
    expect(page.get_by_text("You sent 1 drawing.")).to_be_visible()
    expect(said).to_be_hidden()
