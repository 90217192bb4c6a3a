"""Pictures for lessons that a manager makes of a campaign's images."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.campaigns import Campaign
from labeling.models.images import Image
from labeling.models.translations import Translated


class IllustrationQuerySet(models.QuerySet["Illustration"]):
    def shown(self) -> Self:
        """Return the illustrations that volunteers may see.

        Experts label gold images independently, so outlines on a gold image stay hidden, unless
        the campaign allows practice on gold images.
        """
        return self.filter(
            Q(image=None) | ~Q(image__pool=Image.Pool.GOLD) | Q(campaign__allow_gold_practice=True)
        )


class Illustration(Translated):
    """A part of an image with marks on it, stored as data and rendered as a picture.

    It stays when its image is retired or removed; without the image it can no longer be changed.
    """

    translated_fields = ("alt",)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="illustrations")
    image = models.ForeignKey(
        Image, on_delete=models.SET_NULL, null=True, related_name="illustrations"
    )
    product_id = models.CharField(max_length=200, help_text="Of the image, also once it is gone.")
    crop = models.JSONField(help_text="Left, top, width, height in image pixels.")
    marks = models.JSONField(
        default=list, help_text="Outlines, arrows and scales; points in image pixels."
    )
    alt = models.CharField(max_length=300, help_text="What the picture shows, in words.")
    picture = models.FileField(upload_to="illustrations/", max_length=255)
    width = models.PositiveSmallIntegerField(help_text="Of the picture, pixels.")
    height = models.PositiveSmallIntegerField(help_text="Of the picture, pixels.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = IllustrationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(condition=~Q(picture=""), name="illustration_has_picture"),
            models.CheckConstraint(
                condition=Q(width__gte=1) & Q(height__gte=1), name="illustration_has_size"
            ),
        )

    def __str__(self) -> str:
        return self.alt
