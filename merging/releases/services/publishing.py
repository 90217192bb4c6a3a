"""Publishing complete releases in a bucket.

This module loads boto3, as `labeling.images.ingest.buckets` does, so it is imported only inside
functions.
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

#: Larger files are sent in parts of this size, several at a time, each with its own retries.
PART_BYTES = 16 << 20
#: The metadata key of the SHA-256 of an object.
CHECKSUM_KEY = "sha256"

_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class PublishRefused(Conflict):
    """The release cannot be published at this address. The message is for operators, in English."""

    code = "publish_refused"


@dataclass(frozen=True, slots=True)
class Destination:
    """Objects of a bucket below a prefix, which is "" or ends in "/"."""

    client: Any
    bucket: str
    prefix: str

    def sizes(self) -> dict[str, int]:
        """Return the sizes of all objects, bytes, by path below the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, PaginationConfig={"PageSize": LISTED_AT_ONCE}
        )
        return {
            str(entry["Key"]).removeprefix(self.prefix): int(entry["Size"])
            for page in pages
            for entry in page.get("Contents", ())
        }

    def checksum_of(self, path: str) -> str:
        """Return the stored checksum of an object; "" if it has none, or does not exist."""
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=self.prefix + path)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return ""
            raise
        return str(head.get("Metadata", {}).get(CHECKSUM_KEY, ""))

    def put(self, file: Path, path: str, digest: str) -> None:
        """Upload a file, in parts if it is large. The object exists only once it is complete."""
        self.client.upload_file(
            str(file),
            self.bucket,
            self.prefix + path,
            ExtraArgs={"Metadata": {CHECKSUM_KEY: digest}},
            Config=TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES),
        )


def check(url: str) -> None:
    """Check that the bucket can be reached, before a long build.

    Raises:
        PublishRefused: It cannot be reached.
    """
    destination = _destination(url)
    try:
        destination.client.list_objects_v2(
            Bucket=destination.bucket, Prefix=destination.prefix, MaxKeys=1
        )
    except (BotoCoreError, ClientError) as error:
        raise PublishRefused(f"Cannot access {url}: {error}.") from error


def upload_tree(tree: Path, url: str, track: Track | None = None) -> int:
    """Upload the folder of a complete release to `s3://bucket/prefix`.

    Existing files are not sent again, so an interrupted upload resumes where it stopped.
    `SHA256SUMS` is sent last, so a release with that file is complete. A different release is never
    overwritten. The address and credentials of the service come from the environment.

    Args:
        tree: The folder of the release.
        url: Where to upload it.
        track: Called to show the progress.

    Returns:
        How many files were sent.

    Raises:
        PublishRefused: The release cannot be published there.
    """
    destination = _destination(url)
    sums = _checksums(tree)
    digest = checksums.sha256((tree / checksums.NAME).read_bytes())
    try:
        present = destination.sizes()
        if checksums.NAME in present and destination.checksum_of(checksums.NAME) != digest:
            raise PublishRefused(f"Another release is at {url}. Choose another prefix.")
        foreign = sorted(present.keys() - sums.keys() - {checksums.NAME})
        if foreign:
            raise PublishRefused(
                f"{len(foreign):,} objects at {url} are not part of this release, such as "
                f"{foreign[0]}. Choose another prefix, or delete them."
            )
        sent = 0
        for path in track(sums, len(sums)) if track else sums:
            sent += _send(destination, tree, path, sums[path], present)
        return sent + _send(destination, tree, checksums.NAME, digest, present)
    except (BotoCoreError, ClientError, S3UploadFailedError) as error:
        raise PublishRefused(
            f"Cannot upload to {url}: {error}. Run the command again to continue."
        ) from error


def _send(
    destination: Destination, tree: Path, path: str, digest: str, present: dict[str, int]
) -> int:
    """Upload one file unless it exists. Return 1 if it was sent, else 0."""
    file = tree / path
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
            raise PublishRefused(f"{file} was changed after the release was built. Build it again.")
    if present.get(path) == file.stat().st_size and destination.checksum_of(path) == digest:
        return 0
    destination.put(file, path, digest)
    return 1


def _checksums(tree: Path) -> dict[str, str]:
    """Return the checksums of a release by path, if they name exactly the files of the folder."""
    if not (tree / checksums.NAME).is_file():
        raise PublishRefused(
            f"{tree} has no {checksums.NAME}. Give the folder of a complete release."
        )
    lines = (tree / checksums.NAME).read_text("utf-8").splitlines()
    sums = {match[2]: match[1] for match in map(_SUM.fullmatch, lines) if match}
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    different = sorted(sums.keys() ^ (files - {checksums.NAME}))
    if different:
        raise PublishRefused(
            f"{tree} differs from its {checksums.NAME}: {different[0]} is missing or not listed. "
            "Check the folder with verify_release."
        )
    return sums


def _destination(url: str) -> Destination:
    bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
    if not url.startswith(S3_SCHEME) or not bucket:
        raise PublishRefused(f"{url} has no bucket. Write s3://bucket or s3://bucket/prefix.")
    prefix = prefix.strip("/")
    try:
        client = boto3.session.Session().client("s3")
    except (BotoCoreError, ValueError) as error:
        raise PublishRefused(f"Cannot access {url}: {error}.") from error
    return Destination(client, bucket, f"{prefix}/" if prefix else "")
