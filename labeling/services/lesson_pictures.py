"""Pictures of the tutorial and the field guide: those that are shipped, and a campaign's own.

A picture is named by a text: a path under `static/img/`, or `own/<slug>/<sum>.webp` for one that an
admin has uploaded. An own picture is named by its content, so it never changes and is kept once.
"""

from __future__ import annotations

import hashlib
import re

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from labeling.files import put
from labeling.guide_presets import SHIPPED_PICTURES
from labeling.ingest.products import Refused
from labeling.ingest.rasters import decode_frame
from labeling.models import Campaign
from labeling.pictures import webp_bytes

MAX_UPLOAD_BYTES = 10 * 1024**2
MAX_OWN_PICTURES = 300
FORMATS = ("JPEG", "PNG", "WEBP")

_OWN = re.compile(r"own/(?P<slug>[-\w]+)/(?P<name>[0-9a-f]{16}\.webp)")


class PictureRefused(Exception):
    """A picture that cannot be taken; the sentence says why and what to do."""


def url_of(picture: str) -> str:
    """Where a browser finds a picture; "" for none."""
    if own := _OWN.fullmatch(picture):
        return reverse("lesson_picture", kwargs=own.groupdict())
    return static(picture) if picture else ""


def choices(campaign: Campaign) -> list[str]:
    """The pictures an admin can choose from: the campaign's own, then the shipped ones."""
    return [f"own/{campaign.slug}/{name}" for name in _own_names(campaign.slug)] + list(
        SHIPPED_PICTURES
    )


def add(campaign: Campaign, upload: File[bytes]) -> str:
    """Keep an uploaded picture as one of the campaign's own; returns its name.

    It is decoded and encoded anew: what is kept is pixels and nothing else that was in the file,
    no wider or higher than a lesson shows it. Raises PictureRefused for what is no JPEG, PNG or
    WebP, too large, or one too many.
    """
    if upload.size > MAX_UPLOAD_BYTES:
        raise PictureRefused(_("The picture is larger than 10 MB. Make it smaller first."))
    try:
        frame = decode_frame(upload.read(), upload.name or "", FORMATS)
    except Refused as refused:
        raise PictureRefused(
            _("This is no picture we can read. Choose a JPEG, PNG or WebP file.")
        ) from refused
    content = webp_bytes(frame.linear)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.webp"
    present = _own_names(campaign.slug)
    if name not in present:
        if len(present) >= MAX_OWN_PICTURES:
            raise PictureRefused(_("There are too many pictures already. Choose one of them."))
        put(_path(campaign.slug, name), content)
    return f"own/{campaign.slug}/{name}"


def opened(slug: str, name: str) -> File[bytes] | None:
    """An own picture's file, or None where there is none of that name."""
    path = _path(slug, name)
    if not _OWN.fullmatch(f"own/{slug}/{name}") or not default_storage.exists(path):
        return None
    return default_storage.open(path)


def _path(slug: str, name: str) -> str:
    return f"campaigns/{slug}/lessons/{name}"


def _own_names(slug: str) -> list[str]:
    try:
        _folders, names = default_storage.listdir(f"campaigns/{slug}/lessons")
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _OWN.fullmatch(f"own/{slug}/{name}"))
