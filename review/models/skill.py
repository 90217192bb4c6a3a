"""How well labelers tell the classes apart, and what their labels are worth."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ai4mars_site.toolkit.jobs import ClaimableJob
from labeling.models import Campaign, Label, Labeler

#: Grows when the model or its parameters change: estimates of another method are stale.
SKILL_METHOD = 1


class CampaignSkill(ClaimableJob):
    """What is known of the labelers of a campaign together, from which labels, and how.

    A row without an estimate is one that is being made for the first time. Its status tells of the
    estimate; who makes one now is told by its claim alone.
    """

    class Status(models.TextChoices):
        NEW = "new", "Not estimated yet"
        ESTIMATED = "estimated", "Estimated"
        NO_OVERLAP = "no-overlap", "No two labels overlap: there is nothing to compare"

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="skill"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    method = models.PositiveSmallIntegerField(
        default=0, help_text="Version of the model that was fitted."
    )
    parameters = models.JSONField(
        default=dict, blank=True, help_text="Of the model; pixels per observation by class code."
    )
    label_set = models.CharField(
        max_length=64, blank=True, help_text="Sum over the images and the versions of their labels."
    )
    images = models.PositiveIntegerField(default=0, help_text="On which two labels overlap.")
    labels = models.PositiveIntegerField(default=0, help_text="On these images.")
    codes = models.JSONField(default=list, blank=True, help_text="The classes, ascending.")
    prior = models.JSONField(default=list, blank=True, help_text="The share of each class.")
    crowd = models.JSONField(
        default=list, blank=True, help_text="The confusion matrix of somebody nobody knows yet."
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
    """How well one labeler tells the classes of a campaign apart (Dawid & Skene 1979).

    ``skill`` is the mean over the classes that occur of the chance to draw a pixel of the class
    as what it is; ``low`` and ``high`` enclose 95 % of what it may be.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="labeler_skills")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="skills")
    skill = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    confusion = models.JSONField(
        help_text='{true code: {drawn code: [chance, low, high]}}, as text: {"0": {"2": [...]}}.'
    )
    observations = models.FloatField(help_text="Independent ones that it rests on.")
    labels = models.PositiveIntegerField(help_text="That overlap with another one.")

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
    """How good a label is expected to be, 0..1, by the skill of all labelers.

    How well it is expected to agree with what the others' votes show, times its labeler's skill.
    Of the version of the label that it says; there is no row for a label that no other touches.
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
