"""Unpacking of archives within limits, so that hostile ones cannot exhaust memory or disk.

Supported are zip, and tar, plain or compressed with gzip, bzip2 or xz. Only regular files and
folders with names inside the folder are unpacked. Archives in the archive stay packed.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from labeling.images.ingest.places import Folder, readable
from labeling.images.ingest.products import UnknownSource

# 35,000 frames with label, range product and two masks, and twice that
MAX_MEMBERS = 350_000
# ... of about 6 MB each
MAX_TOTAL_BYTES = 400_000_000_000
# A frame has a few megabytes; this leaves room for a video or nested archive
MAX_MEMBER_BYTES = 2_000_000_000
# Pictures shrink to a half or a quarter, text to a tenth; a blank frame to a thousandth
MAX_RATIO = 100
# Below this size, no ratio does harm
RATIO_FROM_BYTES = 64_000_000
# Bytes of the disk that stay free
SPARE_DISK_BYTES = 1_000_000_000

_MAX_DEPTH = 32
_MAX_NAME = 400
_CHUNK = 1 << 20
# Bytes before one member of a tar: its header, long name and attributes
_TAR_HEADER_BYTES = 1 << 18
# Bytes of an entry of a zip's directory: 46, and its name and attributes
_ZIP_ENTRY_BYTES = 400
_ZIP_ENTRY = b"PK\x01\x02"
# The end record of a zip is in its last 64 KiB
_ZIP_TAIL_BYTES = 1 << 17
# Enough for `xz -9`; only a hostile file needs more
_XZ_MEMORY = 256 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on an archive; `ratio` limits unpacked bytes per packed byte."""

    members: int = MAX_MEMBERS
    total_bytes: int = MAX_TOTAL_BYTES
    member_bytes: int = MAX_MEMBER_BYTES
    ratio: float = MAX_RATIO


DEFAULT_BOUNDS = Bounds()


class ArchiveRefused(UnknownSource):
    """The archive is hostile, damaged or too large; the message says why."""


class Readable(Protocol):
    """A readable stream of bytes, such as an opened file or an upload."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Member:
    """A file, or a folder (`read` is None). `packed` is the number of archive bytes read so far."""

    name: str
    size: int
    read: Callable[[int], bytes] | None
    packed: Callable[[], int]


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip or a (compressed) tar, by its first bytes."""
    with path.open("rb") as file:
        return _kind(file.read(tarfile.BLOCKSIZE)) is not None


def unpack(source: Path | Readable, into: Path, bounds: Bounds = DEFAULT_BOUNDS) -> Folder:
    """Unpack an archive into a folder that does not exist yet, or is empty.

    `source` is a file, or a stream at its beginning. A zip that is not seekable is first copied to
    the disk. The folder appears only when everything is unpacked, and nothing remains after an
    error. Two processes may unpack the same archive at once.

    Raises ArchiveRefused for a file that is no archive, damaged or encrypted; for names that lead
    out of the folder or occur twice; for links, devices and other special files; and as soon as a
    limit is exceeded. A backslash in a name separates folders, as in archives from Windows.
    """
    if into.is_dir() and any(into.iterdir()):
        raise FileExistsError(f"{into} is not empty")
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=into.parent, prefix=f".{into.name}-", ignore_cleanup_errors=True
    ) as name:
        partial = Path(name) / "files"
        partial.mkdir()
        if isinstance(source, Path):
            with source.open("rb") as file:
                _unpack(file, partial, bounds)
        else:
            _unpack(source, partial, bounds)
        try:
            os.rename(partial, into)
        except OSError:
            if not (into.is_dir() and any(into.iterdir())):  # otherwise another process was faster
                raise
    return Folder(into)


def _unpack(source: Readable, root: Path, bounds: Bounds) -> None:
    free = max(0, shutil.disk_usage(root).free - SPARE_DISK_BYTES)
    unpacking = _Unpacking(root, bounds, min(bounds.total_bytes, free))
    with _refuse_damage():
        stream = _Counted(source)
        kind = _kind(stream.ahead)
        if kind is None:
            raise ArchiveRefused("This is neither a zip nor a tar archive.")
        if kind != "zip":
            unpacking.take(_tar_members(stream, kind))
        elif _is_seekable(source):
            unpacking.take(_zip_members(cast(BinaryIO, source), unpacking))
        else:
            with tempfile.TemporaryFile(dir=root.parent) as copy:
                while chunk := stream.read(_CHUNK):
                    unpacking.check_total(stream.count)
                    copy.write(chunk)
                unpacking.take(_zip_members(cast(BinaryIO, copy), unpacking))


