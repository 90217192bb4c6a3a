"""Downloads of release archives over HTTP, whole or by ranges, so that they can be resumed."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC
from pathlib import PurePosixPath

from django.core.files import File
from django.db.models import F, Sum
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from merging.models import Release, ReleaseDownload

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)
_CONTENT_TYPE = {".zip": "application/zip", ".tar": "application/x-tar"}


class Unsatisfiable(ValueError):
    """A requested range without any byte of the file."""


def answer(request: HttpRequest, release: Release) -> HttpResponseBase:
    """Return the archive of a release as a response to GET or HEAD (RFC 9110, 14).

    A single range is served; for several ranges, which resuming does not need, the whole file is
    returned. The file is read in chunks. Only a GET that includes the first byte is counted, so a
    resumed download counts once.
    """
    stored, size = str(release.archive.name), release.archive.size
    headers = {"Accept-Ranges": "bytes", "ETag": etag(release, size)}
    name = PurePosixPath(stored).name
    headers["Content-Type"] = _CONTENT_TYPE.get(PurePosixPath(name).suffix, "application/zip")
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(size)})
    try:
        requested = requested_range(request, headers["ETag"], size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    first, last = requested or (0, size - 1)
    if requested:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last + 1 - first)
    part = Part(release.archive.storage.open(stored, "rb"), first, last + 1 - first)
    if first == 0:
        count_download(release)
    return FileResponse(
        part, as_attachment=True, filename=name, status=206 if requested else 200, headers=headers
    )


def etag(release: Release, size: int) -> str:
    """Return the entity tag of an archive. Every archive that is built has a unique file name."""
    digest = hashlib.sha256(f"{release.archive.name} {size} {release.sums_sha256}".encode())
    return f'"{digest.hexdigest()[:32]}"'


def requested_range(request: HttpRequest, tag: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last requested byte; None for the whole file.

    Invalid ranges are ignored, as RFC 9110 requires, and so are ranges of an older file (If-Range).

    Raises:
        Unsatisfiable: The range has no byte of the file.
    """
    if request.headers.get("If-Range", tag) != tag:
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match[1] == match[2] == "":
        return None
    if match[1]:
        first, last = int(match[1]), int(match[2]) if match[2] else size - 1
        if match[2] and last < first:
            return None
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first >= size:
        raise Unsatisfiable
    return first, min(last, size - 1)


@dataclass
class Part:
    """`length` bytes of an open file from `start` on, as a readable and seekable file.

    The web server can send a seekable file itself, without an application thread. The class has no
    slots, because Django replaces `close`.
    """

    file: File[bytes]
    start: int
    length: int

    def __post_init__(self) -> None:
        self.file.seek(self.start)

    def read(self, size: int = -1) -> bytes:
        remaining = max(self.length - self.tell(), 0)
        content: bytes = self.file.read(remaining if size < 0 else min(size, remaining))
        return content

    def tell(self) -> int:
        return int(self.file.tell()) - self.start

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self.length}[whence]
        self.file.seek(self.start + origin + offset)
        return self.tell()

    def close(self) -> None:
        self.file.close()


def count_download(release: Release) -> None:
    """Count one download, safely under concurrency."""
    today, _ = ReleaseDownload.objects.get_or_create(
        release=release, day=timezone.now().astimezone(UTC).date()
    )
    ReleaseDownload.objects.filter(pk=today.pk).update(count=F("count") + 1)


def download_count(release: Release) -> int:
    """Return how often a release was downloaded."""
    total: int | None = ReleaseDownload.objects.filter(release=release).aggregate(Sum("count"))[
        "count__sum"
    ]
    return total or 0
