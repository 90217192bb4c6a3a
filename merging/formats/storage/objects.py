"""Pieces of releases by their content: what two releases have in common is kept, and made, once.

A store can be thrown away at any time; what is missing is made again from the labels.
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
    """Read-only files in a folder, each under the SHA-256 of its content."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Where the content with this sum is, if it is there."""
        return self.folder / digest[:2] / digest[2:]

    def _address(self, digest: str) -> str:
        """The same for where ten thousands are asked for: a `Path` takes longer than the disk."""
        return f"{self.folder}/{digest[:2]}/{digest[2:]}"

    def has(self, digest: str, size: int | None) -> bool:
        """Whether a content of so many bytes is there; None where its size is not known.

        A power cut can leave a file that is shorter than what was written. Only the sum would tell
        all damage, but it takes as long as making some pieces anew.
        """
        try:
            found = os.stat(self._address(digest)).st_size
        except FileNotFoundError:
            return False
        return size is None or found == size

    def read(self, digest: str) -> bytes:
        """The content. Raises FileNotFoundError."""
        return self.path(digest).read_bytes()

    def add(self, content: bytes) -> str:
        """Keep a content, and give its sum. Two that add the same at once leave one file.

        A file that is damaged is replaced.
        """
        digest = sha256(content)
        target = self.path(digest)
        if self.has(digest, len(content)):
            with contextlib.suppress(FileNotFoundError):
                # As good as new, so that a sweep leaves it to whoever has just asked for it.
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
        """Put a content where it belongs in a tree.

        With `link` it shares the store's file where the file system can, which costs nothing; that
        is for trees nobody writes into. Raises FileNotFoundError.
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

    def sweep(self, wanted: Collection[str], older_than: datetime) -> int:
        """Delete what is not wanted and was last added before a time; how many files went.

        Also what a builder that was killed has not finished writing.
        """
        gone = 0
        for path in self.folder.glob("??/*"):
            if path.parent.name + path.name in wanted:
                continue
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    gone += 1
        return gone
