"""Ratings: what reviewers say about labels."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Label


class RatingQuerySet(models.QuerySet["Rating"]):
    def active(self) -> Self:
        """Return the ratings that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class Rating(models.Model):
    """A reviewer's rating of one label, 1 to 5; 1 throws it out (paper 3.2).

    A withdrawn rating stays in the history and no longer counts.
    """

    THROW_OUT = 1

    class Reason(models.TextChoices):
        WRONG_CLASS = "wrong-class", _("Wrong class")
        SLOPPY_BORDER = "sloppy-border", _("Sloppy border")
        MISSED = "missed", _("Missed regions")
        OVER_LIMIT = "over-limit", _("Beyond the range limit, or on the rover")
        TOO_SMALL = "too-small", _("Smaller than the scale bar")
        SPAM = "spam", _("Spam")
        OTHER = "other", _("Something else")

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="ratings")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ratings"
    )
    value = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list, blank=True, help_text="Values of `Reason`.")
    comment = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("label", "reviewer"),
                condition=Q(withdrawn_at=None),
                name="rating_once_per_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=1) & Q(value__lte=5), name="rating_value_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.value} for {self.label}"
