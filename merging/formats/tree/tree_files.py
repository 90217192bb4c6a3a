"""The files of a release tree in a folder, a zip or a tar.

A release has regular files only. A link could point outside the tree, to files that change, so
links and other special files are never followed or read, only reported.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

from ai4mars_site.toolkit.errors import Invalid
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import MAX_BYTES, read_bytes

LINK = "It is a link, and a release has regular files only. Replace it by the file."
SPECIAL = "It is a special file, and a release has regular files only. Remove it."
OUTSIDE = "Its name points outside the archive. Remove it."
TWICE = "It is in the archive more than once. Pack the release again."
LOCKED = "It is encrypted. Pack the release again without a password."


class Unreadable(Invalid):
    """The release is missing or damaged. The message says how."""

    code = "unreadable_release"


class Tree(Protocol):
    """The files of a release by their paths in it. It can be sent to other processes."""

    def names(self) -> list[str]:
        """Return all regular files, sorted.

        Raises:
            Unreadable: The release cannot be read.
        """
        ...

    def left_out(self) -> dict[str, str]:
        """Return everything except regular files and folders, each with a sentence that says what
        it is.
        """
        ...

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            Unreadable: It cannot be read, or is larger than any image.
        """
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file of any size for reading from its beginning.

        Raises:
            Unreadable: It cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class TreeFolder:
    """A release in a folder."""

    root: Path

    def names(self) -> list[str]:
        return sorted(name for name, reason in self._entries() if not reason)

    def left_out(self) -> dict[str, str]:
        return {name: reason for name, reason in self._entries() if reason}

    def _entries(self) -> Iterator[tuple[str, str]]:
        """Yield each file, and each link to a folder, with "" or the reason why it is left out."""

        def unreadable(error: OSError) -> None:
            raise Unreadable(f"{error.filename} cannot be read: {error.strerror}.")

        for folder, folders, files in os.walk(self.root, onerror=unreadable):
            base = Path(folder)
            for name in (*folders, *files):
                path = base / name
                kind = path.lstat().st_mode
                if stat.S_ISDIR(kind):
                    continue
                reason = LINK if stat.S_ISLNK(kind) else "" if stat.S_ISREG(kind) else SPECIAL
                yield path.relative_to(self.root).as_posix(), reason

    def read(self, name: str) -> bytes:
        try:
            return read_bytes(self._plain(name))
        except Refused as error:
            raise Unreadable(str(error)) from error

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._plain(name).open("rb")
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {error.strerror}.") from error

    def _plain(self, name: str) -> Path:
        path = self.root / name
        if path.is_symlink():
            raise Unreadable(f"{name}: {LINK}")
        return path


@dataclass(frozen=True, slots=True)
class TreeZip:
    """A release in a zip, read without unpacking it."""

    path: Path

    def names(self) -> list[str]:
        return sorted(name for name, reason in self._entries().items() if not reason)

    def left_out(self) -> dict[str, str]:
        return {name: reason for name, reason in self._entries().items() if reason}

    def _entries(self) -> dict[str, str]:
        members = [each for each in self._archive().infolist() if not each.is_dir()]
        return _checked((each.filename, _reason_in_zip(each)) for each in members)

    def _archive(self) -> zipfile.ZipFile:
        return _opened_zip(self.path, _stamp(self.path))

    def read(self, name: str) -> bytes:
        with self._damage(name):
            if self._archive().getinfo(name).file_size > MAX_BYTES:
                raise Unreadable(f"{name} in {self.path.name} is too large to be read.")
            return self._archive().read(name)

    def open(self, name: str) -> IO[bytes]:
        with self._damage(name):
            return self._archive().open(name)

    @contextmanager
    def _damage(self, name: str) -> Iterator[None]:
        with damage_is_unreadable(f"{name} in {self.path.name}"):
            yield


@dataclass(frozen=True, slots=True)
class TreeTar:
    """A release in an uncompressed tar, read without unpacking it."""

    path: Path

    def names(self) -> list[str]:
        return sorted(name for name, reason in self._entries().items() if not reason)

    def left_out(self) -> dict[str, str]:
        return {name: reason for name, reason in self._entries().items() if reason}

    def _entries(self) -> dict[str, str]:
        return _members_of_tar(self.path, _stamp(self.path))[0]

    def read(self, name: str) -> bytes:
        with self.open(name) as file, damage_is_unreadable(f"{name} in {self.path.name}"):
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Unreadable(f"{name} in {self.path.name} is too large to be read.")
        return content

    def open(self, name: str) -> IO[bytes]:
        with damage_is_unreadable(f"{name} in {self.path.name}"):
            offset, size = _members_of_tar(self.path, _stamp(self.path))[1][name]
            return io.BufferedReader(_Section(self.path, offset, size))


