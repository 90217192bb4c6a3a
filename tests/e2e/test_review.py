"""A reviewer at work: by keyboard, by touch, offline, and with a browser that is killed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Error, expect

from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, rasterize_regions
from tests.chromium import FLAGS
from tests.e2e.hands import Hand, phone
from tests.e2e.reviewing import (
    HEIGHT,
    WIDTH,
    Stored,
    all_sent,
    log_in,
    make_campaign,
    run,
    settled,
    shown,
    stored,
)
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

#: The page is the same on either database; where it matters, both are used.
on_sqlite = pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)

REASONS = {"q": "wrong-class", "w": "sloppy-border", "e": "missed", "y": "spam"}


def test_twenty_labels_by_keyboard_alone(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    address = make_campaign(served_site, "by-keys", images=6, people=4)
    log_in(page, served_site, "rita")
    page.goto(address)
    said: list[Stored] = []
    label = None
    for number in range(20):
        label = shown(page, other_than=label)
        keys = list(REASONS)[: number % 4]
        for key in keys:
            page.keyboard.press(key)
        if number % 5 == 0:
            page.keyboard.press("n")
            # Figures in a comment are no ratings.
            page.keyboard.type(f"Look at {number}, 1 to 5")
            page.keyboard.press("Enter")
        comment = f"Look at {number}, 1 to 5" if number % 5 == 0 else ""
        value = 1 + number % 5
        page.keyboard.press(str(value))
        reasons = sorted(REASONS[key] for key in keys)
        said.append(Stored(label, "rita", value, reasons, comment, True))
    shown(page, other_than=label)
    all_sent(page)

    assert stored(served_site, "by-keys") == said
    assert len({rating.label for rating in said}) == 20
    expect(page.locator("#counts")).to_have_text("You rated 20; 4 remaining")
    # What it threw out is out.
    status = run(
        served_site,
        "import json; from labeling.models import Label; print(json.dumps(sorted(str(pk) for pk in"
        " Label.objects.filter(image__campaign__slug='by-keys', status='rejected')"
        ".values_list('pk', flat=True))))",
    )
    assert status == str(sorted(r.label for r in said if r.value == 1)).replace("'", '"')


@on_sqlite
def test_one_key_goes_round_all_that_can_be_seen(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    address = make_campaign(served_site, "views", images=1, people=4)
    log_in(page, served_site, "rita")
    page.goto(address)
    shown(page)
    caption = page.locator("#caption")
    seen = []
    for _ in range(7):
        expect(caption).not_to_have_text("Comparing the labels …")
        seen.append(caption.text_content())
        page.keyboard.press("Space")
    assert seen == [
        "The label to rate",
        "What more than half of the other labels show",
        "This label next to the majority of the others",
        "Where labelers disagree, including this one",
        "Other label 1 of 3",
        "Other label 2 of 3",
        "Other label 3 of 3",
    ]
    expect(caption).to_have_text(seen[0])
    for key, place in (("c", 1), ("d", 2), ("m", 3), ("ArrowLeft", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(caption).to_have_text(seen[place])
    page.keyboard.press("c")
    expect(caption).to_have_text(seen[0])


#: What the page's worker makes of the label that the queue would give next.
COMPARE = """
async () => {
  const { urls } = JSON.parse(document.querySelector('#review-config').textContent);
  const { label, others } = await (await fetch(urls.next)).json();
  const drawn = each => ({ key: each.id, polygons: each.polygons });
  const worker = new Worker(urls.worker, { type: 'module' });
  const reply = await new Promise(resolve => {
    worker.onmessage = event => resolve(event.data);
    const question = { image: label.image, label: drawn(label), others: others.map(drawn) };
    worker.postMessage({ id: 1, ...question });
  });
  const found = Object.fromEntries(Object.entries(reply.found).map(([k, v]) => [k, [...v]]));
  return { found, drawings: [label, ...others].map(each => each.polygons) };
}
"""


@on_sqlite
def test_comparisons_are_those_of_the_server_pixel_by_pixel(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    address = make_campaign(served_site, "exact", images=1, people=6)
    log_in(page, served_site, "rita")
    page.goto(address)
    shown(page)

    answer = page.evaluate(COMPARE)

    col, row = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    removed = (row < 8) | ((col > 70) & (row > 50))
    masks = []
    for drawing in answer["drawings"]:
        regions = [Region(p["class"], tuple(map(np.array, p["rings"]))) for p in drawing]
        masks.append(np.where(removed, NO_LABEL, rasterize_regions(regions, HEIGHT, WIDTH)))
    own, *others = masks
    codes = (0, 1, 2, NO_LABEL)
    votes = {code: sum((mask == code).astype(int) for mask in others) for code in codes}
    majority = np.full((HEIGHT, WIDTH), NO_LABEL)
    for code in (0, 1, 2):
        majority[2 * votes[code] > len(others)] = code
    most = np.max([votes[code] + (own == code) for code in codes], axis=0)
    differs = np.select(
        [own == majority, own == NO_LABEL, majority == NO_LABEL],
        [np.where(own == NO_LABEL, 0, 1), 2, 3],
        4,
    )
    found = {k: np.reshape(v, (HEIGHT, WIDTH)) for k, v in answer["found"].items()}
    np.testing.assert_array_equal(found["majority"], majority)
    np.testing.assert_array_equal(found["difference"], differs)
    np.testing.assert_array_equal(found["disagreement"], len(masks) - most)
    assert {0, 1, 2, 3} <= set(differs.ravel().tolist()), "all of it happens"


@on_sqlite
def test_touch_on_a_tablet(served_site: ServedSite, browser: Any) -> None:
    address = make_campaign(served_site, "tablet", images=2, people=3)
    with phone(browser, 820, 1180) as page:
        log_in(page, served_site, "rita")
        page.goto(address)
        first = shown(page)
        stage = page.locator("#stage").bounding_box()
        middle = (stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
        Hand(page).pinch(
            ((middle[0] - 30, middle[1]), (middle[0] + 30, middle[1])),
            ((middle[0] - 120, middle[1]), (middle[0] + 120, middle[1])),
        )
        expect(page.locator("#stage")).to_have_attribute("data-zoomed", "true")
        page.tap("#zoom-fit")
        expect(page.locator("#stage")).to_have_attribute("data-zoomed", "false")
        page.tap('[data-view="difference"]')
        expect(page.locator("#review")).to_have_attribute("data-shown", "difference")
        page.tap("#others button >> nth=2")
        expect(page.locator("#caption")).to_have_text("Other label 2 of 2")
        page.tap('[data-reason="missed"]')
        page.tap('[data-rating="2"]')
        second = shown(page, other_than=first)
        page.tap('[data-rating="5"]')
        shown(page, other_than=second)
        page.tap("#undo")
        expect(page.locator("#review")).to_have_attribute("data-label", second)
        page.tap('[data-rating="4"]')
        shown(page, other_than=second)
        all_sent(page)

    assert [(r.label, r.value, r.reasons, r.stands) for r in stored(served_site, "tablet")] == [
        (first, 2, ["missed"], True),
        (second, 5, [], False),
        (second, 4, [], True),
    ]


@on_sqlite
def test_undo_goes_back_label_by_label(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    address = make_campaign(served_site, "undo", images=2, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    first = shown(page)
    page.keyboard.press("y")
    page.keyboard.press("1")
    second = shown(page, other_than=first)
    page.keyboard.press("3")
    third = shown(page, other_than=second)
    assert len({first, second, third}) == 3
    all_sent(page)

    page.keyboard.press("z")
    assert shown(page, other_than=third) == second
    page.keyboard.press("Control+z")
    assert shown(page, other_than=second) == first
    expect(page.locator('[data-reason="spam"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    expect(page.locator("#status")).to_have_text("There is nothing to undo.")
    page.keyboard.press("4")
    assert shown(page, other_than=first) == second
    all_sent(page)

    assert [(r.label, r.value, r.reasons, r.stands) for r in stored(served_site, "undo")] == [
        (first, 1, ["spam"], False),
        (second, 3, [], False),
        (first, 4, ["spam"], True),
    ]


def test_a_browser_killed_in_the_middle(
    served_site: ServedSite, browser: Any, browser_page: Any, chromium: str
) -> None:
    """Its labels go to other reviewers only after the lease expires, and none is lost."""
    address = make_campaign(served_site, "killed", images=2, people=3)
    dying = browser.browser_type.launch(executable_path=chromium, args=FLAGS)
    page = dying.new_page()
    log_in(page, served_site, "rita")
    page.goto(address)
    first = shown(page)
    page.keyboard.press("2")
    on_screen = shown(page, other_than=first)
    all_sent(page)
    settled(page)
    with contextlib.suppress(Error):  # nobody is left to answer
        dying.new_browser_cdp_session().send("Browser.crash")
    leases = "ReviewLease.objects.filter(label__image__campaign__slug='killed')"
    held = run(
        served_site,
        "import json; from review.models import ReviewLease; print(json.dumps([str(pk) for pk in "
        f"{leases}.values_list('pk', flat=True)]))",
    )
    assert on_screen in held
    assert first not in held

    log_in(browser_page, served_site, "rolf")
    before = rate_all(browser_page, address)
    assert before
    assert not any(label in held for label in before)
    run(
        served_site,
        "from django.utils import timezone; from review.models import ReviewLease;"
        f" {leases}.update(expires_at=timezone.now())",
    )
    after = rate_all(browser_page, address)

    assert sorted(after) == sorted(json.loads(held))
    ratings = stored(served_site, "killed")
    assert len(ratings) == len({rating.label for rating in ratings}) == 6


def rate_all(page: Any, address: str) -> list[str]:
    """Rate until no label remains; return the labels."""
    page.goto(address)
    rated: list[str] = []
    while True:
        page.wait_for_selector('#review:is([data-state="reviewing"], [data-state="empty"])')
        if page.get_attribute("#review", "data-state") == "empty":
            all_sent(page)
            return rated
        rated.append(shown(page))
        page.keyboard.press("3")
        page.wait_for_selector(f'#review:not([data-label="{rated[-1]}"])')
        page.wait_for_selector('#review:not([data-state="loading"])')


@on_sqlite
def test_labels_of_a_page_that_is_left_are_free_at_once(
    served_site: ServedSite, browser: Any, browser_page: Any
) -> None:
    address = make_campaign(served_site, "left", images=1, people=3)
    page = browser_page
    log_in(page, served_site, "rita")
    page.goto(address)
    worst = shown(page)
    page.keyboard.press("s")
    shown(page, other_than=worst)
    settled(page)
    other = browser.new_context(locale="en").new_page()
    log_in(other, served_site, "rolf")
    other.goto(address)
    assert shown(other) == worst, "what was skipped is another's"

    other.context.close()
    page.goto(address)
    page.wait_for_selector('#review[data-state="reviewing"]')
    # A label on its way to a page that is left stays that page's until its lease is over.
    settled(page)
    page.goto(f"{served_site.url.rstrip('/')}/review/")
    left = run(
        served_site,
        "from review.models import ReviewLease; print(ReviewLease.objects.filter("
        "label__image__campaign__slug='left', reviewer__username='rita').count())",
    )
    assert left == "0"


@on_sqlite
def test_ratings_without_a_network_are_kept_and_sent(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    address = make_campaign(served_site, "offline", images=2, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    first = shown(page)
    settled(page)
    page.route("**/api/ratings/", lambda route: route.abort())
    page.keyboard.press("2")
    second = shown(page, other_than=first)
    page.keyboard.press("5")
    shown(page, other_than=second)
    expect(page.locator("#waiting")).to_contain_text("Ratings waiting for the network: 2")
    assert stored(served_site, "offline") == []

    # The page is loaded again, and the network is back.
    page.unroute("**/api/ratings/")
    page.goto(address)
    all_sent(page)
    ratings = [(r.label, r.value) for r in stored(served_site, "offline")]
    assert ratings == [(first, 2), (second, 5)]


@on_sqlite
def test_a_rating_that_came_too_late_is_said(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    address = make_campaign(served_site, "too-late", images=1, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    label = shown(page)
    run(
        served_site,
        "from django.contrib.auth.models import User; from labeling.models import Label;"
        " from ai4mars_site.toolkit.actors import Actor;"
        " from review.queue.services.ratings import rate;"
        " rolf = Actor.of_user(User.objects.get(username='rolf'));"
        f" rate(rolf, Label.objects.get(pk='{label}'), 4)",
    )
    page.keyboard.press("2")
    expect(page.locator("#notice")).to_contain_text("Another reviewer has already rated this label")
    shown(page, other_than=label)
    assert [(r.reviewer, r.value) for r in stored(served_site, "too-late")] == [("rolf", 4)]


@on_sqlite
def test_who_drew_it_is_not_shown_before_the_rating(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    address = make_campaign(served_site, "hidden", images=1, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    label = shown(page)
    expect(page.locator("#facts")).to_contain_text("shown after your rating")
    expect(page.locator("#facts")).not_to_contain_text("Agreement")
    page.keyboard.press("3")
    shown(page, other_than=label)
    expect(page.locator("#last")).to_contain_text("Agreement")
    expect(page.locator("#last")).to_contain_text("Labeler")
    expect(page.locator("#last")).to_contain_text("By class (IoU)")


@on_sqlite
def test_flags_and_filters(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    address = make_campaign(served_site, "flags", images=2, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    label = shown(page)
    page.keyboard.press("n")
    page.keyboard.type("Sand or soil?")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#flag-note")).to_contain_text("Sand or soil?")
    settled(page)
    page.click("#filter-open")
    page.select_option("#id_part", "flagged")
    page.get_by_role("button", name="Apply").click()
    assert shown(page) == label
    expect(page.locator("#counts")).to_have_text("You rated 0; 1 remaining")
    page.keyboard.press("f")
    expect(page.locator("#flag-note")).to_be_hidden()
    page.keyboard.press("3")
    expect(page.locator("#review")).to_have_attribute("data-state", "empty")
    expect(page.locator(".review-empty h1")).to_have_text("No more labels match this filter")
    page.get_by_role("link", name="Back to the whole queue").click()
    assert shown(page) != label


@on_sqlite
def test_many_at_once_and_back(served_site: ServedSite, browser_page: Any) -> None:
    page = browser_page
    address = make_campaign(served_site, "bulk", images=3, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    label = shown(page)
    page.keyboard.press("3")
    shown(page, other_than=label)
    all_sent(page)
    page.click("#last-bulk")
    expect(page.locator("#shown li")).to_have_count(2)
    page.get_by_label("1 Throw out").check(force=True)
    expect(page.locator("#preview")).to_contain_text("Labels thrown out: 2, on images: 2")
    page.get_by_label("Spam").check()
    page.get_by_role("button", name="Throw them out: 2").click()
    expect(page.locator("#done-text")).to_have_text("Rated: 2.")
    ratings = stored(served_site, "bulk")
    assert [(r.value, r.reasons, r.stands) for r in ratings[1:]] == [(1, ["spam"], True)] * 2

    # Also after the page was loaded again.
    page.reload()
    page.click("#undo-all")
    expect(page.locator("#done-text")).to_have_text("All these ratings were withdrawn.")
    assert [r.stands for r in stored(served_site, "bulk")] == [True, False, False]


@on_sqlite
def test_a_rating_is_found_and_changed_after_a_reload(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    address = make_campaign(served_site, "found-again", images=2, people=3)
    log_in(page, served_site, "rita")
    page.goto(address)
    label = shown(page)
    page.keyboard.press("n")
    page.keyboard.type("Which class is this?")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    page.keyboard.press("1")
    shown(page, other_than=label)
    all_sent(page)
    page.reload()
    shown(page)

    page.get_by_role("link", name="Your ratings and flags").first.click()
    card = page.locator(".rated-label")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("You rated it 1")
    page.get_by_role("link", name="Flagged 1").click()
    expect(card).to_contain_text("Which class is this?")
    expect(card).to_contain_text("Thrown out")

    card.locator(".thumb-figure").click()
    expect(page.locator("#large")).to_be_visible()
    assert page.locator("#large .region").count() > 0
    page.keyboard.press("Escape")

    card.get_by_text("Change the rating").click()
    card.locator("select[name=value]").select_option("4")
    card.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_have_text("Saved: your rating is 4.")
    assert [(r.label, r.value) for r in stored(served_site, "found-again") if r.stands] == [
        (label, 4)
    ]
