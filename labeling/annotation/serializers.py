"""Serializers of the labeling API."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from ai4mars_site.toolkit.serializer_fields import AsSent, ShortList
from labeling.images import lesson_pictures
from labeling.models import Draft, Image, TerrainClass
from terrain.camera import LEVEL_UP

#: Most images that a page may load ahead; each counts toward its image's target for a while.
MAX_AHEAD = 2


class NextRequest(serializers.Serializer[Any]):
    """The drawing page's request for images.

    `pending` are the images whose labels are not sent yet; `ahead` is the number of further images
    to preload.
    """

    pending = ShortList(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        max_length=1000,
        required=False,
        default=list,
    )
    ahead = serializers.IntegerField(min_value=0, max_value=MAX_AHEAD, required=False, default=0)
    #: Offers of images that the page still has from before its visitor became a guest.
    offers = ShortList(
        child=serializers.CharField(max_length=400),
        max_length=1 + MAX_AHEAD,
        required=False,
        default=list,
    )


class DrawingSerializer(serializers.Serializer[Any]):
    """An unfinished drawing as a page saves it. The service validates its shapes."""

    base = serializers.IntegerField(min_value=0, max_value=2**30)
    writer = serializers.CharField(max_length=40)
    stroke = serializers.IntegerField(min_value=0, max_value=2**30)
    format = serializers.IntegerField(min_value=1, max_value=1000)
    polygons = AsSent()
    steps = AsSent()
    tool = serializers.ChoiceField(choices=Draft.Tool.choices, default=Draft.Tool.DRAW)
    sketch_class = serializers.IntegerField(
        min_value=0, max_value=254, required=False, allow_null=True, default=None
    )
    paint_over = serializers.BooleanField(default=False)
    started_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    corrects = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class DraftSerializer(serializers.ModelSerializer[Draft]):
    """A stored draft, for its labeler."""

    class Meta:
        model = Draft
        fields = (
            "image",
            "version",
            "writer",
            "stroke",
            "format",
            "polygons",
            "steps",
            "tool",
            "sketch_class",
            "paint_over",
            "started_at",
            "saved_at",
        )


class Since(serializers.Serializer[Any]):
    """The time from which practice attempts count, as a query parameter of the drawing page."""

    since = serializers.DateTimeField(required=False, default=None)


class LabelSubmission(serializers.Serializer[Any]):
    """A finished drawing. `terrain.geometry.regions` validates its polygons."""

    id = serializers.UUIDField()
    image = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
    polygons = AsSent()
    started_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ImageSerializer(serializers.ModelSerializer[Image]):
    """An image with all that the drawing page needs."""

    display_url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    display_copies = serializers.SerializerMethodField()
    range_map_url = serializers.SerializerMethodField()
    range_mask_url = serializers.SerializerMethodField()
    rover_mask_url = serializers.SerializerMethodField()
    camera_model = serializers.SerializerMethodField()
    up = serializers.SerializerMethodField()

    class Meta:
        model = Image
        fields = (
            "id",
            "product_id",
            "width",
            "height",
            "rover",
            "sol",
            "range_source",
            "range_map_source",
            "display_url",
            "thumbnail_url",
            "display_copies",
            "range_map_url",
            "range_mask_url",
            "rover_mask_url",
            "camera_model",
            "up",
            "scale_bar",
        )

    def get_camera_model(self, image: Image) -> dict[str, Any] | None:
        """Return the camera model, or the one that its distances were estimated with."""
        model: dict[str, Any] | None = image.camera_model or image.details.get("estimated_camera")
        return model

    def get_up(self, image: Image) -> list[float]:
        """Return the unit vector away from the planet, in the camera model's frame.

        Default: -z, for a level rover.
        """
        up: list[float] = image.details.get("up") or list(LEVEL_UP)
        return up

    def get_display_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "display"))

    def get_thumbnail_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "thumbnail"))

    def get_display_copies(self, image: Image) -> list[dict[str, object]]:
        """Return smaller copies of the display image, smallest first, as for an `<img srcset>`."""
        return [
            {"width": width, "url": reverse("images:image_copy", args=(image.pk, width))}
            for width in image.display_widths
        ]

    def get_range_map_url(self, image: Image) -> str | None:
        return (
            reverse("images:image_file", args=(image.pk, "range-map")) if image.range_map else None
        )

    def get_range_mask_url(self, image: Image) -> str | None:
        return (
            reverse("images:image_file", args=(image.pk, "range-mask"))
            if image.range_mask
            else None
        )

    def get_rover_mask_url(self, image: Image) -> str | None:
        return (
            reverse("images:image_file", args=(image.pk, "rover-mask"))
            if image.rover_mask
            else None
        )


class TerrainClassSerializer(serializers.ModelSerializer[TerrainClass]):
    """A class as pages show it, with texts in the reader's language."""

    name = serializers.SerializerMethodField()
    guidance = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()

    def get_name(self, terrain: TerrainClass) -> str:
        return terrain.translated("name")

    def get_guidance(self, terrain: TerrainClass) -> str:
        return terrain.translated("guidance")

    def get_picture(self, terrain: TerrainClass) -> str:
        """Return the address of the class's picture; "" if it has none."""
        shown = lesson_pictures.LessonPictures(terrain.campaign).get(terrain.picture)
        return shown.url if shown else ""

    class Meta:
        model = TerrainClass
        fields = (
            "code",
            "name",
            "color",
            "pattern",
            "guidance",
            "picture",
            "min_width_m",
            "min_height_m",
        )
