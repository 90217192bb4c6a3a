"""The managers' API of images: listed by their quality, retired and restored."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.serializer_fields import ShortList
from labeling.images.services import quality
from labeling.models import Campaign, Image, ImageQuality, ImageQuerySet
from labeling.people.api_permissions import MayManage

PAGE = 100
MEASURES = (
    "dark_share",
    "saturated_share",
    "contrast",
    "sharpness",
    "rover_share",
    "terrain_share",
)
SORTS = {name: f"quality__{name}" for name in MEASURES} | {
    name: name for name in ("sol", "product_id")
}


class ImageQuery(serializers.Serializer[Any]):
    """Filters and order of images: `min_<measure>` and `max_<measure>` bound a measure."""

    sort = serializers.ChoiceField(
        choices=[*SORTS, *(f"-{name}" for name in SORTS)], default="product_id"
    )
    retired = serializers.BooleanField(default=False)
    duplicates = serializers.BooleanField(default=False)
    rover_mask = serializers.ChoiceField(choices=Image.RoverMaskSource.choices, required=False)
    page = serializers.IntegerField(min_value=1, default=1)

    def get_fields(self) -> dict[str, Any]:
        bounds = {
            f"{side}_{name}": serializers.FloatField(required=False)
            for side in ("min", "max")
            for name in MEASURES
        }
        return {**super().get_fields(), **bounds}


class QualitySerializer(serializers.ModelSerializer[ImageQuality]):
    class Meta:
        model = ImageQuality
        fields = MEASURES


class CuratedImage(serializers.ModelSerializer[Image]):
    """An image as the curation page shows it."""

    thumb_url = serializers.SerializerMethodField()
    display_url = serializers.SerializerMethodField()
    retired = serializers.SerializerMethodField()
    duplicate_of = serializers.StringRelatedField[Any]()
    labels = serializers.IntegerField(source="crowd_label_count")
    quality = serializers.SerializerMethodField()
    rover_mask = serializers.CharField(source="rover_mask_source")

    class Meta:
        model = Image
        fields = (
            "id",
            "product_id",
            "thumb_url",
            "display_url",
            "sol",
            "retired",
            "retired_reason",
            "duplicate_of",
            "labels",
            "quality",
            "rover_mask",
        )

    def get_thumb_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "thumbnail"))

    def get_display_url(self, image: Image) -> str:
        return reverse("images:image_file", args=(image.pk, "display"))

    def get_retired(self, image: Image) -> bool:
        return image.retired_at is not None

    def get_quality(self, image: Image) -> dict[str, float] | None:
        measured = getattr(image, "quality", None)
        return None if measured is None else QualitySerializer(measured).data


class RetireRequest(serializers.Serializer[Any]):
    ids = ShortList(child=serializers.IntegerField(min_value=0), max_length=10_000)
    retire = serializers.BooleanField()
    reason = serializers.CharField(max_length=40, allow_blank=True, default="")


class Images(APIView):
    """GET: return one page of a campaign's images."""

    permission_classes = (MayManage,)

    def get(self, request: Request, slug: str) -> Response:
        campaign = get_object_or_404(Campaign, slug=slug)
        query = ImageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        pages = Paginator(chosen_images(campaign, asked), PAGE)
        page = pages.get_page(asked["page"])
        return Response(
            {
                "count": pages.count,
                "page": page.number,
                "pages": pages.num_pages,
                "images": CuratedImage(list(page.object_list), many=True).data,
            }
        )


def chosen_images(campaign: Campaign, asked: dict[str, Any]) -> ImageQuerySet:
    """Return the images of a campaign that an ImageQuery selects."""
    images = Image.objects.filter(campaign=campaign, retired_at__isnull=not asked["retired"])
    if asked["duplicates"]:
        images = images.exclude(duplicate_of=None)
    if "rover_mask" in asked:
        source = {"rover_mask_source": asked["rover_mask"]}
        images = images.with_rover_mask_source().filter(**source)
    for name in MEASURES:
        if f"min_{name}" in asked:
            images = images.filter(**{f"quality__{name}__gte": asked[f"min_{name}"]})
        if f"max_{name}" in asked:
            images = images.filter(**{f"quality__{name}__lte": asked[f"max_{name}"]})
    column = F(SORTS[asked["sort"].removeprefix("-")])
    # Images without measures come last in either order.
    order = (
        column.desc(nulls_last=True)
        if asked["sort"].startswith("-")
        else column.asc(nulls_last=True)
    )
    images = images.select_related("quality", "duplicate_of").with_rover_mask_source()
    return images.order_by(order, "pk")


class RetireImages(APIView):
    """POST: retire images from a campaign, or restore them."""

    permission_classes = (MayManage,)

    def post(self, request: Request, slug: str) -> Response:
        campaign = get_object_or_404(Campaign, slug=slug)
        wanted = RetireRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        data = wanted.validated_data
        actor = Actor.of_request(request)
        if data["retire"]:
            changed = quality.retire(actor, campaign, data["ids"], data["reason"])
        else:
            changed = quality.restore(actor, campaign, data["ids"])
        return Response({"changed": changed})
