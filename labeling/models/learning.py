"""Models for learning to draw: the field guide, reference answers, and practice attempts."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labeling.models.campaigns import Campaign, TerrainClass
from labeling.models.fields import sent_checksum
from labeling.models.images import Image
from labeling.models.labelers import Labeler
from labeling.models.translations import Translated


class GuideEntry(Translated):
    """One entry of the field guide: a good example of a class, a bad one, or a look-alike."""

    class Kind(models.TextChoices):
        GOOD = "good", _("Good example")
        BAD = "bad", _("Bad example")
        LOOK_ALIKE = "alike", _("Look-alike")

    translated_fields = ("caption",)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guide_entries")
    terrain_class = models.ForeignKey(
        TerrainClass, on_delete=models.CASCADE, related_name="guide_entries"
    )
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.GOOD)
    other_class = models.ForeignKey(
        TerrainClass,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="For a look-alike: the class it is mistaken for.",
    )
    position = models.PositiveSmallIntegerField()
    picture = models.CharField(max_length=200, blank=True)
    other_picture = models.CharField(
        max_length=200, blank=True, help_text="For a look-alike: the other class's picture."
    )
    caption = models.TextField(help_text="What to look at.")

    class Meta:
        ordering = ("campaign_id", "position")
        verbose_name_plural = "guide entries"
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "position"), name="guide_entry_position_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="alike", other_class__isnull=False)
                | Q(kind__in=("good", "bad"), other_class__isnull=True, other_picture=""),
                name="guide_entry_alike_has_other",
                violation_error_message=_(
                    "Only a look-alike has another class, and it needs one. Choose the class "
                    "that it is mistaken for, or another kind of example."
                ),
            ),
            models.CheckConstraint(
                condition=Q(other_class__isnull=True) | ~Q(other_class=F("terrain_class")),
                name="guide_entry_other_is_another",
                violation_error_message=_("A look-alike needs a second class, other than its own."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.terrain_class.name}: {self.caption}"


class ReferenceAnswerQuerySet(models.QuerySet["ReferenceAnswer"]):
    def usable(self) -> Self:
        """Return answers whose image may be given out for learning.

        These are practice images in use, and gold images if the campaign allows them.
        """
        return self.filter(image__retired_at=None).filter(
            Q(image__pool=Image.Pool.PRACTICE)
            | Q(image__pool=Image.Pool.GOLD, image__campaign__allow_gold_practice=True)
        )


class ReferenceAnswer(models.Model):
    """The reference answer of an image: a mask with which volunteers' drawings are compared."""

    class Source(models.TextChoices):
        MASK = "mask", _("An uploaded mask")
        GOLD = "gold", _("Gold mask of the experts")
        DRAWN = "drawn", _("Drawn by a manager")

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="reference_answer"
    )
    mask = models.FileField(
        upload_to="known/", max_length=255, help_text="Class codes; 255 is not compared."
    )
    source = models.CharField(max_length=5, choices=Source.choices)
    is_lesson = models.BooleanField(
        default=True,
        help_text="Offered as practice before the first real image. If not, given out between "
        "real pictures.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReferenceAnswerQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "image_id")
        constraints = (
            models.CheckConstraint(condition=~Q(mask=""), name="reference_answer_has_mask"),
            models.CheckConstraint(
                condition=Q(source__in=("mask", "gold", "drawn")), name="reference_answer_source"
            ),
        )

    def __str__(self) -> str:
        return f"Reference answer of {self.image}"


class PracticeAttempt(models.Model):
    """What a labeler drew on a reference image, and its agreement with the answer.

    It is not a label: scores, merges and releases use only `Label`.
    """

    #: Made by the client, like a label's id: an attempt sent twice is stored once.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="attempts")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="attempts")
    polygons = models.JSONField(help_text="In the same form as a label's.")
    sent_checksum = sent_checksum()
    iou = models.JSONField(help_text="Intersection over union per class code, 0..1.")
    score = models.FloatField(help_text="Mean of the classes' intersections over unions, 0..1.")
    passed = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=1), name="practice_attempt_score_range"
            ),
        )
        indexes = (models.Index(fields=("labeler", "image"), name="practice_attempt_by_labeler"),)

    def __str__(self) -> str:
        return f"Practice of {self.labeler} on {self.image}"
