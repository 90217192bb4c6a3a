"""Finished releases, put into a bucket for everybody to read.

This module loads boto3, as `labeling.images.ingest.buckets` does: functions import it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3.session
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from ai4mars_site.toolkit.errors import Conflict
from labeling.images.ingest.buckets import LISTED_AT_ONCE
from labeling.images.ingest.places import S3_SCHEME
from merging.formats.storage import checksums

Track = Callable[[Iterable[str], int], Iterator[str]]

#: Files above this go in parts of this size, several at a time, each tried again by itself.
PART_BYTES = 16 << 20
#: The name under which an object says its sum.
SUM_OF_OBJECT = "sha256"

_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class PublishRefused(Conflict):
    """A release cannot be published there; said to operators, in English."""

    code = "publish_refused"


@dataclass(frozen=True, slots=True)
class Destination:
    """Objects of a bucket below a prefix, which is "" or ends in "/"."""

    client: Any
    bucket: str
    prefix: str

    def sizes(self) -> dict[str, int]:
        """What is there, by its path below the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, PaginationConfig={"PageSize": LISTED_AT_ONCE}
        )
        return {
            str(entry["Key"]).removeprefix(self.prefix): int(entry["Size"])
            for page in pages
            for entry in page.get("Contents", ())
        }

    def sum_of(self, path: str) -> str:
        """The sum that an object says it has; "" where it says none, or is not there."""
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=self.prefix + path)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return ""
            raise
        return str(head.get("Metadata", {}).get(SUM_OF_OBJECT, ""))

    def put(self, file: Path, path: str, digest: str) -> None:
        """Upload a file, a large one in parts; the object is not there before all of it is."""
        self.client.upload_file(
            str(file),
            self.bucket,
            self.prefix + path,
            ExtraArgs={"Metadata": {SUM_OF_OBJECT: digest}},
            Config=TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES),
        )


def check(url: str) -> None:
    """Ask the service for the bucket: better now than after a long build. Raises PublishRefused."""
    there = _destination(url)
    try:
        there.client.list_objects_v2(Bucket=there.bucket, Prefix=there.prefix, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise PublishRefused(f"There is no way to {url}: {error}.") from error


def upload_tree(tree: Path, url: str, track: Track | None = None) -> int:
    """Upload a finished release's folder to `s3://bucket/prefix`; how many files were sent.

    Files that are there already are not sent again, so an upload that broke off goes on where it
    was. `SHA256SUMS` comes last: where it is, the release is whole. A release that is there is not
    replaced by another. Address and credentials of the service are those of the environment.
    Raises PublishRefused.
    """
    there = _destination(url)
    sums = _sums(tree)
    digest = checksums.sha256((tree / checksums.NAME).read_bytes())
    try:
        present = there.sizes()
        if checksums.NAME in present and there.sum_of(checksums.NAME) != digest:
            raise PublishRefused(f"Another release is at {url}. Choose another prefix.")
        foreign = sorted(present.keys() - sums.keys() - {checksums.NAME})
        if foreign:
            raise PublishRefused(
                f"{len(foreign):,} objects at {url} are not of this release, such as "
                f"{foreign[0]}. Choose another prefix, or delete them."
            )
        sent = 0
        for path in track(sums, len(sums)) if track else sums:
            sent += _send(there, tree, path, sums[path], present)
        return sent + _send(there, tree, checksums.NAME, digest, present)
    except (BotoCoreError, ClientError, S3UploadFailedError) as error:
        raise PublishRefused(
            f"The release cannot be sent to {url}: {error}. What was sent is kept; run it again."
        ) from error


def _send(there: Destination, tree: Path, path: str, digest: str, present: dict[str, int]) -> int:
    """Upload one file where it is not there; 1 if it was sent, else 0."""
    file = tree / path
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
            raise PublishRefused(f"{file} was changed since the release was built: build it again.")
    if present.get(path) == file.stat().st_size and there.sum_of(path) == digest:
        return 0
    there.put(file, path, digest)
    return 1


def _sums(tree: Path) -> dict[str, str]:
    """The sums of a release by path, when they name just the files that are there."""
    if not (tree / checksums.NAME).is_file():
        raise PublishRefused(f"{tree} has no {checksums.NAME}: name the folder of a whole release.")
    lines = (tree / checksums.NAME).read_text("utf-8").splitlines()
    sums = {match[2]: match[1] for match in map(_SUM.fullmatch, lines) if match}
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    different = sorted(sums.keys() ^ (files - {checksums.NAME}))
    if different:
        raise PublishRefused(
            f"{tree} does not have the files of its {checksums.NAME}: {different[0]} is missing, "
            "or not listed. Check it with verify_release."
        )
    return sums


def _destination(url: str) -> Destination:
    bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
    if not url.startswith(S3_SCHEME) or not bucket:
        raise PublishRefused(f"{url} names no bucket. Write s3://bucket or s3://bucket/prefix.")
    prefix = prefix.strip("/")
    try:
        client = boto3.session.Session().client("s3")
    except (BotoCoreError, ValueError) as error:
        raise PublishRefused(f"There is no way to {url}: {error}.") from error
    return Destination(client, bucket, f"{prefix}/" if prefix else "")
