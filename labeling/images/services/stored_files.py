"""Comparing the files in storage with the database and with their checksums."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models

from labeling.images import lesson_pictures
from labeling.images.files import UNFINISHED, checksum_in_name, copy_name
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_frame
from labeling.images.preparation.pictures import width_of
from labeling.models import Campaign, Image
from terrain.display.quality import fingerprint_of

#: Names of earlier versions end in the first digits of their checksum, if they have one.
_SHORT_SUM = re.compile(r"\.([0-9a-f]{12})\.png\Z")

#: Most bits of the 64-bit perceptual hash that may differ after encoding a picture.
MOST_BITS = 6

MISSING = "missing"
CHANGED = "changed"
OVERWRITTEN = "overwritten"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a row names.

    `copy_width` is the width of a smaller copy, whose name has no checksum of its own; else 0.
    `original_of` is the id of the image whose original it is; else 0.
    """

    name: str
    row: str
    copy_width: int = 0
    original_of: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one file; `kind` is "" if nothing is wrong."""

    file: NamedFile
    kind: str = ""
    reason: str = ""
    has_sum: bool = True


def named_files() -> Iterator[NamedFile]:
    """Yield every file to which a row of any app refers."""
    for model in apps.get_models():
        fields = [f.name for f in model._meta.concrete_fields if isinstance(f, models.FileField)]
        if fields:
            rows = model._default_manager.order_by("pk").values_list("pk", *fields)
            for pk, *names in rows.iterator():
                for field, name in zip(fields, names, strict=True):
                    if name:
                        row = f"{model._meta.verbose_name} {pk}, {field}"
                        original_of = pk if model is Image and field == "original" else 0
                        yield NamedFile(str(name), row, original_of=original_of)
    yield from copies_of(Image.objects.all())
    for campaign in Campaign.objects.order_by("pk"):
        for picture in sorted(lesson_pictures.used(campaign)):
            if stored := lesson_pictures.stored_path(picture):
                yield NamedFile(stored, f"lessons of {campaign.slug}")


def copies_of(images: models.QuerySet[Image]) -> Iterator[NamedFile]:
    """Yield the smaller copies of images' display images."""
    rows = images.order_by("pk").values_list("pk", "display", "display_widths")
    for pk, display, widths in rows.iterator():
        for width in widths if display else ():
            yield NamedFile(copy_name(display, width), f"image {pk}, copy", width)


def overwritten(files: Iterable[NamedFile]) -> Iterator[Checked]:
    """Yield files of earlier versions that several rows name, so that only the last content
    remains.
    """
    last: dict[str, NamedFile] = {}
    for file in files:
        before = last.get(file.name)
        last[file.name] = file
        if before is not None and _checksum_of(file.name) is None and not file.copy_width:
            yield Checked(before, OVERWRITTEN, f"{file.row} has the same file.")


def check(file: NamedFile) -> Checked:
    """Read one file and compare it with its checksum or its row."""
    try:
        content = Path(default_storage.path(file.name)).read_bytes()
    except FileNotFoundError:
        return Checked(file, MISSING, "There is no such file.")
    if file.copy_width:
        return _checked_copy(file, content)
    expected = _checksum_of(file.name)
    if expected is None:
        return (
            _checked_original(file, content) if file.original_of else Checked(file, has_sum=False)
        )
    if not hashlib.sha256(content).hexdigest().startswith(expected):
        return Checked(file, CHANGED, "Its content does not match its checksum.")
    return Checked(file)


def _checked_copy(file: NamedFile, content: bytes) -> Checked:
    width = width_of(content)
    if width is None:
        return Checked(file, CHANGED, "It is not a complete picture.")
    if width != file.copy_width:
        return Checked(file, CHANGED, f"It is {width} pixels wide, not {file.copy_width}.")
    return Checked(file)


def _checked_original(file: NamedFile, content: bytes) -> Checked:
    """Check an original of an earlier version by its row's data about the imported frame."""
    image = Image.objects.select_related("quality").get(pk=file.original_of)
    if hashlib.sha256(content).hexdigest() == image.source_sha256:
        return Checked(file)
    try:
        frame = decode_frame(content, file.name, ("JPEG",), takes_color=True).linear
    except Refused as refused:
        return Checked(file, CHANGED, str(refused))
    if frame.shape[:2] != (image.height, image.width):
        return Checked(file, CHANGED, "It does not have the size of its image.")
    quality = getattr(image, "quality", None)
    if quality is None:
        return Checked(file, has_sum=False)
    # A frame that was encoded again for the original differs in the last bits.
    differing = (fingerprint_of(frame) ^ int(quality.fingerprint, 16)).bit_count()
    if differing > MOST_BITS:
        return Checked(file, CHANGED, "It shows another picture than the one that was imported.")
    return Checked(file)


def _checksum_of(name: str) -> str | None:
    """Return the checksum in a file's name, or its first digits; None if it has none."""
    if digest := checksum_in_name(name):
        return digest
    short = _SHORT_SUM.search(name)
    return short[1] if short else None


def orphans(named: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield files that no row names, with their `os.stat_result`, except pictures of lessons."""
    root = Path(default_storage.path(""))
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in named and "/lessons/" not in name:
            yield name, path.stat()


def is_unfinished(name: str) -> bool:
    """Return whether a process is still writing this file, or was killed while writing it."""
    return name.startswith(f"{UNFINISHED}/")
