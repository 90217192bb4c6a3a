"""Views of the files of images."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from labeling.images.files import copy_name
from labeling.models import Image

#: Public name of an image's file -> the model's field.
IMAGE_FILES = {
    "display": "display",
    "thumbnail": "thumbnail",
    "range-map": "range_map",
    "range-mask": "range_mask",
    "rover-mask": "rover_mask",
}


@require_GET
@cache_control(public=True, max_age=3600)
def image_file(request: HttpRequest, pk: int, kind: str) -> FileResponse:
    """Return a prepared file of an image, to everybody: the frames are public."""
    if kind not in IMAGE_FILES:
        raise Http404
    image = get_object_or_404(Image, pk=pk)
    file = getattr(image, IMAGE_FILES[kind])
    if not file:
        raise Http404
    return FileResponse(file.open("rb"))


@require_GET
@cache_control(public=True, max_age=3600)
def image_copy(request: HttpRequest, pk: int, width: int) -> FileResponse:
    """Return a smaller copy of an image's display image, for phones."""
    image = get_object_or_404(Image, pk=pk)
    if width not in image.display_widths:
        raise Http404
    copy = default_storage.open(copy_name(str(image.display.name), width))
    return FileResponse(copy, content_type="image/jpeg")
