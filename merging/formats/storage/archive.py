"""Packing the folder of a release as a zip file or tar stream, and its checksums."""

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

#: The earliest time in a zip. With a constant time, the same tree always gives the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Writable(Protocol):
    """Anything that bytes can be written to: a file, a pipe, an upload."""

    def write(self, content: bytes, /) -> object: ...


def pack(folder: Path, target: Path) -> Iterator[str]:
    """Write `folder`, under its own name, to the zip file `target` (zip64 if needed).

    Yields the name of each packed file. The archive is complete after the last one. JPEG and PNG
    are compressed already, so files are stored without compression.
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
    """Write `folder`, under its own name, as a tar (POSIX pax) stream to `target`.

    Yields the name of each written file. Owner, mode and time are constant, so that the same tree
    gives the same bytes.
    """
    # tarfile needs only `write` of an output stream, but its type stubs require more.
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
    """Pack `folder` as the file `target`, a .tar or a .zip. The file appears once it is complete.

    Yields as `pack` does.

    Raises:
        FileExistsError: There is a file with other content.
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
    """Yield all files, sorted by path, with their names in an archive."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.relative_to(folder.parent).as_posix()


def sums_of(folder: Path) -> bytes:
    """Return the SHA256SUMS of a folder if it matches the files; else b""."""
    listed = folder / checksums.NAME
    if not listed.is_file():
        return b""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != checksums.NAME)
    sums = {
        path.relative_to(folder).as_posix(): checksums.sha256(path.read_bytes()) for path in files
    }
    found = checksums.sums_text(sums).encode()
    return found if listed.read_bytes() == found else b""
