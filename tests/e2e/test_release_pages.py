"""From a new release to the downloaded and verified archive; stopping and resuming."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from merging.formats.exports import EXPORTS
from tests.e2e.test_keyboard import tab_to
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

PASSWORD = "a-long-walk-on-mars"
SLUG = "released"
IMAGES = 6
ROOT = "ai4mars-dataset-merged-"

#: Two gold images, on which three experts agree but for a strip, and four of the crowd, in the
#: order in which they are released; parts of some are on the rover or too far away.
SETUP = f"""
import json, uuid
import numpy as np
from django.contrib.auth.models import User
from terrain.masks import mask_to_regions
from labeling.models import Role
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.people.services.labelers import labeler_of_user, new_guest
from review.scores.services.scores import score_image
from tests.factories import ACTOR, new_campaign, new_image

SIZE = 64
campaign = new_campaign("{SLUG}", name="Released")
User.objects.create_superuser("release-admin", password="{PASSWORD}")
experts = [labeler_of_user(User.objects.create_user(f"release-expert-{{n}}")) for n in range(3)]
rover = ["0" * SIZE] * 56 + ["1" * SIZE] * 8
beyond = ["1" * SIZE] * 8 + ["0" * SIZE] * 56
files = []
for number in range(1, {IMAGES} + 1):
    image = new_image(
        campaign, number, width=SIZE, height=SIZE, orbital_class="Smooth", sol=number,
        shade=90 + number,  # each has a file of its own: files are named by their content
        on_rover=rover if number % 2 else (), beyond=beyond if number % 3 else (),
    )
    is_gold = number in (2, 5)
    if is_gold:
        assign_gold(ACTOR, image, experts)
    for which, person in enumerate(experts if is_gold else [new_guest() for _ in range(3)]):
        mask = np.full((SIZE, SIZE), 255, dtype=np.uint8)
        mask[:, : SIZE // 2 - which] = 0
        mask[:, SIZE // 2 :] = 2
        mask[20:30, 40:50] = 3
        role = Role.EXPERT if is_gold else Role.CROWD
        labels.store(ACTOR, image, person, role, mask_to_regions(mask), uuid.uuid4())
    labels.process_image(image.pk)
    score_image(image.pk)  # else the build does it, and counts it in its progress
    files.append(image.original.path)
print(json.dumps(files))
"""


@pytest.fixture(scope="module")
def originals(served_site: ServedSite) -> list[Path]:
    """Return the frames of the campaign's images, in the order in which they are released."""
    said = served_site.manage("shell", "-v", "0", "-c", SETUP)
    return [Path(name) for name in json.loads(said.strip().splitlines()[-1])]


@pytest.fixture
def url(served_site: ServedSite) -> str:
    return served_site.url.rstrip("/")


class Held:
    """A file whose reading blocks until it is let go: it is replaced by a pipe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = path.read_bytes()
        path.unlink()
        os.mkfifo(path)

    def let_go(self) -> None:
        """Write the content for the waiting reader, and restore the file for later readers."""
        if not self.path.is_fifo():
            return
        try:
            pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # Nobody waits.
            pipe = -1
        whole = self.path.with_suffix(".whole")
        whole.write_bytes(self.content)
        whole.replace(self.path)
        if pipe >= 0:
            os.set_blocking(pipe, True)
            os.write(pipe, self.content)
            os.close(pipe)


@pytest.fixture
def held(originals: list[Path]) -> Iterator[list[Held]]:
    """Make the builder wait at the second and at the fifth image."""
    files = [Held(originals[1]), Held(originals[4])]
    yield files
    for file in files:
        file.let_go()


def log_in(page: Any, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", "release-admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def card_of(page: Any, version: str) -> Any:
    return page.get_by_role("article", name=version, exact=True)


def wait_at_the_first(card: Any) -> None:
    """Wait until the builder is at the blocked file; progress is updated once a second."""
    expect(card.get_by_text("Being built")).to_be_visible(timeout=60_000)
    expect(card.get_by_text(f"0 of {IMAGES}")).to_be_visible()
    time.sleep(1.1)


def unpacked(archive: Path, folder: Path, version: str) -> Path:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return folder / f"{ROOT}{version}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def interrupted_and_resumed(page: Any, address: str) -> bytes:
    """Interrupt a download after some bytes, and resume it from there; return all bytes."""
    there = urlsplit(address)
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())

    def ask(headers: dict[str, str]) -> tuple[http.client.HTTPConnection, Any]:
        connection = http.client.HTTPConnection(there.hostname or "", there.port or 80, timeout=30)
        connection.request("GET", there.path, headers={"Cookie": cookies, **headers})
        return connection, connection.getresponse()

    connection, answer = ask({})
    tag, size = answer.headers["ETag"], int(answer.headers["Content-Length"])
    first = bytes(answer.read(size // 3))
    connection.close()
    connection, answer = ask({"Range": f"bytes={len(first)}-", "If-Range": tag})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {len(first)}-{size - 1}/{size}"
    rest = bytes(answer.read())
    connection.close()
    assert 0 < len(first) < len(first + rest) == size
    return first + rest


def test_from_new_release_to_the_verified_archive(
    served_site: ServedSite,
    url: str,
    originals: list[Path],
    held: list[Held],
    browser_page: Any,
    tmp_path: Path,
) -> None:
    page = browser_page
    log_in(page, url)
    page.goto(f"{url}/manage/")
    page.get_by_role("link", name="Overview : Released").click()
    page.get_by_role("link", name="Releases", exact=True).click()
    expect(page.get_by_text("No release yet.")).to_be_visible()

    page.get_by_role("link", name="Change the release metadata").click()
    page.get_by_label("Creators").fill("Swan, R. Michael\nThe volunteers")
    page.get_by_label("Credits").fill("NASA/JPL-Caltech")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Swan, R. Michael · The volunteers")).to_be_visible()

    # What is usual is there already; then all there is to choose.
    expect(page.get_by_label("Version")).to_have_value("0.1")
    expect(page.get_by_label("Layout")).to_have_value("v0.1")
    page.get_by_label("Layout").select_option("v0.6")
    expect(page.get_by_role("checkbox", name="Parquet")).to_be_hidden()
    page.get_by_text("More options").click()
    boxes = page.get_by_role("group", name="Additional formats").get_by_role("checkbox")
    expect(boxes).to_have_count(len(EXPORTS))
    for box in boxes.all():
        box.check()
    page.get_by_label("Date").fill("2026-11-03")
    page.get_by_role("button", name="Build release").click()

    card = card_of(page, "0.1")
    page.evaluate("window.stayed = true")
    wait_at_the_first(card)
    expect(card.get_by_role("link", name="Download")).to_be_hidden()
    held[0].let_go()
    expect(card.get_by_text(re.compile(rf"^[2-4] of {IMAGES}$"))).to_be_visible(timeout=30_000)
    expect(card.get_by_role("progressbar")).not_to_have_js_property("value", 0)
    held[1].let_go()
    expect(card.get_by_text("Complete")).to_be_visible(timeout=60_000)
    expect(card.get_by_text("The release is ready.")).to_be_visible()
    expect(card.get_by_role("progressbar")).to_be_hidden()
    expect(card.get_by_role("button", name="Stop")).to_be_hidden()
    expect(card.get_by_text("Zip file, ")).to_contain_text("KB")
    assert page.evaluate("window.stayed"), "nobody had to load the page again"

    link = card.get_by_role("link", name="Download")
    with page.expect_download() as downloading:
        link.click()
    assert downloading.value.suggested_filename == f"{ROOT}0.1.zip"
    archive = tmp_path / "release.zip"
    downloading.value.save_as(archive)
    address = url + link.get_attribute("href")
    assert sha256(interrupted_and_resumed(page, address)) == sha256(archive.read_bytes())

    tree = unpacked(archive, tmp_path, "0.1")
    assert card.locator("code").text_content() == sha256((tree / "SHA256SUMS").read_bytes())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card.get_by_role("button", name="Copy the checksum of 0.1").click()
    expect(card.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == card.locator("code").text_content()
    said = served_site.manage("verify_release", str(tree), "--all")
    assert re.search(rf"\b{IMAGES} images are correct", said), said
    assert f"The masks of {IMAGES} images were merged again" in said, said
    assert {path.name for path in tree.iterdir()} >= {
        *("coco", "geojson", "layers", "metadata", "parquet", "webdataset", "zooniverse"),
        *("msl", "raw", "manifest.json", "info.md", "changelog.md", "label_keys.json"),
    }
    assert "Swan" in (tree / "CITATION.cff").read_text()
    assert "2026-11-03" in (tree / "manifest.json").read_text()

    # The broken one was counted when it began, and not when it went on.
    page.reload()
    expect(card.get_by_text("downloaded 2 times")).to_be_visible()
    expect(page.get_by_label("Version")).to_have_value("0.2")


@pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)
def test_stopping_and_going_on_by_keyboard(
    served_site: ServedSite,
    url: str,
    originals: list[Path],
    held: list[Held],
    browser_page: Any,
    tmp_path: Path,
) -> None:
    page = browser_page
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/releases/")
    tab_to(page, "#id_version")
    page.keyboard.press("Control+a")
    page.keyboard.type("2.0")
    tab_to(page, "form.release-form button")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    card = card_of(page, "2.0")
    wait_at_the_first(card)

    # Whoever else looks at the page sees it stopped, and may go on, without loading it again.
    other = page.context.new_page()
    other.goto(page.url)
    expect(card_of(other, "2.0").get_by_text("Being built")).to_be_visible()
    tab_to(page, ".release form[action$='/stop/'] button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Release 2.0 was stopped.")).to_be_visible()
    for each in (page, other):
        stopped = card_of(each, "2.0")
        expect(stopped.get_by_text("Stopped", exact=True)).to_be_visible()
        expect(stopped.get_by_text("Finished parts are kept.")).to_be_visible()
        expect(stopped.get_by_role("button", name="Stop")).to_be_hidden()
        expect(stopped.get_by_role("button", name="Continue")).to_be_visible()
    other.close()
    # Its builder finds out when it gets its file, and the worker is free for the next.
    for file in held:
        file.let_go()

    again = Held(originals[3])
    try:
        tab_to(page, ".release form[action$='/resume/'] button")
        page.keyboard.press("Enter")
        expect(card.get_by_text("Being built")).to_be_visible(timeout=60_000)
        tab_to(page, ".release form[action$='/stop/'] button")
    finally:
        again.let_go()
    expect(card.get_by_text("Complete")).to_be_visible(timeout=60_000)
    # The button that had the focus is gone: the focus stays with the release.
    expect(card.get_by_role("heading")).to_be_focused()
    tab_to(page, "[data-download]")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    downloading.value.save_as(tmp_path / "release.zip")
    tree = unpacked(tmp_path / "release.zip", tmp_path, "2.0")
    served_site.manage("verify_release", str(tree))