class _Section(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file = path.open("rb")
        self._file.seek(offset)
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        content = self._file.read(min(len(buffer), self._left))
        if not content and self._left and len(buffer):
            raise EOFError("the archive is cut off")
        buffer[: len(content)] = content
        self._left -= len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Below:
    """The files of a tree below one of its folders. `prefix` ends in "/"."""

    tree: Tree
    prefix: str

    def names(self) -> list[str]:
        return [
            name.removeprefix(self.prefix)
            for name in self.tree.names()
            if name.startswith(self.prefix)
        ]

    def left_out(self) -> dict[str, str]:
        """Return the files to leave out; those outside the folder have their full names."""
        found = {name: BESIDE for name in self.tree.names() if not name.startswith(self.prefix)}
        for name, reason in self.tree.left_out().items():
            found[name.removeprefix(self.prefix)] = reason
        return found

    def read(self, name: str) -> bytes:
        return self.tree.read(self.prefix + name)

    def open(self, name: str) -> IO[bytes]:
        return self.tree.open(self.prefix + name)


BESIDE = "It is next to the release and not part of it. Remove it."


def open_tree(path: Path) -> Tree:
    """Return the release at a path: a folder, a zip or a tar.

    Raises:
        Unreadable: There is none, or it contains links or other special files.
    """
    tree = open_any_tree(path)
    for name, reason in sorted(tree.left_out().items()):
        raise Unreadable(f"{name} in {path}: {reason}")
    return tree


def open_any_tree(path: Path) -> Tree:
    """Return the release at a path like `open_tree`, even if it contains links or special files."""
    if path.is_dir():
        return TreeFolder(path)
    if not path.is_file():
        raise Unreadable(f"There is no release at {path}. Give its folder, its zip or its tar.")
    if not zipfile.is_zipfile(path) and _begins_as_tar(path):
        return TreeTar(path)
    return TreeZip(path)


def _begins_as_tar(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(tarfile.BLOCKSIZE)
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


@lru_cache(maxsize=4)
def _opened_zip(path: Path, stamp: tuple[int, int]) -> zipfile.ZipFile:
    """Return an archive, opened once per process. A different `stamp` means that its content
    changed.
    """
    with damage_is_unreadable(f"{path}", "as a zip or a tar"):
        return zipfile.ZipFile(path)


@lru_cache(maxsize=4)
def _members_of_tar(
    path: Path, stamp: tuple[int, int]
) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
    """Return, by name, the reason to leave a member out, and the position of its content."""
    with damage_is_unreadable(f"{path}", "as a tar"), tarfile.TarFile(path) as archive:
        members = [each for each in archive.getmembers() if not each.isdir()]
    # `tar` writes "./" before names when it packs from inside a folder.
    names = [each.name.removeprefix("./") for each in members]
    reasons = _checked(zip(names, map(_reason_in_tar, members), strict=True))
    places = ((each.offset_data, each.size) for each in members)
    return reasons, dict(zip(names, places, strict=True))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    return known.st_mtime_ns, known.st_size


@contextmanager
def damage_is_unreadable(what: str, how: str = "") -> Iterator[None]:
    """Raise Unreadable instead of the errors that readers of damaged archives raise."""
    try:
        yield
    except (
        KeyError,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
    ) as error:
        said = " ".join(filter(None, (what, "cannot be read", how)))
        raise Unreadable(f"{said}: {error}.") from error


def _checked(entries: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the members of an archive by name, each with the reason to leave it out, or ""."""
    found: dict[str, str] = {}
    for name, reason in entries:
        parts = name.split("/")
        if name in found:
            reason = TWICE
        elif "\\" in name or not all(parts) or {".", ".."} & set(parts):
            reason = OUTSIDE
        found[name] = found.get(name) or reason
    return found


def _reason_in_zip(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return LINK
    if member.flag_bits & 1:
        return LOCKED
    # Many programs do not store the type of a file.
    return "" if kind in (0, stat.S_IFREG) else SPECIAL


def _reason_in_tar(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return LINK
    return "" if member.isreg() and not member.issparse() else SPECIAL
