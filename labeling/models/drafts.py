"""The model of unfinished drawings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.images import Image
from labeling.models.labelers import Labeler


class Draft(models.Model):
    """The unfinished drawing of one labeler on one image; only that labeler sees it.

    It is deleted when its label is sent or its image is skipped. It is not a label: its shapes may
    self-intersect, and nothing is computed from it.
    """

    class Tool(models.TextChoices):
        DRAW = "draw", "Draw"
        CUT = "cut", "Cut out"
        SPLIT = "split", "Split"

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="drafts")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="drafts")
    #: Grows with every change. A save names the version that it was based on.
    version = models.PositiveIntegerField(default=1)
    #: The page that saved last (one opening of it in one tab) and that page's count of saves. A
    #: page may always overwrite its own earlier drawing, also if an answer was lost.
    writer = models.CharField(max_length=40)
    stroke = models.PositiveIntegerField(default=0)
    format = models.PositiveSmallIntegerField(
        help_text="Version of the format of polygons and steps."
    )
    polygons = models.JSONField(default=list, help_text="In the same form as a label's.")
    steps = models.JSONField(
        default=list, help_text="Points of the shape being drawn: [[[x, y], ...]]."
    )
    tool = models.CharField(
        max_length=5, choices=Tool.choices, default=Tool.DRAW, help_text="Tool of that shape."
    )
    sketch_class = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Class code of that shape, if it becomes a region."
    )
    paint_over = models.BooleanField(
        default=False, help_text="Whether that shape replaces the regions under it."
    )
    size = models.PositiveIntegerField(
        default=0, help_text="Size of polygons and steps, bytes; 0: not counted."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("image", "labeler"), name="draft_once_per_image_and_labeler"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="draft_version_positive"),
            models.CheckConstraint(condition=Q(format__gte=1), name="draft_format_positive"),
            models.CheckConstraint(condition=~Q(writer=""), name="draft_has_writer"),
        )
        indexes = (models.Index(fields=("saved_at",), name="draft_by_age"),)

    def __str__(self) -> str:
        return f"{self.image} by {self.labeler}, version {self.version}"
