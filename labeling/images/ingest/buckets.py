"""An S3 bucket as a place of files.

This module loads boto3, which costs every process 20 MB. Import it only where a bucket is needed.
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
from typing import Any

import boto3.session
from botocore.exceptions import BotoCoreError, ClientError

from labeling.images.ingest.places import HIDDEN_FILE, S3_SCHEME, check_name, existing
from labeling.images.ingest.products import Refused, UnknownSource, Unused
from labeling.images.ingest.rasters import MAX_BYTES

# Most files of a bucket that a process keeps at a time: many frames with their labels and
# companions, but little of the disk even if each has the largest size.
KEPT_FILES = 48

# Most objects in one response of the service
LISTED_AT_ONCE = 1000

_COPY_BYTES = 1 << 20
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects of an S3 bucket below a prefix; each process fetches into its own folder.

    `prefix` is "" or a name that ends in "/". `scratch` is a folder for fetched files, which its
    owner removes. Endpoint and credentials come from the environment (AWS_ENDPOINT_URL,
    AWS_ACCESS_KEY_ID, ~/.aws ...).
    """

    bucket: str
    prefix: str
    scratch: Path

    @classmethod
    def at(cls, url: str, scratch: Path) -> Bucket:
        """Return the place `s3://bucket/prefix`.

        Raise UnknownSource if there is no bucket in it.
        """
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
        """Return the names of all objects, sorted, without folder markers."""
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
        check_name(name)
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
        return existing(self.find(name), name)

    def open(self, name: str) -> tuple[ObjectStream, str] | None:
        """Return an object's content and its version (ETag); None if there is no such object.

        Raises UnknownSource if it cannot be fetched.
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
        """Download an object to a path atomically; return False if there is no such object."""
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


def _is_missing(error: ClientError) -> bool:
    return str(error.response.get("Error", {}).get("Code")) in _MISSING


def _is_hidden(name: str) -> bool:
    """Return whether a file or one of its folders is hidden; `check_name` handles `.` and `..`."""
    return any(part.startswith(".") and part not in {".", ".."} for part in name.split("/"))


def _drop_oldest(folder: Path, keep: int) -> None:
    """Remove the least recently used files below a folder, all but `keep`."""
    files = [path for path in folder.glob("*/*") if path.is_file()]
    if len(files) > keep:
        files.sort(key=lambda path: path.stat().st_atime_ns)
        for path in files[: len(files) - keep]:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


@lru_cache(maxsize=1)
def _client(process: int) -> Any:
    """Return this process's client; a forked process needs its own sockets."""
    return boto3.session.Session().client("s3")