class _Unpacking:
    """Writes members below a root folder, and counts the bytes."""

    def __init__(self, root: Path, bounds: Bounds, total_bytes: int) -> None:
        self.root = root
        self.bounds = bounds
        self.total_bytes = total_bytes
        self.members = 0
        self.written = 0
        self.folders = {root}

    def take(self, members: Iterator[_Member]) -> None:
        for member in members:
            self.members += 1
            self.check_count(self.members)
            path = self.root.joinpath(*_parts(member.name))
            if member.read is None:
                self._make_folder(path)
            else:
                self._make_folder(path.parent)
                self._write(path, member, member.read)

    def check_count(self, members: int) -> None:
        if members > self.bounds.members:
            raise ArchiveRefused(
                f"The archive has more than {self.bounds.members:,} files. Split it."
            )

    def check_total(self, total: int) -> None:
        if total > self.total_bytes:
            reason = (
                "are allowed"
                if self.total_bytes == self.bounds.total_bytes
                else "the disk has room for"
            )
            raise ArchiveRefused(
                f"The archive holds more than the {self.total_bytes:,} bytes that {reason}."
            )

    def check_ratio(self, total: int, packed: int) -> None:
        if total > RATIO_FROM_BYTES and total > self.bounds.ratio * packed:
            raise ArchiveRefused(
                f"The archive grows to more than {self.bounds.ratio:g} times its size, "
                "which no archive of images does."
            )

    def _make_folder(self, folder: Path) -> None:
        if folder in self.folders:
            return
        self._make_folder(folder.parent)
        self.check_count(len(self.folders))
        with _refuse_duplicate_names(folder.name):
            folder.mkdir()
        self.folders.add(folder)

    def _write(self, path: Path, member: _Member, read: Callable[[int], bytes]) -> None:
        name = readable(member.name)
        if member.size > self.bounds.member_bytes:
            raise ArchiveRefused(
                f"{name} in the archive has {member.size:,} bytes; more than "
                f"{self.bounds.member_bytes:,} are not unpacked."
            )
        self.check_total(self.written + member.size)
        left = member.size
        with _refuse_duplicate_names(name), path.open("xb") as file:
            while left > 0 and (chunk := read(min(left, _CHUNK))):
                left -= len(chunk)
                self.written += len(chunk)
                self.check_ratio(self.written, member.packed())
                file.write(chunk)
        if left:
            raise ArchiveRefused(f"The archive is truncated in {name}.")


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders and the file of a member's name; () for the root itself."""
    text = readable(name)
    if re.match(r"[/\\]|[A-Za-z]:", text):
        raise ArchiveRefused(f"The archive has the absolute name {text!r}.")
    parts = tuple(part for part in re.split(r"[/\\]", text) if part not in {"", "."})
    if ".." in parts:
        raise ArchiveRefused(f"The archive has the name {text!r}, which leads out of its folder.")
    if any(ord(character) < 32 for character in text):
        raise ArchiveRefused(f"The archive has the name {text!r} with control characters.")
    is_long = any(len(part.encode()) > 255 for part in parts)
    if is_long or len(text) > _MAX_NAME or len(parts) > _MAX_DEPTH:
        raise ArchiveRefused(f"The archive has a name that is too long: {text[:60]!r} ...")
    return parts


# -- zip -----------------------------------------------------------------------------------------


def _zip_members(file: BinaryIO, unpacking: _Unpacking) -> Iterator[_Member]:
    file.seek(0, os.SEEK_END)
    packed = file.tell()
    guarded = _GuardedZip(file, unpacking)
    with zipfile.ZipFile(cast(BinaryIO, guarded)) as archive:
        guarded.is_open = True
        entries = archive.infolist()
        total = sum(entry.file_size for entry in entries)
        unpacking.check_total(total)
        unpacking.check_ratio(total, packed)
        for entry in entries:
            _check_zip_entry(entry)
            if entry.is_dir():
                yield _Member(entry.filename, 0, None, lambda: packed)
                continue
            with archive.open(entry) as content:
                yield _Member(entry.filename, entry.file_size, content.read, lambda: packed)


def _check_zip_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 0x1:
        raise ArchiveRefused("The archive is encrypted. Upload it without a password.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise ArchiveRefused(
            f"{entry.filename} in the archive is a link or a special file. Leave it out."
        )
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ArchiveRefused(f"{entry.filename} has an unsupported compression. Use a plain zip.")


