"""A release has the same bytes with one worker or two, killed or not, on every database.

The real command builds it, in separate processes.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from merging.formats.exports import EXPORTS
from merging.formats.storage import archive, checksums
from tests.merging.releases.fixed_campaign import IMAGES, SLUG
from tests.served import REPOSITORY, ServedSite

VERSION = "1.0"
TREE = f"ai4mars-dataset-merged-{VERSION}"
SECONDS = 120
FILL = """
from django.core.management import call_command
from tests.merging.releases.fixed_campaign import fill
call_command("migrate", verbosity=0)
fill()
"""
FORGET = """
UPDATE merging_release SET heartbeat_at = '2026-01-01 00:00:00' WHERE status = 'building'
RETURNING id
"""


def filled(home: Path, environment: dict[str, str] | None = None) -> ServedSite:
    """Return a new site with the campaign."""
    site = ServedSite(home, environment)
    home.mkdir()
    site.manage("shell", "-v", "0", "-c", FILL)
    return site


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared SQLite site, whose folder tests copy."""
    return filled(tmp_path_factory.mktemp("killed") / "template").home


def start(site: ServedSite, out: Path, workers: int) -> subprocess.Popen[bytes]:
    command = site._command(
        *("build_release", "--campaign", SLUG, "--version", VERSION, "--layout", "v0.6"),
        *("--formats", *EXPORTS, "--date", "2026-06-01"),
        *("--out", str(out), "--workers", str(workers)),
    )
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=site.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def build(site: ServedSite, out: Path, workers: int) -> str:
    """Return the SHA256SUMS of a whole build, after checking its files."""
    assert start(site, out, workers).wait(SECONDS) == 0
    assert [path.name for path in out.iterdir()] == [TREE], "nothing else is left"
    sums = archive.sums_of(out / TREE)
    assert sums
    return sums.decode()


def kill_when(build: subprocess.Popen[bytes], is_time: Callable[[], bool]) -> None:
    """Kill the command and its child processes when a condition holds."""
    deadline = time.monotonic() + SECONDS
    while not is_time():
        assert build.poll() is None, "it was done before its time"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(build.pid, signal.SIGKILL)
    assert build.wait() == -signal.SIGKILL


# -- SQLite ----------------------------------------------------------------------------------------


def ask(site: ServedSite, query: str) -> int:
    database = sqlite3.connect(site.home / "ai4mars.sqlite3", timeout=20)
    with database:
        row = database.execute(query).fetchone()
    database.close()
    return int(row[0]) if row else 0


def parts(site: ServedSite) -> int:
    return ask(site, "SELECT count(*) FROM merging_releasepart")


def forget_the_builder(site: ServedSite) -> None:
    """Let the heartbeat of the builder expire."""
    assert ask(site, FORGET), "nobody is building"


@pytest.fixture(scope="module")
def calm(template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the sums of an undisturbed build with one worker."""
    folder = tmp_path_factory.mktemp("calm")
    shutil.copytree(template, folder / "home")
    return build(ServedSite(folder / "home"), folder / "out", 1)


def test_all_is_in_it(calm: str) -> None:
    assert calm.count("  raw/labels/") == IMAGES
    for name in ("coco/", "parquet/", "webdataset/", "zooniverse/", "metadata/", "geojson/"):
        assert f"  {name}" in calm


def test_killed_twice_and_built_to_the_end_by_two_workers(
    calm: str, template: Path, tmp_path: Path
) -> None:
    site, out = ServedSite(shutil.copytree(template, tmp_path / "home")), tmp_path / "out"

    kill_when(start(site, out, 1), lambda: parts(site) >= 20)
    made = parts(site)
    assert 20 <= made < IMAGES
    assert not (out / TREE).exists()
    forget_the_builder(site)
    # While the tree is written
    kill_when(start(site, out, 2), lambda: any(out.glob(f".building-{TREE}-*/{TREE}/msl")))
    assert parts(site) == IMAGES
    assert not (out / TREE).exists()
    forget_the_builder(site)

    assert build(site, out, 2) == calm


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.mark.servers
def test_on_postgresql(calm: str, new_postgres_database: Callable[[], str], tmp_path: Path) -> None:
    url = new_postgres_database()
    site = filled(tmp_path / "home", {"DATABASE_URL": url})
    sums = build(site, tmp_path / "out", 2)

    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT sums_sha256, status FROM merging_release")
        assert cursor.fetchall() == [(checksums.sha256(sums.encode()), "complete")]
    connection.close()
    assert sums == calm
