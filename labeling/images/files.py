"""Files in storage: named by campaign and content, and never overwritten.

A campaign's files are in a folder named by its primary key, because its slug can change and be
given to another campaign. A file's name is the SHA-256 of its content: storing it twice leaves one
file, different content gets a different name, and `check_files` detects damage.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.core.files.storage import default_storage

#: Folder of files being written. A process that is killed leaves its file there.
UNFINISHED = ".unfinished"

_NAMED_BY_SUM = re.compile(r"campaign-\d+/[a-z-]+/([0-9a-f]{2}/[0-9a-f]{62}|[0-9a-f]{64})\.\w+")


def folder_of(campaign_id: int) -> str:
    """Return the folder of a campaign's files in storage."""
    return f"campaign-{campaign_id}"


def keep(campaign_id: int, kind: str, content: bytes, suffix: str) -> str:
    """Store content as a file of a campaign; return its name, `folder/kind/ab/cdef....suffix`.

    A damaged file of that name, for example after a power failure, is replaced.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = f"{folder_of(campaign_id)}/{kind}/{digest[:2]}/{digest[2:]}{suffix}"
    path = Path(default_storage.path(name))
    if not (path.is_file() and path.read_bytes() == content):
        _write(path, content)
    return name


def put(name: str, content: bytes) -> str:
    """Write a file of exactly this name; return the name.

    If it exists with other content, raises FileExistsError and changes nothing.
    """
    path = Path(default_storage.path(name))
    if path.is_file():
        if path.read_bytes() != content:
            raise FileExistsError(f"{name} already exists with other content.")
        return name
    _write(path, content)
    return name


def copy_name(display: str, width: int) -> str:
    """Return the name of a smaller copy of a display image, in the same folder."""
    path = PurePosixPath(display)
    return str(path.with_name(f"{path.stem}.{width}{path.suffix}"))


def checksum_in_name(name: str) -> str | None:
    """Return the SHA-256 in a file's name; None for a file that is not named by it."""
    found = _NAMED_BY_SUM.fullmatch(name)
    return found[1].replace("/", "") if found else None


def sweep_unfinished(older_than: datetime) -> int:
    """Delete unfinished files of killed processes, written before this time; return how many."""
    gone = 0
    for path in Path(default_storage.path(UNFINISHED)).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                gone += 1
    return gone


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically: readers see all of it or nothing."""
    unfinished = Path(default_storage.path(UNFINISHED))
    unfinished.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=unfinished, delete=False) as file:
        file.write(content)
    # Readable by this user only, like everything in AI4MARS_HOME: `tempfile` sets it.
    Path(file.name).replace(path)
