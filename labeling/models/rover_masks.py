"""Model of rover masks that managers draw, for images that were delivered without one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models.fields import LargeJSONField
from labeling.models.images import Image


class RoverMask(models.Model):
    """A rover mask drawn on one image, for all images of the same camera and pointing.

    Images with this mask refer to it as `Image.drawn_rover_mask`.
    """

    image = models.OneToOneField(
        Image,
        on_delete=models.CASCADE,
        related_name="rover_mask_template",
        help_text="The image it was drawn on.",
    )
    outlines = LargeJSONField(help_text="[[[x, y], ...], ...]: outlines of the rover, pixels.")
    tolerance_deg = models.FloatField(help_text="Largest difference in pointing, degrees.")
    #: Whether the scale bars of all its images lie off the rover; a sweep moves the others.
    bars_placed = models.BooleanField(default=False)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    drawn_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(tolerance_deg__gte=0), name="rover_mask_tolerance_positive"
            ),
        )

    def __str__(self) -> str:
        return f"Rover mask drawn on {self.image}"
