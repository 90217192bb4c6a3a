"""The whole workflow by mouse: three guests draw, a reviewer rates, a manager publishes."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio.features
from PIL import Image as Pillow
from playwright.sync_api import expect

from simulation.scenes.scene import make_scene
from terrain.display.tone import linear
from tests.e2e.drawing import DrawingPage
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

SIZE = 512
SLUG = "loop"
PASSWORD = "a-long-walk-on-mars"
ACCOUNTS = f"""
from django.contrib.auth.models import Group, User
from labeling.models import Campaign
from review.models import ReviewPlan
# Without the audit, which now and then would choose one of the good labels too.
ReviewPlan.objects.create(campaign=Campaign.objects.get(slug="{SLUG}"), audit_percent=0)
reviewer = User.objects.create_user("loop-reviewer", password="{PASSWORD}")
reviewer.groups.add(Group.objects.get(name="reviewers"))
User.objects.create_superuser("loop-admin", password="{PASSWORD}")
Campaign.objects.exclude(slug="{SLUG}").update(is_open=False)
"""

SAND, BEDROCK, SOIL = 2, 1, 0


def write_tree(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Write two frames with masks in the released layout; return their masked pixels by id."""
    removed = {}
    for seed in (1, 2):
        scene = make_scene(seed, SIZE)
        identity = f"NLB_{500000000 + seed}EDR_F0540992NCAM00{seed:03d}M1"
        beyond = np.zeros((SIZE, SIZE), dtype=np.uint8)
        beyond[:100] = 1
        rover = scene.rover_mask.astype(np.uint8)
        for name, kind, pixels in (
            ("edr", "EDR", linear(scene.dn)),
            ("mxy", "MXY", rover),
            ("rng-30m", "RNG", beyond),
        ):
            suffix = "JPG" if name == "edr" else "png"
            path = folder / "msl" / "images" / name / f"{identity.replace('EDR', kind)}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(pixels).save(path, "JPEG" if name == "edr" else "PNG")
        removed[identity] = (beyond | rover).astype(bool)
    return removed


def corners_of(guest: int, disagrees: bool) -> dict[int, list[tuple[float, float]]]:
    """Return what one guest outlines: nearly the same as the others, or something else."""
    shift = 6 * guest
    if disagrees:
        return {SOIL: [(40, 330), (150, 330), (150, 420), (40, 420)]}
    return {
        # Reaches above row 100, which is beyond the range limit.
        SAND: [(60 + shift, 60), (300, 70 + shift), (330, 250), (80, 270 - shift)],
        # Its left part lies on the sand already drawn and must give way.
        BEDROCK: [(250, 150 + shift), (470, 160), (450 - shift, 400), (270, 380)],
    }


