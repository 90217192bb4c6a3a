"""Pictures of the tutorial and the field guide: shipped ones, and a campaign's own.

The name of a picture is a path under `static/img/`, `illustrations/<key>` for an illustration made
of an image, or `lessons/<campaign's key>/<checksum>.webp` for an uploaded one. An uploaded picture
is named by its content, so it never changes and is stored once. Earlier versions used
`own/<slug>/<checksum>.webp`, with the slug of that time.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ai4mars_site.toolkit.errors import Invalid
from labeling.images.files import folder_of, put
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_frame
from labeling.images.preparation.pictures import webp_bytes
from labeling.models import Campaign, Illustration

MAX_UPLOAD_BYTES = 10 * 1024**2
MAX_OWN_PICTURES = 300
FORMATS = ("JPEG", "PNG", "WEBP")

_OWN = re.compile(r"lessons/(?P<pk>\d+)/(?P<name>[0-9a-f]{64}\.webp)")
_ILLUSTRATION = re.compile(r"illustrations/(?P<pk>[1-9]\d{0,9})")
_EARLIER = re.compile(r"own/(?P<slug>[-\w]+)/(?P<name>[0-9a-f]{16}\.webp)")


class PictureRefused(Invalid):
    """The picture cannot be stored."""

    code = "picture_refused"


@dataclass(frozen=True, slots=True)
class LessonPicture:
    """A picture as a page shows it, in the reader's language.

    `alt` is "" where the text beside the picture says it all. `captions` are those of the numbered
    marks, in order.
    """

    url: str
    alt: str = ""
    captions: tuple[str, ...] = ()
    width: int = 640
    height: int = 420


class LessonPictures:
    """The pictures of a campaign's lessons, by name; the illustrations are read once."""

    def __init__(self, campaign: Campaign, *, with_hidden: bool = False) -> None:
        """With `with_hidden`, illustrations that volunteers must not see are shown, too."""
        self.campaign, self.with_hidden = campaign, with_hidden

    @cached_property
    def illustrations(self) -> dict[str, Illustration]:
        """The illustrations that the reader may see, by name."""
        found = Illustration.objects.filter(campaign=self.campaign)
        if not self.with_hidden:
            found = found.shown()
        return {illustration_name(each.pk): each for each in found}

    def get(self, name: str) -> LessonPicture | None:
        """Return a picture; None for no name, and for an illustration that must not be seen."""
        if not _ILLUSTRATION.fullmatch(name):
            return LessonPicture(url_of(name)) if name else None
        illustration = self.illustrations.get(name)
        return illustration_picture(illustration) if illustration else None


def illustration_name(pk: int) -> str:
    return f"illustrations/{pk}"


def illustration_of(name: str) -> int | None:
    """Return the key of the illustration of this name; None for another picture."""
    found = _ILLUSTRATION.fullmatch(name)
    return int(found["pk"]) if found else None


def illustration_picture(illustration: Illustration) -> LessonPicture:
    """Return an illustration as a page shows it. Its address changes with its content."""
    version = PurePosixPath(str(illustration.picture.name)).stem[:16]
    language = (get_language() or "").partition("-")[0]
    captions = [mark.get("captions") for mark in illustration.marks]
    return LessonPicture(
        url=reverse("training:illustration_file", args=(illustration.pk, version)),
        alt=illustration.translated("alt"),
        captions=tuple(
            each.get(language) or each.get(settings.LANGUAGE_CODE, "") for each in captions if each
        ),
        width=illustration.width,
        height=illustration.height,
    )


def url_of(picture: str) -> str:
    """Return the address of a picture that is a file of its own; "" for none."""
    if own := _OWN.fullmatch(picture):
        return reverse("training:lesson_picture", kwargs=own.groupdict())
    if earlier := _EARLIER.fullmatch(picture):
        return reverse("training:earlier_lesson_picture", kwargs=earlier.groupdict())
    return static(picture) if picture else ""


def own(campaign: Campaign) -> list[str]:
    """Return the pictures that were uploaded for a campaign, used or not."""
    kept = [f"lessons/{campaign.pk}/{name}" for name in _own_names(campaign.pk)]
    return [*kept, *sorted(_earlier(campaign))]


def add(campaign: Campaign, upload: File[bytes]) -> str:
    """Store an uploaded picture as one of the campaign's own; return its name.

    It is decoded and encoded again, so that only pixels are stored, scaled to the size of lessons.
    Raises PictureRefused for a file other than JPEG, PNG or WebP, for a file that is too large, and
    if the campaign has too many pictures.
    """
    if upload.size > MAX_UPLOAD_BYTES:
        raise PictureRefused(_("The image is larger than 10 MB. Make it smaller first."))
    try:
        frame = decode_frame(upload.read(), upload.name or "", FORMATS)
    except Refused as refused:
        raise PictureRefused(
            _("This file cannot be read as an image. Choose a JPEG, PNG or WebP file.")
        ) from refused
    content = webp_bytes(frame.linear)
    name = f"{hashlib.sha256(content).hexdigest()}.webp"
    present = _own_names(campaign.pk)
    if name not in present:
        if len(present) >= MAX_OWN_PICTURES:
            raise PictureRefused(
                _("This campaign cannot have more uploaded pictures. Choose an existing one.")
            )
        put(_path(campaign.pk, name), content)
    return f"lessons/{campaign.pk}/{name}"


def open_picture(campaign_id: int, name: str) -> File[bytes] | None:
    """Return the file of an uploaded picture; None if none has that name."""
    path = _path(campaign_id, name)
    if not _OWN.fullmatch(f"lessons/{campaign_id}/{name}") or not default_storage.exists(path):
        return None
    return default_storage.open(path)


def open_earlier_picture(slug: str, name: str) -> File[bytes] | None:
    """Return the file of a picture from the time when pictures were stored by slug."""
    path = _earlier_path(f"own/{slug}/{name}")
    return default_storage.open(path) if path and default_storage.exists(path) else None


def stored_path(picture: str) -> str | None:
    """Return the path of a picture's file in storage; None for a shipped picture or ""."""
    if own := _OWN.fullmatch(picture):
        return _path(int(own["pk"]), own["name"])
    return _earlier_path(picture)


def _earlier_path(picture: str) -> str | None:
    earlier = _EARLIER.fullmatch(picture)
    return earlier and f"campaigns/{earlier['slug']}/lessons/{earlier['name']}"


def used(campaign: Campaign) -> set[str]:
    """Return the pictures in a campaign's tutorial, classes and field guide."""
    guide = campaign.guide_entries
    return {
        *campaign.tutorial_steps.values_list("picture", flat=True),
        *campaign.terrain_classes.values_list("picture", flat=True),
        *guide.values_list("picture", flat=True),
        *guide.values_list("other_picture", flat=True),
    } - {""}


def _earlier(campaign: Campaign) -> set[str]:
    return {picture for picture in used(campaign) if _EARLIER.fullmatch(picture)}


def _path(campaign_id: int, name: str) -> str:
    return f"{folder_of(campaign_id)}/lessons/{name}"


def _own_names(campaign_id: int) -> list[str]:
    try:
        _folders, names = default_storage.listdir(f"{folder_of(campaign_id)}/lessons")
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _OWN.fullmatch(f"lessons/{campaign_id}/{name}"))
