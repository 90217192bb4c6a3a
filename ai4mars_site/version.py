"""The version of the software, for people who report problems."""

from __future__ import annotations

import subprocess
from pathlib import Path

from django.http import HttpRequest

from ai4mars_site import __version__

REPOSITORY = Path(__file__).resolve().parent.parent


def software(request: HttpRequest) -> dict[str, str]:
    """Return what the footers show (a context processor)."""
    return {"software_version": __version__}


def describe(folder: Path = REPOSITORY) -> str:
    """Return name, version and, in a checkout, the commit.

    An example is "AI4Mars 0.2.0 (commit 1a2b3c4d5e6f)".
    """
    commit = commit_of(folder)
    return f"AI4Mars {__version__} (commit {commit})" if commit else f"AI4Mars {__version__}"


def commit_of(folder: Path) -> str:
    """Return the first 12 digits of the commit that is checked out in `folder`.

    "+" is added if tracked files have changed since. "" if `folder` is not a checkout or there is
    no git.
    """
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--exclude=*"]
    try:
        said = subprocess.run(
            [*command, "--dirty=+"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()
