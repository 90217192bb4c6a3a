"""After sending a drawing: own drawings, corrections, the crowd's result, reports."""

from __future__ import annotations

import json
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

PASSWORD = "a-long-walk-on-mars"
SAND, BEDROCK = 2, 1
FIRST = [(100.0, 250.0), (260.0, 250.0), (260.0, 400.0)]
SECOND = [(300.0, 260.0), (460.0, 260.0), (460.0, 420.0)]


def ask(site: ServedSite, code: str) -> Any:
    """Return the last line of a program on the site's database, decoded from JSON."""
    *before, last = code.strip().splitlines()
    program = "\n".join(
        ["import json", "from labeling.models import *", *before, f"print(json.dumps({last}))"]
    )
    return json.loads(site.manage("shell", "-v0", "-c", program).strip().splitlines()[-1])


def test_a_drawing_is_seen_corrected_and_compared(
    served_site: ServedSite, browser_page: Any, browser: Any, tmp_path: Path, eventually: Any
) -> None:
    slug = "after"
    address = import_pictures(served_site, slug, tmp_path)
    ask(
        served_site,
        f"Campaign.objects.filter(slug='{slug}').update(target_labels=1, merge_minimum=1)",
    )
    context = browser_page.context
    browser_page.close()
    drawing = open_page(context, address)
    page = drawing.page
    page.set_default_timeout(60_000)
    drawing.draw(SAND, FIRST)
    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("1")

    # Among one's own drawings, with the shape over the picture.
    page.click("#labels-sent")
    page.wait_for_url("**/drawings/")
    expect(page.locator(".drawings li")).to_have_count(1)
    expect(page.locator(".drawings svg path").first).to_be_attached()
    page.click(".drawings a")
    page.get_by_role("link", name="Correct my drawing").click()

    # On the drawing page with the shape that was sent; a second one is added.
    again = DrawingPage(page)
    again.wait_for_picture()
    expect(page.locator("#annotate")).to_have_attribute("data-regions", "1")
    expect(page.locator("#correcting")).to_be_visible()
    again.draw(BEDROCK, SECOND)
    page.get_by_role("button", name="Send the correction").click()
    page.wait_for_url(re.compile(r"/drawings/[0-9a-f-]+/$"))
    expect(page.locator("main")).to_contain_text("This is version 2")
    of_campaign = f"image__campaign__slug='{slug}'"
    found = ask(
        served_site,
        f"label = Label.objects.get({of_campaign})\n"
        "[label.version, [p['class'] for p in label.polygons],"
        " [[v.number, len(v.polygons)] for v in label.versions.order_by('number')]]",
    )
    assert found == [2, [SAND, BEDROCK], [[1, 1], [2, 2]]]

    # How others saw it, and after that it stays as it is.
    done = f"Label.objects.get({of_campaign}).status"
    eventually(lambda: ask(served_site, done) == "accepted")
    own = page.url
    page.reload()
    page.get_by_role("button", name="Show me how others saw it").click()
    expect(page.locator("main")).to_contain_text(re.compile("others|crowd", re.I))
    page.goto(own)
    expect(page.get_by_role("link", name="Correct my drawing")).to_have_count(0)


def test_a_picture_is_reported_and_has_nothing_to_label(
    served_site: ServedSite, browser_page: Any, browser: Any, tmp_path: Path
) -> None:
    slug = "about"
    address = import_pictures(served_site, slug, tmp_path)
    username = f"about-admin-{'pg' if 'DATABASE_URL' in served_site.environment else 'lite'}"
    served_site.manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User;"
        f" User.objects.create_superuser('{username}', password='{PASSWORD}')",
    )
    context = browser_page.context
    drawing = open_page(context, address)
    page = drawing.page
    image = page.get_attribute("#annotate", "data-image-id")

    page.keyboard.press("w")
    page.get_by_role("button", name="Something is wrong with this picture").click()
    page.get_by_label("Too dark").check()
    page.fill("#about-comment", "I see nothing but night")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.locator("#status")).to_contain_text("we will check it")

    page.click("#about-open")
    page.get_by_role("button", name="Nothing to label here").click()
    page.get_by_role("button", name="Yes, nothing to label").click()
    expect(page.locator("#annotate")).not_to_have_attribute("data-image-id", str(image))

    kinds = f"sorted(ImageReport.objects.filter(image={image}).values_list('kind', flat=True))"
    assert ask(served_site, kinds) == ["nothing", "wrong"]
    assert ask(served_site, f"Label.objects.filter(image={image}).count()") == 0

    page.goto(f"{served_site.url.rstrip('/')}/feedback/")
    page.get_by_label("Good", exact=False).first.check()
    page.get_by_label("What was hard?", exact=False).fill("Rocks or bedrock?")
    page.locator("main form button[type=submit]").click()

    # An admin reads both.
    admin = browser.new_context(locale="en").new_page()
    url = served_site.url.rstrip("/")
    admin.goto(f"{url}/accounts/login/")
    admin.fill("input[name=login]", username)
    admin.fill("input[name=password]", PASSWORD)
    admin.click("main form button[type=submit]")
    admin.wait_for_url(lambda at: "login" not in at)
    admin.goto(f"{url}/manage/{slug}/reports/")
    expect(admin.locator("main")).to_contain_text("I see nothing but night")
    admin.goto(f"{url}/manage/feedback/")
    expect(admin.locator("main")).to_contain_text("Rocks or bedrock?")
    admin.context.close()
