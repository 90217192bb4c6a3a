"""Folders and files that only the user who runs the site may read."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def private_folder(folder: Path) -> Path:
    """Create the folder if it is missing, and deny access to other users."""
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    _close(folder, _FOLDER_MODE)
    return folder


def private_file(path: Path) -> Path:
    """Create an empty file if it is missing, and deny access to other users."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE))
    _close(path, _FILE_MODE)
    return path


def restrict_to_owner(path: Path) -> None:
    """Deny other users access to a file, if it exists."""
    if path.exists():
        _close(path, _FILE_MODE)


def _close(path: Path, mode: int) -> None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        # A folder of another user, such as the root of a mounted volume, is left as it is.
        with contextlib.suppress(PermissionError):
            path.chmod(mode)
