"""Files under AI4MARS_HOME are readable only by the user who runs the site."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.ai4mars_site.test_settings import load_settings
from tests.served import ServedSite

PRIVATE_FILES = ("ai4mars.sqlite3", "ai4mars.sqlite3-wal", "ai4mars.sqlite3-shm", "secret_key")


def open_to_others(home: Path) -> list[str]:
    """Return the paths in `home`, including itself, that other users of the machine could access.

    A folder that they cannot enter hides everything in it.
    """
    found = []
    for folder, folders, files in os.walk(home):
        here = Path(folder)
        if stat.S_IMODE(here.stat().st_mode) & 0o077 == 0:
            folders[:] = []
            continue
        found += [str(here), *(str(here / name) for name in files)]
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def lax_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("lax_umask")
def test_a_new_home_is_closed_and_so_are_its_files(tmp_path: Path) -> None:
    site = ServedSite(tmp_path / "new" / "home")
    site.manage("migrate", "--verbosity", "0")
    site.manage("create_demo", "--scenes", "1", "--size", "64", "--workers", "1")

    assert open_to_others(site.home) == []
    assert mode(site.home) == mode(site.home / "run") == mode(site.home / "media") == 0o700
    for name in ("ai4mars.sqlite3", "secret_key", "demo_logins.txt"):
        assert mode(site.home / name) == 0o600, name
    media = [path for path in (site.home / "media").rglob("*") if path.is_file()]
    assert media
    assert {mode(path) for path in media} == {0o600}


@pytest.mark.usefixtures("lax_umask")
def test_a_home_from_before_is_closed_at_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for folder in (home, home / "run", home / "media"):
        folder.mkdir(mode=0o755)
    for name in (*PRIVATE_FILES, "demo_logins.txt"):
        (home / name).touch(mode=0o644)

    load_settings(home)

    assert open_to_others(home) == []
    assert mode(home) == mode(home / "run") == mode(home / "media") == 0o700
    assert {mode(home / name) for name in (*PRIVATE_FILES, "demo_logins.txt")} == {0o600}
