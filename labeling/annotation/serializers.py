"""Shapes of the labeling API's data, and nothing else."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from ai4mars_site.toolkit.serializer_fields import AsSent, ShortList
from labeling.images import lesson_pictures
from labeling.models import Draft, Image, TerrainClass
from terrain.camera import LEVEL_UP

#: Images a page may load ahead: each holds a place of its image for a while.
MAX_AHEAD = 2


class NextRequest(serializers.Serializer[Any]):
    """What the drawing page tells when it asks for an image.

    Whose labels it has yet to send, and how many images it wants to load ahead.
    """

    pending = ShortList(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        max_length=1000,
        required=False,
        default=list,
    )
    ahead = serializers.IntegerField(min_value=0, max_value=MAX_AHEAD, required=False, default=0)
    #: Of images that the page was given before its visitor became a guest, and still has.
    offers = ShortList(
        child=serializers.CharField(max_length=400),
        max_length=1 + MAX_AHEAD,
        required=False,
        default=list,
    )


class DrawingSerializer(serializers.Serializer[Any]):
    """An unfinished drawing as a page saves it. Its shapes are checked by the service."""

    base = serializers.IntegerField(min_value=0, max_value=2**30)
    writer = serializers.CharField(max_length=40)
    stroke = serializers.IntegerField(min_value=0, max_value=2**30)
    format = serializers.IntegerField(min_value=1, max_value=1000)
    polygons = AsSent()
    steps = AsSent()
    started_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    corrects = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class DraftSerializer(serializers.ModelSerializer[Draft]):
    """A kept drawing, for its labeler."""

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
            "started_at",
            "saved_at",
        )


class Since(serializers.Serializer[Any]):
    """From when on what was done counts; the drawing page carries it in an address."""

    since = serializers.DateTimeField(required=False, default=None)


class LabelSubmission(serializers.Serializer[Any]):
    """What the drawing page sends. Polygons are checked by `terrain.geometry.regions`."""

    id = serializers.UUIDField()
    image = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
    polygons = AsSent()
    started_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ImageSerializer(serializers.ModelSerializer[Image]):
    """An image as a page draws it."""

    display_url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    display_copies = serializers.SerializerMethodField()
    range_map_url = serializers.SerializerMethodField()
    range_mask_url = serializers.SerializerMethodField()
    rover_mask_url = serializers.SerializerMethodField()
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

    def get_up(self, image: Image) -> list[float]:
        """Away from the planet, in the camera model's frame; of a rover that stands level, -z."""
        up: list[float] = image.details.get("up") or list(LEVEL_UP)
        return up

    def get_display_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "display"))

    def get_thumbnail_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "thumbnail"))

    def get_display_copies(self, image: Image) -> list[dict[str, object]]:
        """Smaller copies of the display image, smallest first, as for an `<img srcset>`."""
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
    """A class as pages show it: its texts in the reader's language."""

    name = serializers.SerializerMethodField()
    guidance = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()

    def get_name(self, terrain: TerrainClass) -> str:
        return terrain.shown("name")

    def get_guidance(self, terrain: TerrainClass) -> str:
        return terrain.shown("guidance")

    def get_picture(self, terrain: TerrainClass) -> str:
        """The address of the class's picture; "" where it has none."""
        return lesson_pictures.url_of(terrain.picture)

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
