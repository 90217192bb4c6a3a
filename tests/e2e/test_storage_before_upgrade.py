"""Data that browsers stored before the upgrade to 0.2.0 is still delivered and restored.

recorded/README.md says what was recorded, and how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import reviewing
from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.reviewing import Stored, run
from tests.e2e.test_never_lose import (
    BELOW,
    SAND,
    SOIL,
    ask,
    config_of,
    expect_sent,
    log_in,
    new_account,
    stored,
)
from tests.served import ServedSite

# The pages are the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

RECORDED = Path(__file__).parent / "recorded" / "before_layout.json"
WAITING = """
Object.keys(localStorage).filter(key => /^ai4mars[.](outbox|draft|synced|review)[.]/.test(key))
"""


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """Return a new browser; an error in a script of its pages fails the test."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
    made.set_default_timeout(60_000)
    errors: list[str] = []
    made.on("weberror", lambda failed: errors.append(str(failed.error)))
    yield made
    made.close()
    assert not errors, f"Errors in the page's scripts: {errors}"


def recorded(person: str) -> dict[str, Any]:
    return dict(json.loads(RECORDED.read_text())[person])


def fill(text: str, names: Mapping[str, object]) -> str:
    return re.sub(r"<(\w+)>", lambda found: str(names[found[1]]), text)


def put_back(context: Any, site: ServedSite, storage: Mapping[str, str], names: Any) -> None:
    """Put recorded data into the browser, with the names that its site has for the ids."""
    page = context.new_page()
    page.goto(f"{site.url.rstrip('/')}/feedback/thanks/")
    kept = {fill(key, names): fill(value, names) for key, value in storage.items()}
    page.evaluate(
        "kept => { for (const [key, value] of Object.entries(kept)) localStorage[key] = value }",
        kept,
    )
    page.close()


def images_of(site: ServedSite, slug: str) -> list[int]:
    images = f"Image.objects.filter(campaign__slug='{slug}').order_by('pk')"
    return list(ask(site, f"[each.pk for each in {images}]"))


def finish_restored(page: Any, image: int) -> None:
    """Check that the draft has its shape, and that the unfinished one continues; send both."""
    drawing = DrawingPage(page)
    assert drawing.wait_for_picture() == str(image)
    expect(page.locator('#notice[data-notice="restored"]')).to_be_visible()
    drawing.has_regions(1)
    drawing.choose(SAND)
    for corner in (BELOW[2], BELOW[0]):
        page.mouse.click(*drawing.on_page(corner))
    drawing.has_regions(2)
    drawing.send()


def test_an_account(served_site: ServedSite, context: Any, tmp_path: Path) -> None:
    kept = recorded("account")
    synced = import_pictures(served_site, "before-synced", tmp_path / "synced")
    address = import_pictures(served_site, "before-account", tmp_path / "account", count=3)
    new_account(served_site, "before-vera")
    images = images_of(served_site, "before-synced") + images_of(served_site, "before-account")
    # What the site's own database had of it.
    ids = run(
        served_site,
        f"""
from django.contrib.auth.models import User
from django.utils import timezone
from labeling.models import Assignment, Draft
from labeling.people.services.labelers import labeler_of_user
labeler = labeler_of_user(User.objects.get(username="before-vera"))
given = [Assignment.objects.create(image_id=pk, labeler=labeler) for pk in {images}]
Draft.objects.create(
    image_id={images[0]}, labeler=labeler, saved_at=timezone.now(), **{kept["draft"]}
)
print(labeler.pk, *(each.pk for each in given))
""",
    ).split()
    names = {
        "labeler": ids[0],
        **{f"image{place}": image for place, image in enumerate(images)},
        **{f"assignment{place}": each for place, each in enumerate(ids[1:])},
    }
    log_in(context, served_site.url.rstrip("/"), "before-vera")
    put_back(context, served_site, kept["storage"], names)

    page = context.new_page()
    page.goto(address)
    expect_sent(page, 1)
    assert page.locator("#look-brightness").input_value() == "200"
    [sent] = labels_in(kept["storage"])
    assert stored(served_site, "before-account") == {sent: [SAND, SOIL]}
    skipped = f"Assignment.objects.get(pk={ids[3]}).status"
    assert ask(served_site, skipped) == "skipped"
    finish_restored(page, images[3])
    expect_sent(page, 2)
    assert list(stored(served_site, "before-account").values()) == [[SAND, SOIL], [SOIL, SAND]]

    # The device's drawing is the site's with one stroke more: nothing to choose between.
    page.goto(synced)
    drawing = DrawingPage(page)
    assert drawing.wait_for_picture() == str(images[0])
    drawing.has_regions(2)
    expect(page.locator('#notice[data-notice="contested"]')).to_have_count(0)
    drawing.send()
    expect_sent(page, 1)
    assert list(stored(served_site, "before-synced").values()) == [[SAND, SOIL]]
    assert page.evaluate(WAITING) == []


