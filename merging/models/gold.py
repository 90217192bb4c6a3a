"""The gold set: its plans, the disputes of experts, and their guidelines."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Image, Labeler
from terrain.aggregation.gold_sampling import CLASSES_PER_EXPERT

#: The number of seeds: a seed is an integer from 0 to SEEDS - 1.
SEEDS = 2**32


class GoldPlan(models.Model):
    """Images that are to become gold, and the experts who label them; a draft until it is assigned.

    It stores all parameters of the sample: the same campaign, seed and bounds give the same images.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="gold_plans")
    seed = models.PositiveBigIntegerField(validators=[MaxValueValidator(SEEDS - 1)])
    count = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Requested number of images."
    )
    # Bounds for `ImageQuality`, in percent.
    max_dark = models.PositiveSmallIntegerField(default=50)
    max_saturated = models.PositiveSmallIntegerField(default=5)
    min_sharpness = models.PositiveSmallIntegerField(default=20)
    max_rover = models.PositiveSmallIntegerField(default=30)
    min_terrain = models.PositiveSmallIntegerField(default=20)
    without_duplicates = models.BooleanField(default=True)
    only_fresh = models.BooleanField(
        default=True, help_text="Only images that were never assigned."
    )
    experts = models.ManyToManyField(Labeler, blank=True, related_name="gold_plans")
    classes_per_expert = models.PositiveSmallIntegerField(default=CLASSES_PER_EXPERT)
    #: Increases with every change, so that nobody assigns a plan that they did not see.
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("campaign",),
                condition=Q(assigned_at=None),
                name="gold_plan_one_draft_per_campaign",
            ),
            models.CheckConstraint(
                condition=Q(count__gte=1),
                name="gold_plan_wants_images",
                violation_error_message=_("A gold plan needs at least 1 image."),
            ),
            models.CheckConstraint(
                condition=Q(classes_per_expert__gte=1),
                name="gold_plan_classes_per_expert",
                violation_error_message=_(
                    "The limit of terrain classes per expert must be at least 1."
                ),
            ),
            models.CheckConstraint(
                condition=Q(max_dark__lte=100)
                & Q(max_saturated__lte=100)
                & Q(min_sharpness__lte=100)
                & Q(max_rover__lte=100)
                & Q(min_terrain__lte=100),
                name="gold_plan_percents",
                violation_error_message=_("A condition must be from 0 to 100 percent."),
            ),
        )

    def __str__(self) -> str:
        return f"Gold plan {self.pk} of {self.campaign}"


class PlannedImage(models.Model):
    """One image of a plan. A removed image keeps its row, so that it is not sampled again."""

    plan = models.ForeignKey(GoldPlan, on_delete=models.CASCADE, related_name="planned")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    is_out = models.BooleanField(default=False)

    class Meta:
        ordering = ("plan", "pk")
        constraints = (
            models.UniqueConstraint(fields=("plan", "image"), name="planned_image_once"),
        )

    def __str__(self) -> str:
        return f"{self.image} in {self.plan}"


class ExpertAgreement(models.Model):
    """The agreement of the experts' labels of a gold image, for one version of its labels."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="expert_agreement"
    )
    labels_version = models.PositiveIntegerField()
    labels = models.PositiveSmallIntegerField(help_text="Number of labels that were compared.")
    agreement = models.FloatField(
        null=True, blank=True, help_text="Mean pairwise mIoU (paper, Eqs. 1-4)."
    )
    labeled_pixels = models.PositiveIntegerField(help_text="Pixels that any expert labeled.")
    disputed_pixels = models.PositiveIntegerField(
        help_text="Pixels that experts labeled with different classes."
    )
    pairs = models.JSONField(
        default=dict, help_text='Disputed pixels by pair of class codes, {"0 2": pixels}.'
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(agreement=None) | Q(agreement__gte=0, agreement__lte=1),
                name="expert_agreement_range",
            ),
            models.CheckConstraint(
                condition=Q(disputed_pixels__lte=F("labeled_pixels")),
                name="expert_agreement_disputes_are_labeled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.image}: {self.disputed_pixels} pixels in dispute"


class LabelingGuideline(models.Model):
    """A decision of an expert consensus meeting on how to label something that experts disagreed
    about.
    """

    TEXT_LENGTH = 2000

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guidelines")
    image = models.ForeignKey(
        Image, on_delete=models.SET_NULL, null=True, blank=True, related_name="guidelines"
    )
    text = models.TextField(max_length=TEXT_LENGTH)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "labeling guidelines"
        constraints = (
            models.CheckConstraint(
                condition=~Q(text=""),
                name="labeling_guideline_has_text",
                violation_error_message=_("Write down what you decided."),
            ),
        )

    def __str__(self) -> str:
        return self.text[:60]
