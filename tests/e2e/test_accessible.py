"""Accessibility of every page that volunteers see, in each of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.accessible import AXE, misplaced, violations
from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.reviewing import all_sent, make_campaign, run, shown
from tests.served import ServedSite

# The pages are the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

DESKTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
SIDEWAYS = PHONE | {"viewport": {"width": 844, "height": 390}}
PASSWORD = "a-long-walk-on-mars"
ACCOUNTS = f"""
from django.contrib.auth.models import Group, User
for name in ("volunteer", "reviewer", "manager"):
    if not User.objects.filter(username="axe-" + name).exists():
        make = User.objects.create_superuser if name == "manager" else User.objects.create_user
        user = make("axe-" + name, password="{PASSWORD}")
        if name == "reviewer":
            user.groups.add(Group.objects.get(name="reviewers"))
"""

#: A release in each state; those under way stay as they are, since their heartbeat is of tomorrow.
RELEASES = """
import uuid
from datetime import timedelta
from django.utils import timezone
from labeling.models import Campaign
from merging.releases import tasks
from merging.models import Release
from merging.releases.services import requests
from tests.factories import ACTOR
campaign = Campaign.objects.get(slug="{slug}")
for version in ("1.0", "1.1"):
    request = requests.ReleaseRequest(formats=("geojson", "parquet"))
    made = requests.request_release(ACTOR, campaign, version, request)
    tasks.build_release(made.pk)
tomorrow = timezone.now() + timedelta(days=1)
for status, said in (("failed", "It failed."), ("stopped", ""), ("building", "")):
    made = requests.request_release(ACTOR, campaign, status)
    Release.objects.filter(pk=made.pk).update(
        status=status, message=said, done=1200, total=3500, claim=uuid.uuid4(),
        heartbeat_at=tomorrow,
    )
"""

Check = Callable[[Any, str], list[str]]


@pytest.fixture(scope="module")
def site(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    served_site.manage("shell", "-v0", "-c", ACCOUNTS)
    return served_site


@pytest.fixture(scope="module")
def campaign(site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a campaign for all tests of this module, because creating it takes a while."""
    slug = "axe"
    import_pictures(site, slug, tmp_path_factory.mktemp(slug), count=4)
    make_campaign(site, f"{slug}-review", images=2, people=4)
    run(
        site,
        "from labeling.models import Campaign;"
        f" Campaign.objects.filter(slug='{slug}-review').update(is_open=False)",
    )
    run(site, RELEASES.format(slug=f"{slug}-review"))
    site.manage("estimate_skill", "--campaign", f"{slug}-review")
    return slug