def labels_in(storage: Mapping[str, str]) -> list[str]:
    """Return the ids of the labels that wait in a recorded storage."""
    return [key.rpartition(".")[2] for key, value in storage.items() if '"kind":"label"' in value]


def test_a_visitor(served_site: ServedSite, context: Any, tmp_path: Path) -> None:
    kept = recorded("visitor")
    slug = "before-visitor"
    address = import_pictures(served_site, slug, tmp_path, count=3)
    images = images_of(served_site, slug)
    names: dict[str, Any] = {f"image{place}": image for place, image in enumerate(images)}
    campaign = f"Campaign.objects.get(slug='{slug}').pk"
    names["campaign"] = ask(served_site, campaign)
    # Signed by this site, as the other one had signed it.
    wanted = [["visit", kept["visit"], "labeling.visit_cookie"]]
    for name, offer in kept["offers"].items():
        payload = {
            field: int(fill(value, names)) if value.startswith("<") else value
            for field, value in offer.items()
        }
        wanted.append([name, payload, "labeling.offer"])
    signed = json.loads(
        run(
            served_site,
            "import json; from django.core import signing;"
            f" print(json.dumps({{n: signing.dumps(v, salt=s) for n, v, s in {wanted!r}}}))",
        )
    )
    context.add_cookies([{"name": "visit", "value": signed["visit"], "url": served_site.url}])
    put_back(context, served_site, kept["storage"], {**names, **signed})
    before = ask(served_site, "Labeler.objects.count()")

    page = context.new_page()
    page.goto(address)
    assert "/tutorial/" not in page.url, "it was finished before"
    expect_sent(page, 2)  # an answer too: nothing to label
    [sent] = labels_in(kept["storage"])
    assert stored(served_site, slug) == {sent: [SAND, SOIL]}
    reports = (
        f"[[each.image_id, each.kind] for each in ImageReport.objects.filter(image__in={images})]"
    )
    assert ask(served_site, reports) == [[images[1], "nothing"]]
    finish_restored(page, images[2])
    expect_sent(page, 3)
    assert list(stored(served_site, slug).values()) == [[SAND, SOIL], [SOIL, SAND]]
    assert page.evaluate(WAITING) == []

    assert ask(served_site, "Labeler.objects.count()") == before + 1
    page.reload()
    guest = config_of(page)["labeler"]["id"]
    assert (
        ask(served_site, f"str(Labeler.objects.get(pk={guest}).guest_key)")
        == kept["visit"]["guest"]
    )


def test_a_reviewer(served_site: ServedSite, context: Any) -> None:
    kept = recorded("reviewer")
    slug = "before-review"
    address = reviewing.make_campaign(served_site, slug, images=2, people=3)
    # The first rating had arrived, and was taken back without a network.
    user, rating, first, second = run(
        served_site,
        f"""
from django.contrib.auth.models import User
from ai4mars_site.toolkit.actors import Actor
from labeling.models import Label
from review.queue.services.ratings import rate
rita = User.objects.get(username="rita")
first, second = Label.objects.filter(image__campaign__slug={slug!r}).order_by("pk")[:2]
print(rita.pk, rate(Actor.of_user(rita), first, 4).pk, first.pk, second.pk)
""",
    ).split()
    names = {"user": user, "rating": rating, "label0": first, "label1": second}
    page = context.new_page()
    reviewing.log_in(page, served_site, "rita")
    put_back(context, served_site, kept["storage"], names)

    page.goto(address)
    reviewing.all_sent(page)
    assert reviewing.stored(served_site, slug) == [
        Stored(first, "rita", 4, [], "", False),
        Stored(first, "rita", 3, [], "", True),
        Stored(second, "rita", 2, ["wrong-class"], "Rock, not «soil»", True),
    ]
