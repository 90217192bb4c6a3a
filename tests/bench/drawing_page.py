"""The drawing page in headless Chromium: time until it is ready, frame times, memory.

The site uses the embedded database and plain 1024 x 1024 frames. Frame times are the intervals
between animation frames while a mouse draws, pans and zooms over 100 regions of 200 vertices each.
The same is first measured on an empty page, as the best that this machine can do.
"""

import gzip
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from labeling.images.preparation.pictures import jpeg_bytes
from tests.bench.figures import Figure
from tests.chromium import FLAGS, chromium_path
from tests.served import REPOSITORY, ServedSite

SLUG = "bench"
FRAMES = 210
SIZE = 1024
FEW, MANY = 20, 200
REGIONS, VERTICES = 100, 200
#: At 60 frames a second the next one comes after 16.7 ms.
FRAME_MS = 17.0

#: Watches, from before the first script of the page, when a picture can first be drawn on.
READY = """
new MutationObserver((_, observer) => {
  if (document.querySelector('#annotate[data-state="drawing"] #map[data-view]')) {
    window.readyAt = performance.now();
    observer.disconnect();
  }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

#: Collects the distances between animation frames until told to stop.
WATCH_FRAMES = """
() => {
  const times = [];
  let last = 0;
  let on = true;
  const tick = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  window.stopFrames = () => { on = false; return times; };
}
"""

#: Milliseconds from the press of Send until another picture can be drawn on and was painted.
SEND = """
() => new Promise((resolve) => {
  const main = document.querySelector('#annotate');
  const before = main.dataset.imageId;
  const start = performance.now();
  const look = () => {
    const { state, imageId } = main.dataset;
    if (state === 'drawing' && imageId && imageId !== before) {
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    } else requestAnimationFrame(look);
  };
  document.querySelector('#send').click();
  look();
})
"""


def write_frames(folder: Path) -> None:
    """Write frames of gray noise, so coarse that their JPEGs are as large as those of terrain."""
    rng = np.random.default_rng(11)
    folder.mkdir()
    for number in range(FRAMES):
        coarse = rng.integers(40, 210, (SIZE // 4, SIZE // 4), dtype=np.uint8)
        (folder / f"frame_{number:04d}.jpg").write_bytes(
            jpeg_bytes(np.kron(coarse, np.ones((4, 4), dtype=np.uint8)))
        )


def many_regions() -> list[dict[str, Any]]:
    """Return a hundred irregular discs on a grid that do not touch, as the page stores them."""
    rng = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    side = int(np.sqrt(REGIONS))
    step = SIZE / side
    regions = []
    for number in range(REGIONS):
        radius = 0.4 * step * (1 + 0.1 * rng.standard_normal(VERTICES).clip(-1, 1))
        x = step * (number % side + 0.5) + radius * np.cos(angles)
        y = step * (number // side + 0.5) + radius * np.sin(angles)
        ring = np.round(np.stack([x, y], axis=1), 2).tolist()
        regions.append({"class": number % 4, "rings": [ring]})
    return regions


def open_page(context: BrowserContext, url: str) -> Page:
    """Open the drawing page and wait for its first image."""
    page = context.new_page()
    page.add_init_script(READY)
    page.goto(f"{url}/c/{SLUG}/draw/")
    page.wait_for_selector('#annotate[data-state="drawing"] #map[data-view]')
    return page


def visitor(browser: Browser, url: str) -> BrowserContext:
    """Return a guest who has seen the tutorial, with nothing of the drawing page in the cache."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en")
    page = context.new_page()
    page.goto(f"{url}/c/{SLUG}/tutorial/")
    page.evaluate("document.querySelector('form[action*=\"/seen/\"]').submit()")
    page.wait_for_url("**/draw/")
    state = context.storage_state()
    context.close()
    return browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="en", storage_state=state
    )


#: Keeps a drawing on the server as the page itself does after a stroke.
PUT_DRAFT = """
async (polygons) => {
  const config = JSON.parse(document.querySelector('#annotate-config').textContent);
  const image = document.querySelector('#annotate').dataset.imageId;
  const answer = await fetch(`/api/images/${image}/draft/`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': config.csrf_token },
    body: JSON.stringify({
      base: 0, writer: 'bench', stroke: 1, format: 1, polygons, steps: [],
      started_at: new Date().toISOString(),
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
"""


def put_draft(page: Page, polygons: list[dict[str, Any]]) -> None:
    """Put shapes on the page's image; they are visible after a reload."""
    page.evaluate(PUT_DRAFT, polygons)


def seconds_until_ready(browser: Browser, url: str) -> float:
    """Return the seconds from navigation to the first image, the best of three cold visits."""
    times = []
    for _ in range(3):
        context = visitor(browser, url)
        page = open_page(context, url)
        times.append(page.evaluate("window.readyAt") / 1e3)
        context.close()
    return min(times)


