"""The review page in headless Chromium: from a key press to the next label on the screen.

The site has the demo campaign: scenes of 1024 x 1024 pixels with ten labels each, by simulated
volunteers, on the embedded database. Times run from the key press, as time-stamped by the browser,
until the frame with the requested content is painted.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests.bench.figures import Figure
from tests.chromium import FLAGS, chromium_path
from tests.served import ServedSite

SLUG = "demo"
SCENES = 8
LABELS = 40
#: A look as short as a hasty reviewer's; the next label is fetched meanwhile.
LOOK_MS = 600
PASSWORD = "a-long-walk-on-mars"
ACCOUNT = f"""
from django.contrib.auth.models import Group, User
user = User.objects.create_user("bench", password="{PASSWORD}")
user.groups.add(Group.objects.get(name="reviewers"))
"""

#: Starts a clock with the next key; `window.taken` are the milliseconds until `isDone` was painted.
WATCH = """
([before, view]) => {
  const review = document.querySelector('#review');
  const stage = document.querySelector('#stage');
  const isDone = () => (view ? review.dataset.shown === view : review.dataset.label !== before)
    && stage.dataset.picture === 'ready'
    && !document.querySelector('#caption').textContent.includes('…');
  window.taken = new Promise((resolve) => {
    addEventListener('keydown', ({ timeStamp }) => {
      const look = () => {
        if (!isDone()) return void requestAnimationFrame(look);
        // A message comes after the frame is painted.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now() - timeStamp);
        port2.postMessage(null);
      };
      requestAnimationFrame(look);
    }, { once: true, capture: true });
  });
}
"""


def taken(page: Page, key: str, view: str | None = None) -> float:
    """Return milliseconds from a key press to another label, or to another view of this one."""
    page.evaluate(WATCH, [page.get_attribute("#review", "data-label"), view])
    page.keyboard.press(key)
    milliseconds: float = page.evaluate("window.taken")
    return milliseconds


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", "bench")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def rated(site: ServedSite) -> int:
    said = site.manage(
        "shell",
        "-v0",
        "-c",
        "from review.models import Rating;"
        " print(Rating.objects.filter(reviewer__username='bench').count())",
    )
    return int(said.strip().splitlines()[-1])


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = ServedSite(Path(folder) / "home")
        site.start("--migrate")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            site.manage("create_demo", "--workers", "2", "--scenes", str(SCENES))
            site.manage("shell", "-v0", "-c", ACCOUNT)
            url = site.url.rstrip("/")
            page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
            log_in(page, url)
            page.goto(f"{url}/review/{SLUG}/?part=all")
            page.wait_for_selector('#stage[data-picture="ready"]')
            page.wait_for_timeout(2000)
            next_label, comparison = [], []
            for number in range(LABELS):
                comparison.append(taken(page, "c", "majority"))
                page.wait_for_timeout(LOOK_MS)
                next_label.append(taken(page, str(2 + number % 4)))
                page.wait_for_timeout(LOOK_MS)
            page.wait_for_load_state("networkidle")
            assert rated(site) == LABELS
        finally:
            browser.close()
            site.stop()
    return [
        Figure(
            "review page: from a rating to the next label, median", median(next_label), "ms", 100
        ),
        Figure("review page: the same, 95th percentile", high(next_label), "ms", 150),
        Figure("review page: from a key to the majority, median", median(comparison), "ms", 100),
        Figure("review page: the same, 95th percentile", high(comparison), "ms"),
    ]


def median(times: list[float]) -> float:
    return statistics.median(times)


def high(times: list[float]) -> float:
    return float(np.percentile(times, 95))