def log_in(page: Any, url: str, username: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def guest_draws(
    browser: Any, url: str, guest: int, removed: dict[str, np.ndarray[Any, Any]]
) -> list[dict[str, Any]]:
    """As one guest: go from the landing page through the tutorial to two labels; return them as
    sent.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    page = context.new_page()
    page.set_default_timeout(60_000)
    drawing = DrawingPage(page)
    page.goto(url)
    page.get_by_role("link", name="Start drawing").first.click()
    # The tutorial opens by itself on the first visit.
    page.wait_for_url(re.compile("/tutorial/"))
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Start drawing").click()
    image = ""
    for number in (1, 2):
        image = drawing.wait_for_picture(other_than=image)
        product = page.text_content("#image-name")
        disagrees = guest == 2 and "500000001" in product
        for code, corners in corners_of(guest, disagrees).items():
            drawing.draw(code, corners)
        drawing.send()
        expect(page.locator("#labels-sent")).to_have_text(str(number))
        drawing.sent[-1]["product"] = product.strip()
        drawing.sent[-1]["disagrees"] = disagrees
    # Never the same image twice: both are drawn, so nothing is left for this guest.
    expect(page.locator("#annotate")).to_have_attribute("data-state", "empty")
    check_vertices(drawing, removed)
    # Remembered: the drawing page opens without the tutorial now.
    page.goto(f"{url}/c/{SLUG}/draw/")
    assert page.url.endswith("/draw/")
    context.close()
    return drawing.sent


def check_vertices(drawing: DrawingPage, removed: dict[str, np.ndarray[Any, Any]]) -> None:
    """Check that the first region of each label has the clicked corners, except under the masks."""
    starts = [0, len(drawing.sent[0]["polygons"])]
    for label, start in zip(drawing.sent, starts, strict=True):
        ring, gone = label["polygons"][0]["rings"][0], removed[label["product"]]
        clicked = drawing.clicked[start]
        free = [corner for corner in clicked if not gone[int(corner[1]), int(corner[0])]]
        assert len(free) == len(clicked) == len(ring) or 2 <= len(free) < len(clicked)
        for corner in free:
            assert min(np.hypot(*np.subtract(corner, vertex)) for vertex in ring) < 0.02


def mask_of(label: dict[str, Any], removed: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a label's pixels by another rasterizer, without the masked ones.

    Coordinates are rounded to the grid of 0.01 px on which labels are stored.
    """
    mask = np.full((SIZE, SIZE), 255, dtype=np.uint8)
    for polygon in reversed(label["polygons"]):
        rings = [np.round([*ring, ring[0]], 2).tolist() for ring in polygon["rings"]]
        shape = {"type": "Polygon", "coordinates": rings}
        inside = rasterio.features.rasterize([shape], (SIZE, SIZE), dtype=np.uint8)
        mask[inside == 1] = polygon["class"]
    mask[removed] = 255
    return mask


def merged(labels: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Return the result of the paper's rule (3.3), written out."""
    result = np.full((SIZE, SIZE), 255, dtype=np.uint8)
    labeled = sum((mask != 255).astype(int) for mask in labels)
    for code in (SOIL, BEDROCK, SAND, 3):
        votes = sum((mask == code).astype(int) for mask in labels)
        result[(votes >= 3) & (votes * 100 > 65 * labeled)] = code
    return result


def test_the_whole_loop(
    served_site: ServedSite,
    browser: Any,
    browser_page: Any,
    tmp_path: Path,
    eventually: Callable[..., Any],
) -> None:
    removed = write_tree(tmp_path / "tree")
    served_site.manage("import_images", str(tmp_path / "tree"), "--campaign", SLUG)
    served_site.manage("shell", "-c", ACCOUNTS)
    url = served_site.url.rstrip("/")

    sent = [label for guest in range(3) for label in guest_draws(browser, url, guest, removed)]
    assert len(sent) == 6

    # The reviewer: the label that disagrees is the lowest fifth of six scores.
    page = browser_page
    log_in(page, url, "loop-reviewer")
    eventually(lambda: page.goto(f"{url}/review/{SLUG}/") and showing(page) == "reviewing")
    expect(page.locator("#facts")).to_contain_text("NLB_500000001EDR_F0540992NCAM00001M1")
    page.click('[data-rating="1"]')
    page.wait_for_selector('#review[data-state="empty"]')
    log_out(page, url)

    # The admin publishes and downloads.
    log_in(page, url, "loop-admin")
    page.goto(f"{url}/manage/{SLUG}/releases/")
    page.fill("input[name=version]", "1.0")
    page.get_by_role("button", name="Build release").click()
    with page.expect_download(timeout=60_000) as downloading:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    downloading.value.save_as(tmp_path / "release.zip")

    check_release(tmp_path / "release.zip", sent, removed)


def showing(page: Any) -> str:
    page.wait_for_selector('#review:not([data-state="loading"])')
    return str(page.get_attribute("#review", "data-state"))


def log_out(page: Any, url: str) -> None:
    page.goto(f"{url}/accounts/logout/")
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "logout" not in address)


def check_release(
    path: Path, sent: list[dict[str, Any]], removed: dict[str, np.ndarray[Any, Any]]
) -> None:
    """Check all checksums, and that every train mask is the vote of the drawn polygons."""
    with zipfile.ZipFile(path) as archive:
        root = "ai4mars-dataset-merged-1.0"
        sums = dict(
            reversed(line.split("  "))
            for line in archive.read(f"{root}/SHA256SUMS").decode().splitlines()
        )
        names = {name.removeprefix(f"{root}/") for name in archive.namelist()}
        assert names == {*sums, "SHA256SUMS"}
        for name, digest in sums.items():
            assert hashlib.sha256(archive.read(f"{root}/{name}")).hexdigest() == digest
        labeled = 0
        for product, gone in removed.items():
            content = archive.read(f"{root}/msl/labels/train/{product}.png")
            released = Pillow.open(io.BytesIO(content))
            assert released.mode == "L"
            votes = [
                mask_of(label, gone)
                for label in sent
                if label["product"] == product and not label["disagrees"]
            ]
            expected = merged(votes)
            np.testing.assert_array_equal(np.asarray(released), expected)
            labeled += int((expected != 255).sum())
        assert labeled > 10_000
