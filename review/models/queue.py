"""How a campaign is reviewed: its plan, leases of labels, and flags."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Label

#: A reviewer who has a label on the screen holds it for this long; the page asks again meanwhile.
LEASE = timedelta(minutes=5)


class Order(models.TextChoices):
    """The value by which a campaign's labels are ranked for the review queue."""

    AGREEMENT = "agreement", "Agreement with the others (paper 3.2)"
    SKILL = "skill", "Expected quality, by the skill of the labelers"

    @property
    def field(self) -> str:
        """Return the name of the field of `AgreementScore` that has the value."""
        return "score" if self == Order.AGREEMENT else "expected"


class ReviewPlan(models.Model):
    """The review settings of a campaign. A campaign without a row has the defaults."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="review_plan"
    )
    audit_percent = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(100)],
        help_text="The percent of all labels that are sampled at random and rated, whatever their "
        "score. They show whether low scores predict low ratings.",
    )
    second_opinion_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="The percent of the labels that two reviewers rate.",
    )
    order = models.CharField(
        max_length=9,
        choices=Order.choices,
        default=Order.AGREEMENT,
        help_text="The value by which labels are ranked. With skill, a label without an estimated "
        "quality is ranked by its agreement score.",
    )
    hide_record = models.BooleanField(
        default=True,
        help_text="Show scores and the labeler only after the rating, so that they do not bias it.",
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(audit_percent__lte=100) & Q(second_opinion_percent__lte=100),
                name="review_plan_percents",
                violation_error_message=_("A share must be from 0 to 100 percent."),
            ),
            models.CheckConstraint(
                condition=Q(order__in=("agreement", "skill")),
                name="review_plan_order",
                violation_error_message=_("Choose how the review queue is sorted."),
            ),
        )

    def __str__(self) -> str:
        return f"Review of {self.campaign}"


def plan_of(campaign: Campaign) -> ReviewPlan:
    """Return the campaign's review plan, or an unsaved one with the defaults."""
    return ReviewPlan.objects.filter(campaign=campaign).first() or ReviewPlan(campaign=campaign)


class ReviewLeaseQuerySet(models.QuerySet["ReviewLease"]):
    def held(self, now: datetime) -> Self:
        """Return the leases that have not expired."""
        return self.filter(expires_at__gt=now)


class ReviewLease(models.Model):
    """A label on one reviewer's screen; nobody else gets it before the lease ends."""

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="review_lease"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_leases"
    )
    expires_at = models.DateTimeField(db_index=True)

    objects = ReviewLeaseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.label} on {self.reviewer}'s screen"


class LabelFlag(models.Model):
    """A reviewer's flag on a label that others should look at."""

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="flag"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="label_flags"
    )
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Flag on {self.label}"
