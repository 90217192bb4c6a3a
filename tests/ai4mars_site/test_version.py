"""The version of the software is the same wherever it is shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ai4mars_site import __version__
from ai4mars_site.version import commit_of, describe
from tests.served import REPOSITORY

TOLD = f"AI4Mars {__version__}"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("as it was committed")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "Add a file")
    return tmp_path


def test_the_version_has_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_packages_of_the_front_end_have_it() -> None:
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())
    package = json.loads((REPOSITORY / "package.json").read_text())
    assert {package["version"], lock["version"], lock["packages"][""]["version"]} == {__version__}


def test_the_changelog_begins_with_what_is_unreleased_and_this_version() -> None:
    headings = re.findall(r"^## (.*)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    versions, days = zip(*(heading.split(" - ") for heading in headings[1:]), strict=True)
    assert versions[0] == __version__
    assert [date.fromisoformat(day) for day in days] == sorted(
        map(date.fromisoformat, days), reverse=True
    )


@pytest.mark.parametrize("word", ["version", "--version"])
def test_the_command(word: str) -> None:
    said = subprocess.run(
        [sys.executable, "manage.py", word],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == f"{describe()}\n"
    assert said.stdout.startswith(TOLD)


def test_a_checkout_tells_its_commit(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")[:12]
    assert describe(checkout) == f"{TOLD} (commit {commit})"

    git(checkout, "tag", "--annotate", "v1", "--message", "A tag does not hide it")
    (checkout / "another").write_text("not tracked")
    assert commit_of(checkout) == commit

    (checkout / "file").write_text("changed since")
    assert describe(checkout) == f"{TOLD} (commit {commit}+)"


def test_where_there_is_no_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = checkout / "unpacked"
    inside.mkdir()
    assert describe(inside) == TOLD, "the commit of another project around it is not its own"
    (inside / ".git").write_text("damaged")
    assert describe(inside) == TOLD
    monkeypatch.setenv("PATH", str(inside))
    assert describe(checkout) == TOLD, "there is no git"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/feedback/", "/accounts/login/"])
def test_pages_show_it(path: str) -> None:
    assert f"<p>{TOLD}</p>" in Client().get(path).content.decode()


@pytest.mark.django_db
def test_the_admin_shows_it() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    assert f'<footer id="footer">{TOLD}</footer>' in client.get("/admin/").content.decode()