def log_in(page: Any, url: str, name: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def plain_pages(page: Any, url: str, slug: str) -> Iterator[str]:
    """Yield the states of the pages that visitors read."""
    addresses = {
        "front page": "/",
        "privacy": "/privacy/",
        "tutorial": f"/c/{slug}/tutorial/",
        "log in": "/accounts/login/",
        "sign up": "/accounts/signup/",
        "forgotten password": "/accounts/password/reset/",
        "password sent": "/accounts/password/reset/done/",
        "no such page": "/there-is-no-such-page/",
        "feedback": "/feedback/",
        "feedback thanks": "/feedback/thanks/",
        "no drawings of one's own": "/drawings/",
        "field guide": f"/c/{slug}/guide/",
    }
    for state, address in addresses.items():
        page.goto(url + address)
        yield state
        if state == "tutorial":
            for number in range(2, 20):
                if not page.locator("[data-next]").is_visible():
                    break
                page.locator("[data-next]").click()
                yield f"tutorial, step {number}"


def drawing_page(page: Any, url: str, slug: str) -> Iterator[str]:
    """Yield the states of the drawing page, and then of the pages of own drawings."""
    page.goto(f"{url}/c/{slug}/tutorial/")
    page.evaluate("document.querySelector('#start').submit()")
    drawing = DrawingPage(page)
    image = drawing.wait_for_picture()
    yield "drawing page"
    page.keyboard.press("3")
    corners = [(120.0, 300.0), (260.0, 300.0), (260.0, 420.0), (120.0, 420.0)]
    for corner in corners[:3]:
        page.mouse.click(*drawing.on_page(corner))
    expect(page.locator("#sketch-finish")).to_be_visible()
    yield "a shape under the hand"
    page.keyboard.press("Enter")
    expect(page.locator("#annotate")).to_have_attribute("data-regions", "1")
    yield "a finished shape"
    page.keyboard.press("j")
    page.keyboard.press(".")
    expect(page.locator("#region-list [aria-current]")).to_have_count(1)
    yield "a chosen corner"
    if page.locator("#regions-open").is_visible():
        page.locator("#regions-open").click()
        yield "the list as a sheet"
        page.locator("#regions-close").click()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    yield "help"
    page.keyboard.press("Escape")
    for key, dialog in (("g", "#guide"), ("w", "#about"), ("l", "#look")):
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        yield f"opened by {key}"
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
    page.keyboard.press("Control+Enter")
    drawing.wait_for_picture(other_than=image)
    yield "the next picture"
    expect(page.locator("#labels-sent")).to_have_text("1")
    page.goto(f"{url}/drawings/")
    yield "own drawings"
    page.locator("main a[href^='/drawings/']").first.click()
    page.wait_for_url("**/drawings/*/")
    yield "one's own drawing"


def account_pages(page: Any, url: str, slug: str) -> Iterator[str]:
    log_in(page, url, "axe-volunteer")
    for state, address in {
        "front page, logged in": "/",
        "change password": "/accounts/password/change/",
        "log out": "/accounts/logout/",
        "not for you": "/manage/",
    }.items():
        page.goto(url + address)
        yield state
    page.goto(url)
    page.click("[popovertarget=user-menu]")
    yield "menu of the account"


def reviewer_and_manager_pages(page: Any, url: str, slug: str) -> Iterator[str]:
    log_in(page, url, "axe-manager")
    for state, address in {
        "review": "/review/",
        "review queue": f"/review/{slug}/",
        "campaigns": "/manage/",
        "campaign": f"/manage/{slug}/",
        "gold": f"/manage/{slug}/gold/",
        "experts of the gold set": f"/manage/{slug}/gold/experts/",
        "consensus meeting": f"/gold/{slug}/meeting/",
        "own gold pictures": "/gold/",
        "nothing to release yet": f"/manage/{slug}/releases/",
        "what releases say": f"/manage/{slug}/publishing/",
        "ways to merge": f"/manage/{slug}-review/merges/",
        "imports": f"/manage/{slug}/imports/",
        "pictures": f"/manage/{slug}/pictures/",
        "reports": f"/manage/{slug}/reports/",
        "feedback read": "/manage/feedback/",
        "scores": f"/review/{slug}/scores/",
        "labelers": f"/review/{slug}-review/labelers/",
        "labelers nobody knows yet": f"/review/{slug}/labelers/",
        "tutorial changed": f"/manage/{slug}/tutorial/",
        "guide changed": f"/manage/{slug}/guide/",
    }.items():
        page.goto(url + address)
        page.wait_for_load_state("networkidle")
        yield state
    page.goto(f"{url}/manage/{slug}-review/releases/")
    expect(page.locator(".release")).to_have_count(5)
    expect(page.locator("[data-status='building'] [data-count]")).to_contain_text("3")
    yield "releases"
    for folded in page.locator("main details:visible").all():
        folded.locator("summary").click()
    yield "releases, and all there is to choose"


def reviewing(page: Any, url: str, slug: str) -> Iterator[str]:
    """Yield the states of the review page, and then of the bulk rating page."""
    log_in(page, url, "axe-reviewer")
    address = f"{url}/review/{slug}-review/"
    page.goto(address)
    label = shown(page)
    yield "a label to rate"
    for view in ("majority", "difference", "disagreement"):
        page.click(f'[data-view="{view}"]')
        expect(page.locator("#caption")).not_to_contain_text("…")
        yield f"seen: {view}"
    page.keyboard.press("y")
    page.keyboard.press("f")
    yield "a reason and a flag"
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.ok):
        page.keyboard.press("f")
    page.keyboard.press("?")
    yield "keys of the review"
    page.keyboard.press("Escape")
    page.click("#filter-open")
    yield "filters of the review"
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    shown(page, other_than=label)
    yield "a label after a rating"
    # For whoever comes here next.
    page.keyboard.press("z")
    shown(page)
    all_sent(page)
    page.goto(f"{address}?part=flagged")
    expect(page.locator("#review")).to_have_attribute("data-state", "empty")
    yield "nothing left to review"
    page.goto(f"{address}bulk/")
    yield "many at once, not chosen"
    page.goto(address)
    shown(page)
    page.goto(str(page.evaluate("document.querySelector('#image-bulk').href")))
    page.locator("#bulk-form [value='1']").check(force=True)
    expect(page.locator("#go")).to_be_enabled()
    yield "many at once"


