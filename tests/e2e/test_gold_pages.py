"""The gold set in a browser: a plan, its experts, an expert's first image, the meeting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.accessible import AXE, misplaced, violations
from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

PASSWORD = "a-long-walk-on-mars"
SLUG = "goldset"
PICTURES = 9

#: Three terrain classes, a manager, and experts of whom three are too few at first.
PEOPLE = f"""
from django.contrib.auth.models import Group, User
from labeling.models import Campaign, Image
from labeling.people.services.labelers import labeler_of_user
campaign = Campaign.objects.get(slug="{SLUG}")
names = ("Ridged", "Sand Dunes", "Smooth")
for number, image in enumerate(campaign.images.order_by("pk")):
    Image.objects.filter(pk=image.pk).update(orbital_class=names[number % 3])
User.objects.create_superuser("gold-manager", password="{PASSWORD}")
for name in ("erik", "eva", "emil", "elsa", "egon"):
    user = User.objects.create_user(
        "gold-" + name, password="{PASSWORD}", email=name + "@example.org"
    )
    user.groups.add(Group.objects.get(name="experts"))
    labeler_of_user(user)
"""

#: All experts draw what they still have, and do not agree; whoever has drawn keeps the drawing.
ALL_DRAW = f"""
import uuid
import numpy as np
from terrain.geometry.regions import Region
from labeling.models import Assignment
from labeling.annotation.services import labels
from tests.factories import ACTOR
given = Assignment.objects.open().filter(role="expert", image__campaign__slug="{SLUG}")
for number, each in enumerate(given.select_related("image", "labeler").order_by("image", "pk")):
    shift = 30 * (number % 3)
    def box(code, left, top, right, bottom):
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return Region(code=code, rings=(np.array(corners, dtype=float),))
    regions = [
        box(2 if number % 2 else 0, 60 + shift, 240, 260 + shift, 400),
        box(1, 300, 260 + shift, 460, 480),
    ]
    labels.store(ACTOR, each.image, each.labeler, "expert", regions, uuid.uuid4())
    labels.process_image(each.image_id)