def frame_times(page: Page, gesture: Callable[[Page], None]) -> list[float]:
    page.evaluate(WATCH_FRAMES)
    gesture(page)
    times: list[float] = page.evaluate("window.stopFrames()")
    return times


def _glide(page: Page, steps: int = 90) -> None:
    """Move the mouse in a wide loop over the image, one move about every 16 ms."""
    for step in range(steps):
        angle = 2 * np.pi * step / steps
        page.mouse.move(560 + 220 * np.cos(angle), 400 + 220 * np.sin(angle))
        time.sleep(0.012)


def hover(page: Page) -> None:
    _glide(page)


def draw_freehand(page: Page) -> None:
    page.mouse.move(780, 400)
    page.mouse.down()
    _glide(page)
    page.mouse.up()


def pan(page: Page) -> None:
    page.mouse.move(780, 400)
    page.keyboard.down("Space")
    page.mouse.down()
    _glide(page)
    page.mouse.up()
    page.keyboard.up("Space")


def zoom(page: Page) -> None:
    page.mouse.move(560, 400)
    for step in range(60):
        page.mouse.wheel(0, -60 if step < 30 else 60)
        time.sleep(0.02)
    time.sleep(0.3)


GESTURES: dict[str, Callable[[Page], None]] = {
    "drawing freehand": draw_freehand,
    "panning": pan,
    "zooming": zoom,
}


def figures_of_frames(browser: Browser, url: str) -> list[Figure]:
    figures = []
    empty = browser.new_page()
    empty.goto("about:blank")
    times = frame_times(empty, hover)
    figures += [
        Figure("drawing page: median frame of an empty page", statistics.median(times), "ms"),
        Figure("drawing page: 95th percentile, empty page", float(np.percentile(times, 95)), "ms"),
    ]
    empty.close()
    context = visitor(browser, url)
    page = open_page(context, url)
    put_draft(page, many_regions())
    page.reload()
    page.wait_for_selector(f'#annotate[data-regions="{REGIONS}"]')
    page.wait_for_timeout(500)
    for name, gesture in GESTURES.items():
        times = frame_times(page, gesture)
        figures += [
            Figure(f"drawing page: median frame, {name}", statistics.median(times), "ms", FRAME_MS),
            Figure(
                f"drawing page: 95th percentile, {name}", float(np.percentile(times, 95)), "ms", 35
            ),
        ]
        page.keyboard.press("Escape")
        page.keyboard.press("0")
    context.close()
    return figures


def heap_mebibytes(page: Page) -> float:
    """Return the size of the page's heap after garbage collection."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    used = client.send("Runtime.getHeapUsage")["usedSize"]
    client.detach()
    return float(used) / 2**20


def label_one(page: Page, number: int) -> float:
    """Draw one freehand region and send it; return milliseconds until the next image is ready."""
    left = 400 + 10 * (number % 10)
    page.mouse.move(left, 300)
    page.mouse.down()
    for x, y in ((150, 10), (160, 120), (20, 140), (0, 0)):
        page.mouse.move(left + x, 300 + y, steps=4)
    page.mouse.up()
    page.wait_for_selector('#annotate:not([data-regions="0"])')
    taken: float = page.evaluate(SEND)
    return taken


def figures_of_labeling(browser: Browser, url: str) -> list[Figure]:
    """Label two hundred images in one page; return the time between images, and the memory."""
    context = visitor(browser, url)
    page = open_page(context, url)
    times: list[float] = []
    heap = {}
    for number in range(1, MANY + 1):
        times.append(label_one(page, number))
        if number in (FEW, MANY):
            heap[number] = heap_mebibytes(page)
    context.close()
    return [
        Figure(
            "drawing page: from Send to the next picture, median",
            statistics.median(times),
            "ms",
            100,
        ),
        Figure("drawing page: the same, 95th percentile", float(np.percentile(times, 95)), "ms"),
        Figure(f"drawing page: heap after {FEW} pictures", heap[FEW], "MiB"),
        Figure(
            f"drawing page: heap after {MANY} pictures",
            heap[MANY],
            "MiB",
            round(1.2 * heap[FEW], 1),
        ),
    ]


def bundle_kilobytes() -> float:
    """Return the transferred size of the drawing page's script."""
    return len(gzip.compress((REPOSITORY / "static/dist/annotate.js").read_bytes())) / 1024


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        write_frames(Path(folder) / "frames")
        site = ServedSite(Path(folder) / "home", {"AI4MARS_THROTTLE_ANON": "100000/min"})
        site.start("--migrate")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            site.manage("import_images", str(Path(folder) / "frames"), "--campaign", SLUG)
            url = site.url.rstrip("/")
            return [
                Figure("drawing page: script, gzipped", bundle_kilobytes(), "KB", 150),
                Figure(
                    "drawing page: cold until a picture can be drawn on",
                    seconds_until_ready(browser, url),
                    "s",
                    1.5,
                ),
                *figures_of_frames(browser, url),
                *figures_of_labeling(browser, url),
            ]
        finally:
            browser.close()
            site.stop()
