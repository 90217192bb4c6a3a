"""A release's folder: packed as one zip file or tar stream, and summed."""

from __future__ import annotations

import calendar
import filecmp
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from merging.formats.storage import checksums

#: The oldest time a zip can hold. The same tree then gives the same bytes, whenever it is packed.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Writable(Protocol):
    """Whatever takes bytes: a file, a pipe, an upload."""

    def write(self, content: bytes, /) -> object: ...


def pack(folder: Path, target: Path) -> Iterator[str]:
    """Write `folder`, under its own name, to the zip file `target` (zip64 where needed).

    Yields the name of each file once it is packed; the archive is whole when the last one is
    taken. JPEG and PNG do not shrink further, so files are stored as they are.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path, name in _files(folder):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
            yield name


def pack_tar(folder: Path, target: Writable) -> Iterator[str]:
    """Write `folder`, under its own name, as a tar (POSIX pax) to `target`, never going back in it.

    Yields the name of each file once it is written. Owner, mode and time are the same for all
    files, so that the same tree gives the same bytes.
    """
    # Of a stream that is written, tarfile wants nothing but `write`; its stubs want more.
    stream = cast("IO[bytes]", target)
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path, name in _files(folder):
            entry = tarfile.TarInfo(name)
            entry.mode = 0o644
            entry.mtime = calendar.timegm(EPOCH)
            with path.open("rb") as source:
                entry.size = path.stat().st_size
                archive.addfile(entry, source)
            yield name


def write(folder: Path, target: Path) -> Iterator[str]:
    """Pack `folder` as the file `target`, a .tar or a .zip: whole, or not there at all.

    Yields as `pack` does. Raises FileExistsError where a file of another content is there.
    """
    building = target.with_name(f".building-{os.getpid()}-{target.name}")
    try:
        if target.suffix == ".tar":
            with building.open("wb") as stream:
                yield from pack_tar(folder, stream)
        else:
            yield from pack(folder, building)
        with building.open("rb") as packed:
            os.fsync(packed.fileno())
        if target.exists() and not filecmp.cmp(building, target, shallow=False):
            raise FileExistsError(target)
        building.replace(target)
    finally:
        building.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """All files in the order of their paths, with their names in an archive."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.relative_to(folder.parent).as_posix()


def sums_of(folder: Path) -> bytes:
    """The SHA256SUMS of a folder, when it is true of the files that are there now; else b""."""
    listed = folder / checksums.NAME
    if not listed.is_file():
        return b""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != checksums.NAME)
    sums = {
        path.relative_to(folder).as_posix(): checksums.sha256(path.read_bytes()) for path in files
    }
    found = checksums.sums_text(sums).encode()
    return found if listed.read_bytes() == found else b""