class _GuardedZip:
    """A zip file that refuses to read a directory with too many entries.

    `zipfile` reads the whole directory and makes an object of each entry before anybody can count
    them. The number of entries at the file's end may be wrong.
    """

    def __init__(self, file: BinaryIO, unpacking: _Unpacking) -> None:
        self.file = file
        self.unpacking = unpacking
        self.most = max(_ZIP_TAIL_BYTES, unpacking.bounds.members * _ZIP_ENTRY_BYTES)
        self.is_open = False

    def read(self, size: int = -1) -> bytes:
        if self.is_open:
            return self.file.read(size)
        data = self.file.read(self.most + 1 if size < 0 else min(size, self.most + 1))
        if len(data) > self.most:
            raise ArchiveRefused("The archive's directory is too long. Split the archive.")
        self.unpacking.check_count(data.count(_ZIP_ENTRY))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True


# -- tar -----------------------------------------------------------------------------------------


def _tar_members(stream: _Counted, kind: str) -> Iterator[_Member]:
    metered = _Metered(_DECOMPRESS[kind](stream))
    with tarfile.open(fileobj=cast(BinaryIO, metered), mode="r|") as archive:
        while True:
            metered.allow(_TAR_HEADER_BYTES)
            entry = archive.next()
            if entry is None:
                return
            # Both would grow with the archive
            archive.members = []  # type: ignore[attr-defined]
            archive.pax_headers = {}
            if entry.isdir():
                yield _Member(entry.name, 0, None, stream.packed)
            elif not entry.isreg() or entry.issparse() or entry.size < 0:
                name = readable(entry.name)
                raise ArchiveRefused(
                    f"{name} in the archive is a link or a special file. Leave it out."
                )
            else:
                metered.allow(_TAR_HEADER_BYTES + entry.size)
                content = archive.extractfile(entry)
                assert content is not None  # a regular file always has one
                yield _Member(entry.name, entry.size, content.read, stream.packed)


class _Counted:
    """A stream that counts the bytes read, and can return its first bytes again."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.ahead = b""
        while len(self.ahead) < tarfile.BLOCKSIZE:
            chunk = stream.read(tarfile.BLOCKSIZE - len(self.ahead))
            if not chunk:
                break
            self.ahead += chunk
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        if self.ahead:
            data, self.ahead = self.ahead[:size], self.ahead[size:]
        else:
            data = self.stream.read(size)
        self.count += len(data)
        return data

    def packed(self) -> int:
        return self.count


class _Metered:
    """An unpacked tar stream with a limit on its bytes, since headers can be bombs."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.left = _TAR_HEADER_BYTES

    def allow(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise ArchiveRefused("The archive has a header that is too long.")
        return data


class _Xz:
    """A decompressed xz stream with a limit on the memory that its header may request."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int = -1) -> bytes:
        while not self.decompressor.eof:
            chunk = self.stream.read(_CHUNK) if self.decompressor.needs_input else b""
            if self.decompressor.needs_input and not chunk:
                raise EOFError("it ends too early")
            if data := self.decompressor.decompress(chunk, size):
                return data
        return b""


_DECOMPRESS: dict[str, Callable[[_Counted], Readable]] = {
    "tar": lambda stream: stream,
    "gzip": lambda stream: gzip.GzipFile(fileobj=cast(Any, stream)),
    "bzip2": lambda stream: bz2.BZ2File(cast(Any, stream)),
    "xz": _Xz,
}


# -- both ----------------------------------------------------------------------------------------


def _kind(head: bytes) -> str | None:
    """Return "zip", "gzip", "bzip2", "xz", "tar" or None for a file's first 512 bytes."""
    magic = {
        b"PK\x03\x04": "zip",
        b"PK\x05\x06": "zip",  # an empty zip
        b"\x1f\x8b": "gzip",
        b"BZh": "bzip2",
        b"\xfd7zXZ\x00": "xz",
    }
    for beginning, kind in magic.items():
        if head.startswith(beginning):
            return kind
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return None
    return "tar"


def _is_seekable(stream: object) -> bool:
    seekable = getattr(stream, "seekable", None)
    return bool(seekable and seekable())


@contextmanager
def _refuse_damage() -> Iterator[None]:
    """Raise ArchiveRefused for the errors of libraries on damaged archives."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise ArchiveRefused(f"The archive is damaged or incomplete: {error}.") from error
    except OSError as error:
        if error.errno is not None:  # an error of this machine, such as a full disk
            raise
        raise ArchiveRefused(f"The archive is damaged: {error}.") from error


@contextmanager
def _refuse_duplicate_names(name: str) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ArchiveRefused(f"The archive has {name} twice.") from error
