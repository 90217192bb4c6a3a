"""Campaigns to review in browser tests, and the stored reviews of a site."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import expect

from tests.served import ServedSite

PASSWORD = "a-long-walk-on-mars"
REVIEWERS = ("rita", "rolf")
WIDTH, HEIGHT = 96, 64

#: Images whose labels are the same but for the hand of who drew them; under a rover and a far row.
MAKE = """
import random, uuid
from django.contrib.auth.models import Group, User
from terrain.geometry.regions import Region
from labeling.annotation.services import labels
from labeling.people.services.labelers import new_guest
from review.models import ReviewPlan
from review.scores.services.scores import score_image
from tests.factories import ACTOR, new_campaign, new_image
import numpy as np

for name in {reviewers}:
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        user.set_password({password!r})
        user.save()
        user.groups.add(Group.objects.get(name="reviewers"))
campaign = new_campaign({slug!r}, queue_percent=100)
ReviewPlan.objects.create(campaign=campaign, audit_percent=0)
rng = random.Random({slug!r})
width, height = {width}, {height}
rows = lambda masked: ["".join("01"[masked(x, y)] for x in range(width)) for y in range(height)]
people = [new_guest() for _ in range({people})]

def box(code, left, top, right, bottom):
    moved = [v + rng.uniform(-4, 4) for v in (left, top, right, bottom)]
    left, top, right, bottom = (round(v, 2) for v in moved)
    ring = [[left, top], [right, top + 3.5], [right - 6, bottom], [left + 2, bottom - 4]]
    return Region(code, (np.array(ring),))

for _ in range({images}):
    image = new_image(
        campaign,
        width=width,
        height=height,
        on_rover=rows(lambda x, y: x > 70 and y > 50),
        beyond=rows(lambda x, y: y < 8),
    )
    for person in people:
        regions = [box(2, 8, 12, 40, 56), box(rng.choice((0, 1)), 48, 4, 88, 60)]
        labels.store(ACTOR, image, person, "crowd", regions, uuid.uuid4())
    labels.process_image(image.pk)
    score_image(image.pk)
"""

RATINGS = """
import json
from review.models import Rating
print(json.dumps([
    [r.label_id, r.reviewer.username, r.value, r.reasons, r.comment, r.withdrawn_at is None]
    for r in Rating.objects.filter(label__image__campaign__slug={slug!r}).order_by("pk")
], default=str))
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A rating as stored in the database."""

    label: str
    reviewer: str
    value: int
    reasons: list[str]
    comment: str
    stands: bool


def make_campaign(site: ServedSite, slug: str, images: int, people: int) -> str:
    """Create a campaign with `images` times `people` labels in the queue; return the review page's
    URL.
    """
    run(
        site,
        MAKE.format(
            slug=slug,
            images=images,
            people=people,
            reviewers=REVIEWERS,
            password=PASSWORD,
            width=WIDTH,
            height=HEIGHT,
        ),
    )
    return f"{site.url.rstrip('/')}/review/{slug}/"


def run(site: ServedSite, program: str) -> str:
    """Run a program on the site's data; return the last line of its output."""
    said = site.manage("shell", "-v0", "-c", program).strip()
    return said.splitlines()[-1] if said else ""


def stored(site: ServedSite, slug: str) -> list[Stored]:
    """Return all ratings of a campaign, in the order of arrival."""
    return [Stored(*row) for row in json.loads(run(site, RATINGS.format(slug=slug)))]


#: Of each page, the requests that have no answer yet.
_under_way: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()


def _watch(page: Any) -> None:
    requests = _under_way[page] = set()
    page.on("request", lambda request: requests.add(request))
    for over in ("requestfinished", "requestfailed"):
        page.on(over, lambda request: requests.discard(request))


def settled(page: Any) -> None:
    """Wait until a logged-in page has sent no request for half a second.

    Playwright's "networkidle" works only once for each loaded page.
    """
    quiet = 0
    for _ in range(400):
        page.wait_for_timeout(50)
        quiet = 0 if _under_way[page] else quiet + 1
        if quiet == 10:
            return
    raise AssertionError(f"Still under way after 20 s: {_under_way[page]}")


def log_in(page: Any, site: ServedSite, name: str) -> None:
    _watch(page)
    page.goto(f"{site.url.rstrip('/')}/accounts/login/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def shown(page: Any, other_than: str | None = None) -> str:
    """Wait until a label with its image is shown; return its id."""
    review = page.locator("#review")
    expect(review).to_have_attribute("data-state", "reviewing")
    if other_than is not None:
        expect(review).not_to_have_attribute("data-label", other_than)
    expect(page.locator("#stage")).to_have_attribute("data-picture", "ready")
    # A key pressed sooner is taken for one meant for the label before.
    page.wait_for_timeout(300)
    return str(review.get_attribute("data-label"))


WAITING = "Object.keys(localStorage).filter(key => key.startsWith('ai4mars.review.')).length"


def all_sent(page: Any) -> None:
    """Wait until the server has answered all ratings and withdrawals."""
    for _ in range(200):
        if page.evaluate(WAITING) == 0:
            return
        page.wait_for_timeout(50)
    raise AssertionError("What was rated is still on its way after 10 s.")
