"""Predictions sent through the page, their result, the leaderboard, and the pages of statistics."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from labeling.images.preparation.pictures import png_bytes
from tests.e2e.accessible import MISPLACED, violations
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

PASSWORD = "a-long-walk-on-mars"
SIZE = 64

#: A release with two gold images: half soil and half sand, on which three experts agree.
SETUP = f"""
import json
import numpy as np
from django.contrib.auth.models import User
from terrain.masks import mask_to_regions
from labeling.models import Role
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.people.services.labelers import labeler_of_user, new_guest
from merging.releases import tasks
from merging.models import Release
from merging.releases.services import requests, builder as releases
from tests.factories import ACTOR, new_campaign, new_image, product_id
import uuid

campaign = new_campaign("measured")
User.objects.create_user("mia", password="{PASSWORD}")
User.objects.create_superuser("measured-admin", password="{PASSWORD}")
experts = [labeler_of_user(User.objects.create_user(f"measured-expert-{{n}}")) for n in range(3)]
mask = np.zeros(({SIZE}, {SIZE}), dtype=np.uint8)
mask[:, {SIZE // 2}:] = 2
regions = mask_to_regions(mask)
for number in (1, 2, 3):
    image = new_image(campaign, number, width={SIZE}, height={SIZE}, orbital_class="Smooth")
    if number < 3:
        assign_gold(ACTOR, image, experts)
    people = experts if number < 3 else [new_guest() for _ in range(3)]
    role = Role.EXPERT if number < 3 else Role.CROWD
    for person in people:
        labels.store(ACTOR, image, person, role, regions, uuid.uuid4())
    labels.process_image(image.pk)
release = requests.request_release(ACTOR, campaign, "0.1")
tasks.build_release(release.pk)
Release.objects.filter(pk=release.pk).update(has_public_leaderboard=True)
print(json.dumps({{"release": release.pk, "images": [product_id(1), product_id(2)]}}))
"""


@pytest.fixture(scope="module")
def measured(served_site: ServedSite) -> dict[str, Any]:
    """Return what the site was filled with."""
    said = served_site.manage("shell", "-v", "0", "-c", SETUP)
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def zipped(images: list[str], **spoiled: bytes) -> bytes:
    """Return predictions in which a quarter of the sand is soil."""
    prediction = np.zeros((SIZE, SIZE), dtype=np.uint8)
    prediction[SIZE // 4 :, SIZE // 2 :] = 2
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in images:
            archive.writestr(f"{name}.png", png_bytes(prediction))
        for name, data in spoiled.items():
            archive.writestr(name, data)
    return content.getvalue()


def log_in(page: Any, url: str, username: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def send(page: Any, name: str, content: bytes) -> None:
    page.get_by_label("Name of the model").fill(name)
    page.get_by_label("Predictions").set_input_files(
        {"name": "predictions.zip", "mimeType": "application/zip", "buffer": content}
    )
    page.get_by_role("button", name="Send and score").click()


@pytest.fixture
def look(browser: Any, browser_page: Any, tmp_path: Path) -> Any:
    """Check the open page, light and dark, wide and narrow: axe, overlaps, overflow."""

    def look_at(name: str) -> None:
        found = []
        for width, height in ((1280, 800), (390, 844)):
            for scheme in ("light", "dark"):
                # axe is a script of its own, which the page's policy would stop.
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    storage_state=browser_page.context.storage_state(),
                    bypass_csp=True,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.goto(browser_page.url)
                state = f"{name}-{width}-{scheme}"
                page.screenshot(path=tmp_path / f"{state}.png", full_page=True)
                found += violations(page, state)
                found += [f"{state}: {each}" for each in page.evaluate(MISPLACED)]
                context.close()
        assert not found, "\n".join(found)

    return look_at


@pytest.fixture
def url(served_site: ServedSite) -> str:
    return served_site.url.rstrip("/")


def test_predictions_are_sent_measured_and_on_the_leaderboard(
    url: str, measured: dict[str, Any], browser_page: Any, look: Any
) -> None:
    page = browser_page
    page.goto(f"{url}/results/")
    look("leaderboards")
    log_in(page, url, "mia")
    page.goto(f"{url}/results/")
    page.get_by_role("link", name=re.compile("^Results ?: Curiosity")).click()
    expect(page.get_by_role("heading", name="No results yet")).to_be_visible()
    leaderboard = page.url

    send(page, "Spoiled net", zipped(measured["images"], **{"notes.txt": b"hello"}))
    expect(page.get_by_role("heading", name="These predictions were not scored")).to_be_visible(
        timeout=30_000
    )
    expect(page.get_by_role("row", name="notes.txt")).to_contain_text("It is not a PNG")
    look("refused")

    page.goto(leaderboard)
    send(page, "Quarter net", zipped(measured["images"]))
    # The page follows the worker by itself.
    expect(page.get_by_role("heading", name="Confusion matrix")).to_be_visible(timeout=30_000)
    matrix = page.get_by_role("table", name="Pixels of each true class")
    half = SIZE * SIZE // 2
    for title, pixels in (
        ("Soil", [2 * half, 0, 0, 0, 0]),
        ("Sand", [half // 2, 0, 3 * half // 2]),
    ):
        cells = matrix.get_by_role("row", name=title).get_by_role("cell").all_text_contents()
        assert cells[: len(pixels)] == [f"{each:,}" for each in pixels]
    expect(page.locator("dl.figures dd").first).to_have_text("0.8750")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PNG").click()
    assert saved.value.suggested_filename.startswith("confusion-")
    look("result")
    page.get_by_role("link", name="At least 1 expert").click()
    expect(page.get_by_role("link", name="At least 1 expert")).to_have_attribute(
        "aria-current", "page"
    )

    page.goto(leaderboard)
    expect(page.get_by_role("row", name="Quarter net")).to_contain_text("mia")
    look("leaderboard")


def test_admins_decide_who_sees_a_leaderboard_and_remove_results(
    url: str, measured: dict[str, Any], browser_page: Any, look: Any
) -> None:
    page = browser_page
    log_in(page, url, "measured-admin")
    page.goto(f"{url}/manage/measured/releases/")
    page.get_by_role("link", name="Model leaderboard 0.1").click()
    send(page, "To remove", zipped(measured["images"]))
    expect(page.get_by_role("heading", name="Confusion matrix")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Remove this result").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_text("To remove was removed.")).to_be_visible()
    expect(page.get_by_role("row", name="To remove")).to_have_count(0)

    page.get_by_role("button", name="Show them to managers only").click()
    expect(page.get_by_text("For managers only.")).to_be_visible()
    page.get_by_role("button", name="Show them to everybody").click()
    expect(page.get_by_role("button", name="Show them to managers only")).to_be_visible()


def test_statistics_of_a_campaign_and_of_its_release(
    url: str, measured: dict[str, Any], browser_page: Any, look: Any
) -> None:
    page = browser_page
    log_in(page, url, "measured-admin")
    page.goto(f"{url}/manage/measured/")
    page.get_by_role("link", name="Statistics").first.click()
    expect(page.get_by_role("heading", name="Class shares")).to_be_visible()
    expect(page.locator("#composition-chart")).to_contain_text("50.0%")
    look("statistics")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PNG").first.click()
    assert saved.value.suggested_filename == "measured-composition.png"

    address = f"{url}/releases/{measured['release']}/statistics/"
    page.goto(address)
    heading = page.get_by_role("heading", name="How many experts agree")
    # A worker counts it when it is looked at first.
    for _ in range(40):
        if heading.is_visible():
            break
        page.wait_for_timeout(500)
        page.goto(address)
    expect(page.get_by_role("row", name="Smooth")).to_contain_text("2")
    look("release-statistics")
