"""Models of reports on images and of site feedback."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.images import Image
from labeling.models.labelers import Labeler


class ImageReportQuerySet(models.QuerySet["ImageReport"]):
    def waiting(self) -> Self:
        """Return reports that no manager has settled yet."""
        return self.filter(settled_at=None)

    def nothing(self) -> Self:
        return self.filter(kind=ImageReport.Kind.NOTHING)


class ImageReport(models.Model):
    """One labeler's report on an image: there is nothing to label on it, or something is wrong with
    it.
    """

    class Kind(models.TextChoices):
        NOTHING = "nothing", _("Nothing to label")
        WRONG = "wrong", _("Something is wrong")

    class Reason(models.TextChoices):
        """What is wrong with the image, in the words of the drawing page."""

        DARK = "dark", _("Too dark")
        BRIGHT = "bright", _("Too bright")
        BROKEN = "broken", _("Broken: lines, holes or smears")
        ROVER = "rover", _("Only the rover")
        OVERLAY = "overlay", _("The white bar or the dark part is wrong")
        OTHER = "other", _("Something else")

    COMMENT_LENGTH = 500

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="reports")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    reason = models.CharField(max_length=7, choices=Reason.choices, blank=True)
    comment = models.CharField(max_length=COMMENT_LENGTH, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    #: When a manager decided to keep or retire the image; earlier reports no longer set it aside.
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ImageReportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("image", "labeler", "kind"), name="image_report_once_per_labeler"
            ),
            models.CheckConstraint(
                condition=Q(kind="nothing", reason="")
                | Q(
                    kind="wrong",
                    reason__in=("dark", "bright", "broken", "rover", "overlay", "other"),
                ),
                name="image_report_wrong_says_what",
            ),
        )
        indexes = (
            # For the managers' page of open reports; most reports are settled.
            models.Index(
                fields=("image",), condition=Q(settled_at=None), name="image_report_waiting"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.image}"


class SiteFeedbackQuerySet(models.QuerySet["SiteFeedback"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)


class SiteFeedback(models.Model):
    """Feedback on the site from the short form (the paper's beta test)."""

    class Mood(models.IntegerChoices):
        """How people liked the site, as one of the form's five faces."""

        AWFUL = 1, _("Not good")
        POOR = 2, _("Hard")
        FAIR = 3, _("It was okay")
        GOOD = 4, _("Good")
        GREAT = 5, _("Great")

    TEXT_LENGTH = 2000
    CONTACT_LENGTH = 200
    PAGE_LENGTH = 200

    labeler = models.ForeignKey(
        Labeler, on_delete=models.SET_NULL, null=True, blank=True, related_name="site_feedback"
    )
    mood = models.PositiveSmallIntegerField(choices=Mood.choices)
    text = models.TextField(blank=True, max_length=TEXT_LENGTH)
    contact = models.CharField(max_length=CONTACT_LENGTH, blank=True)
    page = models.CharField(
        max_length=PAGE_LENGTH, blank=True, help_text="Path of the page where the form was opened."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = SiteFeedbackQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "feedback"
        constraints = (
            models.CheckConstraint(
                condition=Q(mood__gte=1) & Q(mood__lte=5), name="site_feedback_mood_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_mood_display()} ({self.created_at:%Y-%m-%d})"
