"""Imports while the whole site runs: its sweeps, its workers, and recovery after a kill."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.factories import product_id
from tests.served import ServedSite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

FRAMES = 48
#: From the moment that a worker is killed to the first image after it.
RESUMED_SECONDS = 30.0

START = """
from ai4mars_site.toolkit.tasks import enqueue
from labeling.models import Campaign
from labeling.images.services import import_jobs
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images.tasks import start_import
from tests.factories import ACTOR
campaign, _ = campaign_from_preset(ACTOR, "page", "msl-navcam")
enqueue(start_import, import_jobs.start(ACTOR, campaign, {source!r}).pk)
"""
COUNTS = """
from labeling.models import Image, ImportItem, ImportJob
statuses = ImportItem.objects.values_list("status", flat=True)
print(Image.objects.count(), *sorted(set(ImportJob.objects.values_list("status", flat=True))))
print(*[f"{name}={list(statuses).count(name)}" for name in sorted(set(statuses))])
"""


def write_tree(folder: Path, side: int) -> Path:
    frames = folder / "msl" / "images" / "edr"
    frames.mkdir(parents=True)
    noise = np.random.default_rng(3)
    for number in range(FRAMES):
        picture = noise.integers(0, 200, (side, side), dtype=np.uint8)
        Pillow.fromarray(picture).save(frames / f"{product_id(number)}.JPG")
    return folder


def counts(site: ServedSite) -> list[str]:
    return site.manage("shell", "-c", COUNTS).splitlines()[-2:]


def test_a_command_beside_the_sweep_of_the_site(tmp_path: Path) -> None:
    site = ServedSite(tmp_path / "home", {"AI4MARS_SWEEP_SECONDS": "2"}).start()
    try:
        said = site.manage(
            "import_images", str(write_tree(tmp_path / "tree", 512)), "--campaign", "navcam"
        )
        assert counts(site) == [f"{FRAMES} complete", f"imported={FRAMES}"]
        assert f"{FRAMES} images imported, 0 already there, 0 refused" in said
        assert "Traceback" not in site.log
    finally:
        site.stop()


def images(home: Path) -> int:
    return sum(1 for _ in home.glob("media/campaign-*/original/*/*"))


def wait_for(count: int, home: Path, seconds: float) -> float:
    """Wait until there are more than `count` images; return how long it took."""
    began = time.monotonic()
    while images(home) <= count:
        assert time.monotonic() - began < seconds, f"not after {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_killed_import_of_the_page_goes_on_soon(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "tree", 1024)
    site = ServedSite(tmp_path / "home", {"AI4MARS_WORKERS": "1"}).start()
    try:
        site.manage("shell", "-c", START.format(source=str(source)))
        wait_for(2, site.home, 60)
        kill_tree(site.pids["worker"])
        left = images(site.home)
        assert left < FRAMES - 1, "it was killed in the midst"

        wait_for(left + 1, site.home, RESUMED_SECONDS)

        began = time.monotonic()
        while counts(site) != [f"{FRAMES} complete", f"imported={FRAMES}"]:
            assert time.monotonic() - began < 120, counts(site)
            time.sleep(0.5)
    finally:
        site.stop()


def kill_tree(pid: int) -> None:
    """Kill a process and its children, which would otherwise finish their current work."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(pid, signal.SIGSTOP)
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
