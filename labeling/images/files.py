"""Files in storage: named by campaign and content, and never overwritten.

A campaign's files lie in a folder of its primary key, because its name in addresses can change and
be given to another campaign. A file's name is the SHA-256 of its content: writing it twice leaves
one file, other content gets another name, and `check_files` can tell damage.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.core.files.storage import default_storage

#: Where a file is written until it is whole. A process that is killed leaves it there.
UNFINISHED = ".unfinished"

_NAMED_BY_SUM = re.compile(r"campaign-\d+/[a-z-]+/([0-9a-f]{2}/[0-9a-f]{62}|[0-9a-f]{64})\.\w+")


def folder_of(campaign_id: int) -> str:
    """The folder of a campaign's files in storage."""
    return f"campaign-{campaign_id}"


def keep(campaign_id: int, kind: str, content: bytes, suffix: str) -> str:
    """Keep a content as a file of a campaign; returns its name, `folder/kind/ab/cdef....suffix`.

    A damaged file of that name, as a power cut leaves one, is replaced by the content of the name.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = f"{folder_of(campaign_id)}/{kind}/{digest[:2]}/{digest[2:]}{suffix}"
    path = Path(default_storage.path(name))
    if not (path.is_file() and path.read_bytes() == content):
        _write(path, content)
    return name


def put(name: str, content: bytes) -> str:
    """Write a file of exactly this name; returns the name.

    Raises FileExistsError, and changes nothing, where there is one of other content.
    """
    path = Path(default_storage.path(name))
    if path.is_file():
        if path.read_bytes() != content:
            raise FileExistsError(f"{name} is there already, with another content.")
        return name
    _write(path, content)
    return name


def copy_name(display: str, width: int) -> str:
    """The name of a smaller copy of a display image: it lies beside it."""
    path = PurePosixPath(display)
    return str(path.with_name(f"{path.stem}.{width}{path.suffix}"))


def sum_in(name: str) -> str | None:
    """The SHA-256 that a file's name says it has; None for a file that is not named so."""
    found = _NAMED_BY_SUM.fullmatch(name)
    return found[1].replace("/", "") if found else None


def sweep_unfinished(older_than: datetime) -> int:
    """Delete files that a killed process did not finish before this time; returns how many."""
    gone = 0
    for path in Path(default_storage.path(UNFINISHED)).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                gone += 1
    return gone


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or none: nobody ever reads half of it."""
    unfinished = Path(default_storage.path(UNFINISHED))
    unfinished.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=unfinished, delete=False) as file:
        file.write(content)
    # For this user only, as all that lies under AI4MARS_HOME: `tempfile` makes it so.
    Path(file.name).replace(path)