#: Here something lies over the page, as it shall: a sheet, or on a phone the row of ratings, under
#: which the rest is scrolled.
SHEETS = {
    "the list as a sheet",
    "opened by l",
    "review queue",
    "a label to rate",
    "seen: majority",
    "seen: difference",
    "seen: disagreement",
    "a reason and a flag",
    "keys of the review",
    "filters of the review",
    "a label after a rating",
}

TOURS = [plain_pages, drawing_page, account_pages, reviewer_and_manager_pages, reviewing]


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
@pytest.mark.parametrize(
    ("screen", "look", "language"),
    [
        pytest.param(DESKTOP, "light", "en", id="desktop-light-en"),
        pytest.param(DESKTOP, "dark", "es", id="desktop-dark-es"),
        pytest.param(PHONE, "light", "es", id="phone-light-es"),
        pytest.param(PHONE, "dark", "en", id="phone-dark-en"),
    ],
)
def test_axe_finds_nothing(
    site: ServedSite,
    campaign: str,
    browser: Any,
    screen: dict[str, Any],
    look: str,
    language: str,
    tour: Any,
) -> None:
    assert AXE.exists(), "axe-core is not installed: make setup-dev"
    context = browser.new_context(
        **screen, color_scheme=look, locale=language, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    found = [
        each
        for state in tour(page, site.url.rstrip("/"), campaign)
        for each in violations(page, state)
    ]
    context.close()
    assert found == [], "\n".join(found)


def test_a_phone_shows_the_matrix_of_a_labeler_whole(
    site: ServedSite, campaign: str, browser: Any
) -> None:
    context = browser.new_context(**PHONE, locale="es")
    page = context.new_page()
    url = site.url.rstrip("/")
    log_in(page, url, "axe-manager")
    page.goto(f"{url}/review/{campaign}-review/labelers/")
    expect(page.locator(".confusion").first).to_be_visible()

    widths = "each => [each.scrollWidth, each.clientWidth]"
    wide, room = page.locator(".table-frame").evaluate(widths)
    context.close()
    assert wide <= room


PLACES = [
    pytest.param(screen, tour, id=f"{name}-{tour.__name__}")
    for tour in TOURS
    for name, screen in {"desktop": DESKTOP, "phone": PHONE, "sideways": SIDEWAYS}.items()
    # An admin's tools need the height: on a phone's side they are scrolled past each other.
    if name != "sideways" or tour not in (reviewer_and_manager_pages, reviewing)
]


@pytest.mark.parametrize(("screen", "tour"), PLACES)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_everything_has_its_place(
    site: ServedSite,
    campaign: str,
    browser: Any,
    screen: dict[str, Any],
    direction: str,
    tour: Any,
) -> None:
    """Left to right and right to left: nothing sticks out, and no control covers another."""
    context = browser.new_context(**screen, locale="es", reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(
        "new MutationObserver(() => { const root = document.documentElement;"
        f" if (root && root.dir !== '{direction}') root.dir = '{direction}'; }})"
        ".observe(document, {childList: true, subtree: true, attributes: true});"
    )
    found = []
    for state in tour(page, site.url.rstrip("/"), campaign):
        assert page.evaluate("document.documentElement.dir") == direction
        if state not in SHEETS:
            found += misplaced(page, state)
    context.close()
    assert found == [], "\n".join(found)
