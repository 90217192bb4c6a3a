"""Where the files of a source lie: a folder, or a bucket. Sources see names and fetch files.

An archive is unpacked first (`archives.py`) and is then a folder like any other.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import boto3
import boto3.session
from botocore.exceptions import BotoCoreError, ClientError

from labeling.images.ingest.products import Refused, UnknownSource, Unused
from labeling.images.ingest.rasters import MAX_BYTES

S3_SCHEME = "s3://"

# Files of a bucket that a process keeps at a time: a frame with its label and its companions, many
# times over, and little on the disk even when each is as large as a file may be.
KEPT_FILES = 48

# Why something is left out of a listing
HIDDEN_FILE = "It is hidden: its name, or that of its folder, begins with a dot."
HIDDEN_FOLDER = "It is hidden: its name begins with a dot. No file in it was looked at."
LINK_OUT = (
    "It leads out of the folders that this site may read. Give a folder that holds the file itself."
)
LINKED_FOLDER = "It is a link to a folder, which is not followed. Give that folder as the source."

# Stands in for what is not UTF-8 in a file's name: databases and reports take nothing else
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# As many objects as one answer of the service can have
LISTED_AT_ONCE = 1000

_COPY_BYTES = 1 << 20
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class Place(Protocol):
    """Files by name. Names are relative, with `/` between folders, whatever the system.

    Places can be pickled and compared: equal ones have the same files.
    """

    def __hash__(self) -> int: ...

    def names(self) -> list[str]:
        """All files, sorted, but those of `left_out`. Nothing is opened.

        Raises UnknownSource where the place itself cannot be read.
        """
        ...

    def left_out(self) -> list[Unused]:
        """What `names` does not list, sorted, each with the reason.

        Hidden files and folders, and of a folder also links to folders and folders that cannot be
        read. A folder's name ends in `/`.
        """
        ...

    def find(self, name: str) -> Path | None:
        """The file as one of this machine's; None where there is none of this name.

        Files of one folder come into one folder. Raises `products.Refused` where there is one
        that cannot be had. The path is good until many more are asked for.
        """
        ...

    def fetch(self, name: str) -> Path:
        """`find`, for a file that must be there: raises Refused where it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine.

    within: resolved folders that files must lie below, also when they are links; None for anywhere.
    """

    root: Path
    within: tuple[Path, ...] | None = None

    def names(self) -> list[str]:
        return self._walk()[0]

    def left_out(self) -> list[Unused]:
        return self._walk()[1]

    def _walk(self) -> tuple[list[str], list[Unused]]:
        """What `names` and `left_out` return."""
        found: set[str] = set()
        left_out: dict[str, str] = {}

        def unreadable(error: OSError) -> None:
            name = self._name_of(error.filename)
            if not name:
                raise UnknownSource(f"{self.root} cannot be read: {error.strerror}.")
            left_out[name] = f"The folder cannot be read: {error.strerror}."

        for folder, folders, files in os.walk(self.root, onerror=unreadable):
            base = self._name_of(folder)
            for name in files:
                if name.startswith("."):
                    left_out[readable(base + name)] = HIDDEN_FILE
                elif not self._is_permitted(Path(folder, name)):
                    left_out[readable(base + name)] = LINK_OUT
                else:
                    found.add(readable(base + name))
            for name in folders:
                if name.startswith("."):
                    left_out[readable(f"{base}{name}/")] = HIDDEN_FOLDER
                elif os.path.islink(os.path.join(folder, name)):
                    left_out[readable(f"{base}{name}/")] = LINKED_FOLDER
            folders[:] = [name for name in folders if not name.startswith(".")]
        return sorted(found), [Unused(name, left_out[name]) for name in sorted(left_out)]

    def _is_permitted(self, path: Path) -> bool:
        if self.within is None:
            return True
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError):  # links that go in circles
            return False
        return any(resolved.is_relative_to(folder) for folder in self.within)

    def _name_of(self, folder: str) -> str:
        """A folder's name in the place, with a `/` at its end; "" for the place itself."""
        parts = Path(folder).relative_to(self.root).parts
        return readable("".join(f"{part}/" for part in parts))

    def find(self, name: str) -> Path | None:
        _check_name(name)
        path = self.root / name
        if not self._is_permitted(path):
            raise Refused(f"{name} cannot be read. {LINK_OUT}")
        if path.is_file():
            return path
        if REPLACEMENT in name:
            raise Refused(f"The name of {name} is not written in UTF-8. Rename the file.")
        return None

    def fetch(self, name: str) -> Path:
        return _there(self.find(name), name)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects of an S3 bucket below a prefix; each process fetches into its own folder.

    prefix: "" or a name that ends in "/". scratch: a folder for fetched files, whose owner removes
    it. Address and credentials of the service are those of the environment, as with every other
    tool (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ~/.aws ...).
    """

    bucket: str
    prefix: str
    scratch: Path

    @classmethod
    def at(cls, url: str, scratch: Path) -> Bucket:
        """The place `s3://bucket/prefix`. Raises UnknownSource when that names no bucket."""
        bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
        if not url.startswith(S3_SCHEME) or not bucket:
            raise UnknownSource(f"{url} names no bucket. Write s3://bucket or s3://bucket/prefix.")
        prefix = prefix.strip("/")
        return cls(bucket, f"{prefix}/" if prefix else "", scratch)

    def names(self) -> list[str]:
        return [name for name in self._keys() if not _is_hidden(name)]

    def left_out(self) -> list[Unused]:
        return [Unused(name, HIDDEN_FILE) for name in self._keys() if _is_hidden(name)]

    def _keys(self) -> list[str]:
        """The names of all objects, sorted; markers of folders are none."""
        found = []
        try:
            pages = _client(os.getpid()).get_paginator("list_objects_v2")
            listing = {"PageSize": LISTED_AT_ONCE}
            for page in pages.paginate(
                Bucket=self.bucket, Prefix=self.prefix, PaginationConfig=listing
            ):
                found += [str(entry["Key"]) for entry in page.get("Contents", ())]
        except (BotoCoreError, ClientError) as error:
            raise UnknownSource(f"The bucket {self.bucket} cannot be listed: {error}.") from error
        return sorted(key.removeprefix(self.prefix) for key in found if not key.endswith("/"))

    def find(self, name: str) -> Path | None:
        _check_name(name)
        inside = PurePosixPath(name)
        # A bucket may have both an object `a` and an object `a/b`; a folder may not.
        folder = hashlib.sha256(str(inside.parent).encode()).hexdigest()[:16]
        kept = self.scratch / str(os.getpid())
        path = kept / folder / inside.name
        if path.is_file():
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_oldest(kept, KEPT_FILES - 1)
        return path if self._download(name, path) else None

    def fetch(self, name: str) -> Path:
        return _there(self.find(name), name)

    def open(self, name: str) -> tuple[ObjectStream, str] | None:
        """An object's content, with what changes when it does; None for no such object.

        Raises UnknownSource where it cannot be had.
        """
        try:
            answer = _client(os.getpid()).get_object(Bucket=self.bucket, Key=self.prefix + name)
        except ClientError as error:
            if _is_missing(error):
                return None
            raise UnknownSource(f"{name} cannot be fetched: {error}.") from error
        except BotoCoreError as error:
            raise UnknownSource(f"{name} cannot be fetched: {error}.") from error
        return ObjectStream(answer["Body"], name), str(answer["ETag"])

    def _download(self, name: str, path: Path) -> bool:
        """Copy an object to a path that is there only when complete; False for no such object."""
        try:
            answer = _client(os.getpid()).get_object(Bucket=self.bucket, Key=self.prefix + name)
            size = int(answer["ContentLength"])
            if size > MAX_BYTES:
                raise Refused(f"{name} has {size:,} bytes; more than {MAX_BYTES:,} are not read.")
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
                try:
                    for chunk in answer["Body"].iter_chunks(_COPY_BYTES):
                        partial.write(chunk)
                    partial.close()
                    os.replace(partial.name, path)
                except BaseException:
                    os.unlink(partial.name)
                    raise
        except ClientError as error:
            if _is_missing(error):
                return False
            raise Refused(f"{name} cannot be fetched: {error}.") from error
        except BotoCoreError as error:
            raise Refused(f"{name} cannot be fetched: {error}.") from error
        return True


class ObjectStream:
    """The content of an object, read once from its beginning."""

    def __init__(self, body: Any, name: str) -> None:
        self.body = body
        self.name = name

    def read(self, size: int = -1, /) -> bytes:
        try:
            return bytes(self.body.read(None if size < 0 else size))
        except BotoCoreError as error:
            raise UnknownSource(f"{self.name} cannot be fetched: {error}.") from error

    def close(self) -> None:
        self.body.close()


def readable(name: str) -> str:
    """A file's name as text that everything can store: what is not UTF-8 in it is replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _there(path: Path | None, name: str) -> Path:
    if path is None:
        raise Refused(f"{name} cannot be read: there is no such file.")
    return path


def _check_name(name: str) -> None:
    """Refuse a name that could lead out of its place."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\0" in part or len(part.encode()) > 255 for part in parts):
        raise Refused(f"{name!r} is not the name of a file in a folder. Rename it.")


def _is_missing(error: ClientError) -> bool:
    return str(error.response.get("Error", {}).get("Code")) in _MISSING


def _is_hidden(name: str) -> bool:
    """Whether a file or one of its folders is hidden; `.` and `..` are left to `_check_name`."""
    return any(part.startswith(".") and part not in {".", ".."} for part in name.split("/"))


def _drop_oldest(folder: Path, keep: int) -> None:
    """Remove the files below a folder that were used least lately, all but `keep`."""
    files = [path for path in folder.glob("*/*") if path.is_file()]
    if len(files) > keep:
        files.sort(key=lambda path: path.stat().st_atime_ns)
        for path in files[: len(files) - keep]:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


@lru_cache(maxsize=1)
def _client(process: int) -> Any:
    """This process's connection; a forked one gets its own, since sockets cannot be shared."""
    return boto3.session.Session().client("s3")
