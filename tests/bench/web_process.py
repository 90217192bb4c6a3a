"""A web process: its memory after 100 pairs of next image and label, and its first request.

The site has one web process and a demo campaign of small scenes. Guests request images and send
labels over HTTP; some images are reference images. Memory is the proportional set size (PSS) of the
process in `/proc/<pid>/smaps_rollup`: each shared page counts in part for each of its processes.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np

from tests.bench.figures import Figure
from tests.served import ServedSite

SLUG = "demo"
REPEAT = 5
PAIRS = 100
PAIRS_OF_A_GUEST = 5
REGIONS, VERTICES = 6, 120
#: The page that is asked for first, and then again and again.
FIRST_PAGE = "/"
LATER_REQUESTS = 20
TARGET_MEBIBYTES = 120
TARGET_MS = 300

#: The demo campaign's pictures have most of the labels that it asks for.
ASK_FOR_MANY_LABELS = """
from labeling.models import Campaign
Campaign.objects.update(target_labels=1000)
"""


class Guest:
    """A browser without an account, on one persistent connection."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.cookies: SimpleCookie = SimpleCookie()

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> str:
        """Return the body of the response. Raises AssertionError for a refusal."""
        cookie = "; ".join(f"{each.key}={each.value}" for each in self.cookies.values())
        self.connection.request(method, path, body, {"Cookie": cookie, **(headers or {})})
        answer = self.connection.getresponse()
        content = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.load(value)
        assert answer.status < 400, f"{path}: {answer.status} {content[:300]}"
        return content

    def post(self, path: str, data: object, **headers: str) -> Any:
        token = {"X-CSRFToken": self.cookies["csrftoken"].value}
        sent = {"Content-Type": "application/json", **token, **headers}
        return json.loads(self.ask("POST", path, json.dumps(data), sent))

    def begin(self, slug: str) -> None:
        """Read the tutorial and open the drawing page."""
        page = self.ask("GET", f"/c/{slug}/tutorial/")
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None, "The tutorial has no button to go on with."
        form = urlencode({"csrfmiddlewaretoken": token[1]})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.ask("POST", f"/c/{slug}/tutorial/seen/", form, kind)
        self.ask("GET", f"/c/{slug}/draw/")

    def draw(self, slug: str, rng: np.random.Generator) -> bool:
        """Request the next image and send a label of it; return whether it is a reference image."""
        given = self.post(f"/api/campaigns/{slug}/next/", {})
        image = given["image"]
        assert image is not None, "No picture is left to label."
        sent = {
            "id": str(uuid.uuid4()),
            "image": image["id"],
            "polygons": drawn(image["width"], image["height"], rng),
        }
        offer = {"X-Offer": given["offer"]} if given["offer"] else {}
        return "answer_feedback" in self.post("/api/labels/", sent, **offer)


def drawn(width: int, height: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return a label as the page sends it: adjacent round regions of 120 points each."""
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    regions = []
    for number in range(REGIONS):
        radius = 0.13 * min(width, height) * (1 + 0.05 * rng.standard_normal(VERTICES).clip(-1, 1))
        x = width * (number % 3 + 0.5) / 3 + radius * np.cos(angles)
        y = height * (number // 3 + 0.5) / 2 + radius * np.sin(angles)
        ring = np.round(np.stack([x, y], axis=1), 2).tolist()
        regions.append({"class": number % 4, "rings": [ring]})
    return regions


def memory(pid: int) -> float:
    """Return the proportional set size of a process in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def request_times(url: str, path: str, count: int) -> list[float]:
    """Return the milliseconds of consecutive requests on one connection."""
    guest = Guest(url)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        guest.ask("GET", path)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def plain_memory() -> float:
    """Return the PSS of a Python process that has loaded Django's test client and NumPy, in MiB."""
    program = "import sys, django.test, numpy; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdout is not None
        python.stdout.readline()
        return memory(python.pid)


def draw_pairs(url: str, slug: str, pairs: int) -> int:
    """Request and label a number of images; return how many were reference images."""
    rng = np.random.default_rng(7)
    known = 0
    for number in range(pairs):
        if number % PAIRS_OF_A_GUEST == 0:
            guest = Guest(url)
            guest.begin(slug)
        known += guest.draw(slug, rng)
    return known


def wait_until_loaded(url: str) -> None:
    """Wait until the web server answers an invalid request, which does not reach the site."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), 60) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert b" 400 " in connection.recv(100)


def first_request_excess(site: ServedSite) -> float:
    """Return the extra time of the first request to a new web process over later ones, in ms.

    The process is ended, and the supervisor starts another one, which gets no other request before.
    """
    before = site.pids["web-1"]
    os.kill(before, signal.SIGTERM)
    while site.pids["web-1"] == before:
        time.sleep(0.05)
    wait_until_loaded(site.url)
    first, *later = request_times(site.url, FIRST_PAGE, 1 + LATER_REQUESTS)
    return first - statistics.median(later)


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        site = ServedSite(
            Path(folder) / "home",
            {
                "AI4MARS_WEB_PROCESSES": "1",
                "AI4MARS_THROTTLE_ANON": "100000/min",
                "AI4MARS_THROTTLE_GUESTS": "100000/hour",
            },
        )
        site.start("--migrate")
        try:
            site.manage("create_demo", "--scenes", "8", "--workers", "2")
            site.manage("shell", "-c", ASK_FOR_MANY_LABELS)
            excess = statistics.median(first_request_excess(site) for _ in range(REPEAT))
            pid = site.pids["web-1"]
            at_first = memory(pid)
            known = draw_pairs(site.url, SLUG, PAIRS)
            assert site.pids["web-1"] == pid, "The web process ended meanwhile."
            name = f"web process: PSS after {PAIRS} pairs, {known} with a known answer"
            return [
                Figure("web process: first page, longer than later ones", excess, "ms", TARGET_MS),
                Figure("web process: PSS of Python with Django and numpy", plain_memory(), "MiB"),
                Figure("web process: PSS after the first pages", at_first, "MiB"),
                Figure(name, memory(pid), "MiB", TARGET_MEBIBYTES),
            ]
        finally:
            site.stop()
