"""A store of the pieces of releases, addressed by content, so that releases share equal pieces.

A store can be deleted at any time. Missing pieces are made again from the labels.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from merging.formats.storage.checksums import sha256


@dataclass(frozen=True, slots=True)
class Objects:
    """Read-only files in a folder, each named after the SHA-256 of its content."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Return the path of the content with this SHA-256. It may not exist."""
        return self.folder / digest[:2] / digest[2:]

    def _address(self, digest: str) -> str:
        """Return the path as text, which is much faster than `Path` for many pieces."""
        return f"{self.folder}/{digest[:2]}/{digest[2:]}"

    def has(self, digest: str, size: int | None) -> bool:
        """Return whether the store has content with this SHA-256 and size; None matches any size.

        A power failure can leave a truncated file. Only a checksum would find all damage, but
        computing it takes as long as making some pieces again.
        """
        try:
            found = os.stat(self._address(digest)).st_size
        except FileNotFoundError:
            return False
        return size is None or found == size

    def read(self, digest: str) -> bytes:
        """Return the content.

        Raises:
            FileNotFoundError: The store does not have it.
        """
        return self.path(digest).read_bytes()

    def add(self, content: bytes) -> str:
        """Store content and return its SHA-256. Concurrent calls with the same content are safe.

        A damaged file is replaced.
        """
        digest = sha256(content)
        target = self.path(digest)
        if self.has(digest, len(content)):
            with contextlib.suppress(FileNotFoundError):
                # Renew its time, so that a sweep does not delete it before it is used.
                os.utime(target)
                return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o444)
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        return digest

    def place(self, digest: str, target: Path, *, link: bool) -> None:
        """Put stored content at a path in a tree.

        Args:
            digest: The SHA-256 of the content.
            target: The path.
            link: Make a hard link if possible, which is fast. The tree must then never be written
                to.

        Raises:
            FileNotFoundError: The store does not have the content.
        """
        if not os.path.isdir(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        if link:
            try:
                target.hardlink_to(self.path(digest))
            except FileNotFoundError:
                raise
            except OSError:
                pass
            else:
                return
        shutil.copyfile(self._address(digest), target)

    def sweep(self, used: Collection[str], older_than: datetime) -> int:
        """Delete unused pieces that were last added before a time. Return how many.

        Unfinished files of killed builders are deleted too.
        """
        deleted = 0
        for path in self.folder.glob("??/*"):
            if path.parent.name + path.name in used:
                continue
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    deleted += 1
        return deleted