"""


def log_in(page: Any, url: str, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


@pytest.fixture(scope="module")
def gold_site(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    """Return a site with nine images of three terrain classes, and with experts."""
    import_pictures(served_site, SLUG, tmp_path_factory.mktemp(SLUG), count=PICTURES)
    served_site.manage("shell", "-v0", "-c", PEOPLE)
    return served_site


def test_from_a_plan_to_the_meeting(gold_site: ServedSite, browser_page: Any) -> None:
    page, url = browser_page, gold_site.url.rstrip("/")
    plan_and_assign(page, url)
    first_picture(page, url)
    gold_site.manage("shell", "-v0", "-c", ALL_DRAW)
    meet(page, url)


def button_of(page: Any, picture: str, words: str) -> Any:
    """Return a button on an image's tile; its name ends in the image's."""
    return page.get_by_role("button", name=re.compile(f"{words}.*{re.escape(picture)}"))


def plan_and_assign(page: Any, url: str) -> None:
    """As a manager: sample a plan, replace, remove, restore and add images, and assign them."""
    log_in(page, url, "gold-manager")
    page.goto(f"{url}/manage/{SLUG}/gold/")
    left = page.locator('[data-left="min_sharpness"]')
    expect(left).to_have_text(str(PICTURES))
    page.fill("#id_min_sharpness", "100")
    expect(left).to_have_text("0")
    page.fill("#id_min_sharpness", "0")
    expect(left).to_have_text(str(PICTURES))
    page.fill("#id_count", "3")
    page.get_by_role("button", name="Sample images").click()

    page.wait_for_url(re.compile("/gold/plan/"))
    tiles = page.locator(".plan-tiles").nth(0).locator(".mono")
    expect(page.get_by_role("heading", name="3 images planned")).to_be_visible()
    before = tiles.first.text_content()
    button_of(page, before, "Replace").click()
    expect(tiles.first).not_to_have_text(before)
    after = tiles.first.text_content()
    button_of(page, after, "Remove").click()
    expect(page.get_by_role("heading", name="2 images planned")).to_be_visible()
    page.get_by_text("Removed").click()
    button_of(page, after, "Restore").click()
    page.fill("#product_id", before)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="4 images planned")).to_be_visible()

    # Whoever comes back finds the plan as it was.
    page.goto(f"{url}/manage/{SLUG}/gold/")
    page.get_by_role("link", name="Continue with the plan").click()
    expect(page.get_by_text("3 terrain classes need at least 5 experts")).to_be_visible()
    for name in ("erik", "eva", "emil"):
        page.get_by_label(f"gold-{name}").check()
    page.fill("#id_classes_per_expert", "3")
    page.get_by_role("button", name="Distribute the images").click()
    expect(page.get_by_text("Here an expert may have 3 terrain classes")).to_be_visible()
    expect(page.get_by_text("Each expert gets 4 to 4 images.")).to_be_visible()
    page.get_by_role("button", name="Assign 4 images").click()

    page.wait_for_url(re.compile("/gold/experts/"))
    expect(page.get_by_text("4 images are now gold")).to_be_visible()
    expect(page.get_by_text("0 of 12 labels are done")).to_be_visible()
    page.locator("summary").first.click()
    expect(page.locator("textarea").first).to_have_value(
        re.compile("^.*4 of your 4 gold images in .* still need your label", re.S)
    )


def first_picture(page: Any, url: str) -> None:
    """As an expert: find the assigned images, label the first, and finish it."""
    log_in(page, url, "gold-erik")
    page.click("[popovertarget=user-menu]")
    page.get_by_role("link", name="My gold images").click()
    expect(page.get_by_text("4 of 4 are left")).to_be_visible()
    page.get_by_role("link", name="Label the next one").click()
    page.wait_for_url(re.compile("/tutorial/"))
    page.evaluate("document.querySelector('#start').submit()")
    drawing = DrawingPage(page)
    image = drawing.wait_for_picture()
    drawing.draw(2, [(120.0, 260.0), (300.0, 260.0), (300.0, 420.0), (120.0, 420.0)])
    drawing.send()
    drawing.wait_for_picture(other_than=image)
    expect(page.locator("#labels-sent")).to_have_text("1")
    page.goto(f"{url}/gold/")
    expect(page.get_by_text("3 of 4 are left")).to_be_visible()
    page.get_by_role("link", name="Consensus meeting").click()
    expect(page.get_by_text("Nothing to discuss yet")).to_be_visible()


def meet(page: Any, url: str) -> None:
    """As experts: review the lowest agreements by keyboard, and add a guideline."""
    page.goto(f"{url}/gold/{SLUG}/meeting/")
    expect(page.locator(".consensus-grid li")).to_have_count(4)
    page.get_by_role("link", name="Go through the images").click()
    expect(page.get_by_text("1 of 4")).to_be_visible()
    overlay = page.locator('.overlay[data-view="0"]')
    expect(overlay).to_be_visible()
    expect(overlay).to_have_js_property("naturalWidth", 512)
    page.keyboard.press("2")
    expect(overlay).to_be_hidden()
    expect(page.locator('.overlay[data-view="2"]')).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator(".overlay:visible")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2 of 4")).to_be_visible()
    expect(page.locator(".regions li").first).to_contain_text("gold-eva")
    page.keyboard.press("n")
    page.keyboard.type("A thin cover of sand is bedrock.")
    page.get_by_role("button", name="Save the guideline").click()
    expect(page.locator(".guidelines blockquote")).to_have_text("A thin cover of sand is bedrock.")
    expect(page.locator(".guidelines")).to_contain_text("gold-erik")
    page.goto(f"{url}/gold/{SLUG}/meeting/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save all as CSV").click()
    assert "A thin cover of sand" in Path(download.value.path()).read_text()


ANOTHER_PLAN = f"""
from labeling.models import Campaign, Labeler
from merging.models import GoldPlan
from merging.gold.services import plans as gold_plans
from tests.factories import ACTOR
campaign = Campaign.objects.get(slug="{SLUG}")
if gold_plans.draft_of(campaign) is None:
    plan = GoldPlan(campaign=campaign, count=3, seed=1, min_sharpness=0)
    gold_plans.sample_plan(ACTOR, plan)
    gold_plans.remove_image(ACTOR, plan, gold_plans.images_of(plan)[0].pk)
    experts = Labeler.objects.filter(user__username__startswith="gold-e")
    gold_plans.set_experts(ACTOR, plan, experts, 3)
"""
SCREENS = {
    "desktop-light-en": {
        "viewport": {"width": 1366, "height": 768},
        "color_scheme": "light",
        "locale": "en",
    },
    "phone-dark-es": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "color_scheme": "dark",
        "locale": "es",
    },
}


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_and_everything_has_its_place(
    gold_site: ServedSite, browser: Any, screen: str
) -> None:
    """After the meeting, with another plan that is not assigned."""
    assert AXE.exists(), "axe-core is not installed: make setup-dev"
    gold_site.manage("shell", "-v0", "-c", ANOTHER_PLAN)
    url = gold_site.url.rstrip("/")
    context = browser.new_context(**SCREENS[screen], bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    found = []

    def look(name: str, address: str) -> None:
        page.goto(url + address)
        page.wait_for_load_state("networkidle")
        found.extend(violations(page, name) + misplaced(page, name))

    log_in(page, url, "gold-manager")
    look("gold set", f"/manage/{SLUG}/gold/")
    look("plan", f"/manage/{SLUG}/gold/plan/")
    look("experts", f"/manage/{SLUG}/gold/experts/")
    look("meeting", f"/gold/{SLUG}/meeting/")
    first = page.locator(".consensus-grid a").first.get_attribute("href")
    look("one picture", first)
    log_in(page, url, "gold-erik")
    look("my gold", "/gold/")
    context.close()
    assert found == [], "\n".join(found)
