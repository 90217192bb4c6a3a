"""Skill of labelers and expected quality of their labels."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ai4mars_site.toolkit.jobs import ClaimableJob
from labeling.models import Campaign, Label, Labeler

#: Grows when the model or its parameters change: estimates of another method are stale.
SKILL_METHOD = 1


class CampaignSkill(ClaimableJob):
    """The estimate of skill of a campaign's labelers, and the labels it was made from.

    A row without an estimate is for the first one, which is being made. The status describes the
    last estimate; the claim alone says whether a process makes a new one.
    """

    class Status(models.TextChoices):
        NEW = "new", "Not estimated yet"
        ESTIMATED = "estimated", "Estimated"
        NO_OVERLAP = "no-overlap", "No two labels overlap: there is nothing to compare"

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="skill"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    method = models.PositiveSmallIntegerField(default=0, help_text="Version of the fitted model.")
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text="Parameters of the model, and pixels per observation by class code.",
    )
    label_set = models.CharField(
        max_length=64, blank=True, help_text="Hash of the images and the versions of their labels."
    )
    images = models.PositiveIntegerField(
        default=0, help_text="Number of images on which two labels overlap."
    )
    labels = models.PositiveIntegerField(default=0, help_text="Number of labels on these images.")
    codes = models.JSONField(default=list, blank=True, help_text="The classes, ascending.")
    prior = models.JSONField(default=list, blank=True, help_text="The share of each class.")
    crowd = models.JSONField(
        default=list, blank=True, help_text="The confusion matrix of a labeler without an estimate."
    )
    estimated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "skill of campaigns"
        constraints = (
            models.CheckConstraint(
                condition=Q(status="new", estimated_at=None)
                | Q(status__in=("estimated", "no-overlap"), estimated_at__isnull=False)
                & ~Q(label_set="")
                & Q(method__gte=1),
                name="campaign_skill_says_from_what",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True) | Q(heartbeat_at__isnull=False),
                name="campaign_skill_claim_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"Skill in {self.campaign}"


class LabelerSkill(models.Model):
    """The skill of one labeler in one campaign (Dawid & Skene 1979).

    ``skill`` is the balanced accuracy: the mean, over the classes that occur, of the probability
    to draw a pixel of the class correctly. ``low`` and ``high`` are its 95 % interval.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="labeler_skills")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="skills")
    skill = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    confusion = models.JSONField(
        help_text='{true code: {drawn code: [probability, low, high]}}, as in {"0": {"2": [...]}}.'
    )
    observations = models.FloatField(
        help_text="Number of independent observations of the estimate."
    )
    labels = models.PositiveIntegerField(
        help_text="Number of labels that overlap with another one."
    )

    class Meta:
        ordering = ("campaign", "skill", "labeler")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "labeler"), name="labeler_skill_once"),
            models.CheckConstraint(
                condition=Q(low__gte=0)
                & Q(low__lte=F("skill"))
                & Q(skill__lte=F("high"))
                & Q(high__lte=1),
                name="labeler_skill_in_its_interval",
            ),
            models.CheckConstraint(
                condition=Q(observations__gte=0), name="labeler_skill_observations"
            ),
        )

    def __str__(self) -> str:
        return f"{self.skill:.2f} ({self.labeler})"


class LabelQuality(models.Model):
    """The expected quality of a label, 0..1, given the skill of all labelers.

    It is the expected agreement with the truth as estimated from the others' votes, times the skill
    of the labeler. It applies to ``label_version``. A label that overlaps with no other label has
    no row.
    """

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="quality"
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="label_qualities")
    quality = models.FloatField()
    label_version = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "label qualities"
        constraints = (
            models.CheckConstraint(
                condition=Q(quality__gte=0) & Q(quality__lte=1), name="label_quality_range"
            ),
            models.CheckConstraint(
                condition=Q(label_version__gte=1), name="label_quality_of_a_version"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quality:.3f}"
