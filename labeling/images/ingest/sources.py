"""Recognizing the kind of source at a path, in an archive or in a bucket."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from labeling.images.ingest.ai4mars_tree import Ai4MarsTree, is_frame_folder
from labeling.images.ingest.archives import DEFAULT_BOUNDS, Bounds, Readable, is_archive, unpack
from labeling.images.ingest.leftovers import ARCHIVE_SUFFIXES, PICTURES_READ, is_picture
from labeling.images.ingest.pds import PdsProducts
from labeling.images.ingest.places import S3_SCHEME, Folder, Place
from labeling.images.ingest.plain_folder import PlainFolder
from labeling.images.ingest.products import Source, UnknownSource

if TYPE_CHECKING:
    from labeling.images.ingest.buckets import Bucket

_UNDERSTOOD = (
    "Images are read from a folder, a zip or tar archive, or s3://bucket/prefix that contains PDS "
    "products (.IMG files of the cameras of Curiosity, Perseverance, Spirit or Opportunity), a "
    f"released AI4Mars tree (a folder with images/edr in it), or {PICTURES_READ} "
    "files with or without a manifest.csv. A single .IMG file or picture can be given too."
)


def open_source(
    where: str | Path,
    scratch: Path | None = None,
    bounds: Bounds = DEFAULT_BOUNDS,
    shown: str = "",
    within: tuple[Path, ...] | None = None,
) -> Source:
    """Return the source at a path or an `s3://` address.

    A released tree is preferred to PDS products, and those to plain pictures.

    Args:
        where: A path or an `s3://` address.
        scratch: Folder for an unpacked archive and fetched files, which the caller removes after
            the source was used. Processes may share it; an archive is unpacked there once. Default:
            a folder that lasts as long as this process.
        bounds: Limits of an archive.
        shown: The source's name in messages, if it differs from the path.
        within: The only folders of this machine that may be read, resolved; None for any.

    Raises:
        UnknownSource: There is nothing to read; the message says what can be read.
        ArchiveRefused: The archive is hostile, damaged or too large (a kind of UnknownSource).
    """
    address = str(where)
    if address.startswith(S3_SCHEME):
        return _in_bucket(address, scratch or _temporary(), bounds)
    path = Path(where).resolve()
    try:
        if path.is_dir():
            tree = None
            if is_frame_folder(path.parts):  # its masks are beside it
                beside = f"{path.parent.name}/{path.name}/"
                tree = Ai4MarsTree.find(Folder(path.parent.parent, within), within=beside)
            return tree or _in_place(Folder(path, within), path.parts[1:], address)
        if path.is_file():
            return _in_file(path, shown or address, scratch, bounds, within)
    except PermissionError as error:
        raise UnknownSource(f"{address} cannot be read: {error.strerror}.") from error
    raise UnknownSource(f"{address} does not exist. {_UNDERSTOOD}")


def open_place(where: str | Path, scratch: Path | None = None) -> tuple[Place, tuple[str, ...]]:
    """Return the files of a folder or archive, or at an `s3://` address; no file is opened.

    Returns the place and the names of the folders above it, none for an archive. `scratch` is as in
    `open_source`. Raises UnknownSource if there is no such place.
    """
    address = str(where)
    if address.startswith(S3_SCHEME):
        from labeling.images.ingest.buckets import Bucket

        bucket = Bucket.at(address, scratch or _temporary())
        folder = _archive_in_bucket(address, bucket, bucket.scratch, DEFAULT_BOUNDS)
        return (folder, ()) if folder else (bucket, PurePosixPath(bucket.prefix).parts)
    path = Path(where).resolve()
    if path.is_dir():
        return Folder(path), path.parts[1:]
    if not path.is_file():
        raise UnknownSource(f"{address} does not exist.")
    if not is_archive(path):
        raise UnknownSource(f"{address} is neither a folder nor a zip or tar archive.")
    return _archive_at(path, scratch, DEFAULT_BOUNDS), ()


def _archive_at(path: Path, scratch: Path | None, bounds: Bounds) -> Folder:
    status = path.stat()
    version = f"{path}|{status.st_size}|{status.st_mtime_ns}"
    return _unpacked(path, version, scratch or _temporary(), bounds)


def _in_file(
    path: Path,
    shown: str,
    scratch: Path | None,
    bounds: Bounds,
    within: tuple[Path, ...] | None,
) -> Source:
    if is_archive(path):
        return _in_place(_archive_at(path, scratch, bounds), (), shown)
    source: Source | None = PdsProducts.find(Folder(path.parent, within), only=path.name)
    if source is None and is_frame_folder(path.parent.parts):
        beside = "/".join(path.parts[-3:])
        source = Ai4MarsTree.find(Folder(path.parents[2], within), within=beside)
    if source is None and is_picture(path.name):
        source = PlainFolder.find(
            Folder(path.parent, within), path.parent.parts[1:], only=path.name
        )
    if source is None:
        raise UnknownSource(f"There is nothing to import in {shown}. {_UNDERSTOOD}")
    return source


def _in_bucket(address: str, scratch: Path, bounds: Bounds) -> Source:
    from labeling.images.ingest.buckets import Bucket

    bucket = Bucket.at(address, scratch)
    parts = PurePosixPath(bucket.prefix).parts
    folder = _archive_in_bucket(address, bucket, scratch, bounds)
    if folder is not None:
        return _in_place(folder, (), address)
    tree = None
    if is_frame_folder(parts):
        root = replace(bucket, prefix="".join(f"{part}/" for part in parts[:-2]))
        tree = Ai4MarsTree.find(root, within=f"{parts[-2]}/{parts[-1]}/")
    return tree or _in_place(bucket, parts, address)


def _archive_in_bucket(
    address: str, bucket: Bucket, scratch: Path, bounds: Bounds
) -> Folder | None:
    """Return the unpacked archive at an address; None if there is none."""
    parts = PurePosixPath(bucket.prefix).parts
    if not address.lower().endswith(ARCHIVE_SUFFIXES) or not parts:
        return None
    parent = replace(bucket, prefix="".join(f"{part}/" for part in parts[:-1]))
    opened = parent.open(parts[-1])
    if opened is None:
        return None
    stream, tag = opened
    with closing(stream):
        return _unpacked(stream, f"{address}|{tag}", scratch, bounds)


def _in_place(place: Place, above: tuple[str, ...], shown: str) -> Source:
    """Return the source in a place.

    `above` are the folders above it; `shown` is the name that the manager gave.
    """
    source = (
        Ai4MarsTree.find(place, above) or PdsProducts.find(place) or PlainFolder.find(place, above)
    )
    if source is None:
        raise UnknownSource(f"There is nothing to import in {shown}. {_UNDERSTOOD}")
    return source


def _unpacked(archive: Path | Readable, version: str, scratch: Path, bounds: Bounds) -> Folder:
    """Return the folder of an archive's files; unpack it if no process has yet."""
    into = scratch / f"unpacked-{hashlib.sha256(version.encode()).hexdigest()[:16]}"
    if into.is_dir() and any(into.iterdir()):
        return Folder(into)
    try:
        return unpack(archive, into, bounds)
    except FileExistsError:  # another process was faster
        return Folder(into)


def _temporary() -> Path:
    """Return a folder that is removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ai4mars-import-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
